//! What made-up products are called, what they are made of, and what they cost.

/// A kind of goods.
pub(super) struct Kind {
    /// The categories, from the top down.
    pub(super) path: [&'static str; 3],
    /// What the things are called.
    pub(super) nouns: &'static [&'static str],
    /// What half of them cost less than, in whole units of the currency.
    pub(super) price: u64,
    /// What half of them weigh less than, in grams.
    pub(super) grams: u64,
    /// What their variants differ in.
    pub(super) axes: &'static [Axis],
    /// What they are made of.
    pub(super) materials: &'static [&'static str],
}

/// Something that variants differ in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Axis {
    Size,
    ShoeSize,
    Colour,
    Capacity,
    Pack,
}

impl Axis {
    /// The name of the option, and of the attribute that filters read.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Size | Self::ShoeSize => "Size",
            Self::Colour => "Colour",
            Self::Capacity => "Capacity",
            Self::Pack => "Pack",
        }
    }

    pub(super) fn values(self) -> &'static [&'static str] {
        match self {
            Self::Size => &["XS", "S", "M", "L", "XL", "XXL"],
            Self::ShoeSize => &["36", "37", "38", "39", "40", "41", "42", "43", "44", "45"],
            Self::Colour => COLOURS,
            Self::Capacity => &["64 GB", "128 GB", "256 GB", "512 GB", "1 TB"],
            Self::Pack => &["Single", "Pack of 3", "Pack of 6", "Pack of 12"],
        }
    }
}

use Axis::{Capacity, Colour, Pack, ShoeSize, Size};

pub(super) const COLOURS: &[&str] = &[
    "Black", "White", "Indigo", "Oxblood", "Sand", "Olive", "Coral", "Navy", "Mustard", "Teal", "Grey",
    "Crème", "Rust", "Lilac", "Forest", "Copper",
];

const CLOTH: &[&str] = &["Cotton", "Linen", "Wool", "Denim", "Silk", "Adire", "Jersey", "Viscose"];
const HIDE: &[&str] = &["Leather", "Suede", "Canvas", "Raffia", "Nubuck"];
const WOOD: &[&str] = &["Oak", "Walnut", "Teak", "Mahogany", "Bamboo", "Rattan", "Pine", "Iroko"];
const WARE: &[&str] = &["Steel", "Enamel", "Stoneware", "Glass", "Copper", "Porcelain", "Cast Iron", "Clay"];
const TECH: &[&str] = &["Aluminium", "Graphite", "Polycarbonate", "Magnesium", "Titanium"];
const CARE: &[&str] = &["Shea", "Coconut", "Aloe", "Argan", "Baobab", "Hibiscus", "Moringa"];
const FOOD: &[&str] = &["Roasted", "Dried", "Wild", "Ground", "Smoked", "Raw"];
const PAPER: &[&str] = &["Cardboard", "Cloth-bound", "Recycled", "Laid", "Kraft"];
const PLAY: &[&str] = &["Wooden", "Felt", "Plush", "Magnetic", "Tin", "Rubber"];
const SPORT: &[&str] = &["Carbon", "Neoprene", "Nylon", "Foam", "Mesh", "Ripstop"];

pub(super) const KINDS: &[Kind] = &[
    kind(
        ["Clothing", "Women", "Dresses"],
        &["Wrap Dress", "Shirt Dress", "Kaftan", "Maxi Dress"],
        24_000,
        380,
        &[Size, Colour],
        CLOTH,
    ),
    kind(
        ["Clothing", "Women", "Tops"],
        &["Blouse", "Tunic", "Camisole", "Cardigan"],
        12_000,
        240,
        &[Size, Colour],
        CLOTH,
    ),
    kind(
        ["Clothing", "Women", "Skirts"],
        &["Pencil Skirt", "Pleated Skirt", "Wrapper"],
        14_000,
        320,
        &[Size, Colour],
        CLOTH,
    ),
    kind(
        ["Clothing", "Men", "Shirts"],
        &["Oxford Shirt", "Polo", "T-Shirt", "Henley"],
        13_000,
        260,
        &[Size, Colour],
        CLOTH,
    ),
    kind(
        ["Clothing", "Men", "Trousers"],
        &["Chinos", "Jeans", "Joggers", "Cargo Trousers"],
        19_000,
        520,
        &[Size, Colour],
        CLOTH,
    ),
    kind(
        ["Clothing", "Men", "Outerwear"],
        &["Parka", "Blazer", "Bomber Jacket", "Raincoat"],
        45_000,
        900,
        &[Size, Colour],
        CLOTH,
    ),
    kind(
        ["Clothing", "Children", "Babywear"],
        &["Romper", "Bodysuit", "Bib", "Sleepsuit"],
        6_000,
        150,
        &[Size, Colour],
        CLOTH,
    ),
    kind(
        ["Clothing", "Children", "School"],
        &["Pinafore", "School Shirt", "Blazer for School"],
        9_000,
        300,
        &[Size],
        CLOTH,
    ),
    kind(
        ["Shoes", "Everyday", "Trainers"],
        &["Runner", "Court Shoe", "Slip-on"],
        38_000,
        780,
        &[ShoeSize, Colour],
        HIDE,
    ),
    kind(
        ["Shoes", "Everyday", "Sandals"],
        &["Slide", "Espadrille", "Fisherman Sandal"],
        17_000,
        420,
        &[ShoeSize, Colour],
        HIDE,
    ),
    kind(
        ["Shoes", "Formal", "Leather Shoes"],
        &["Derby", "Brogue", "Loafer", "Monk Strap"],
        62_000,
        1_100,
        &[ShoeSize, Colour],
        HIDE,
    ),
    kind(
        ["Shoes", "Outdoor", "Boots"],
        &["Hiking Boot", "Chelsea Boot", "Work Boot"],
        71_000,
        1_500,
        &[ShoeSize],
        HIDE,
    ),
    kind(["Bags", "Carry", "Backpacks"], &["Backpack", "Rucksack", "Daypack"], 32_000, 900, &[Colour], HIDE),
    kind(
        ["Bags", "Carry", "Handbags"],
        &["Tote", "Clutch", "Satchel", "Crossbody Bag"],
        41_000,
        650,
        &[Colour],
        HIDE,
    ),
    kind(
        ["Bags", "Travel", "Luggage"],
        &["Suitcase", "Weekender", "Garment Bag"],
        88_000,
        3_200,
        &[Colour],
        TECH,
    ),
    kind(["Jewellery", "Fine", "Necklaces"], &["Pendant", "Choker", "Locket"], 52_000, 40, &[Colour], WARE),
    kind(["Jewellery", "Fine", "Rings"], &["Signet Ring", "Band", "Stacking Ring"], 47_000, 12, &[], WARE),
    kind(
        ["Jewellery", "Watches", "Wristwatches"],
        &["Field Watch", "Diver", "Chronograph"],
        140_000,
        110,
        &[Colour],
        TECH,
    ),
    kind(
        ["Home", "Kitchen", "Cookware"],
        &["Saucepan", "Skillet", "Stockpot", "Casserole"],
        27_000,
        1_800,
        &[],
        WARE,
    ),
    kind(
        ["Home", "Kitchen", "Tableware"],
        &["Mug", "Bowl", "Dinner Plate", "Teapot", "Jug"],
        7_500,
        450,
        &[Colour, Pack],
        WARE,
    ),
    kind(["Home", "Kitchen", "Knives"], &["Paring Knife", "Cleaver", "Bread Knife"], 16_000, 210, &[], WARE),
    kind(
        ["Home", "Kitchen", "Appliances"],
        &["Kettle", "Blender", "Toaster", "Rice Cooker"],
        39_000,
        2_100,
        &[Colour],
        TECH,
    ),
    kind(
        ["Home", "Living Room", "Lighting"],
        &["Floor Lamp", "Pendant Lamp", "Lantern", "Desk Lamp"],
        34_000,
        2_400,
        &[Colour],
        WARE,
    ),
    kind(
        ["Home", "Living Room", "Rugs"],
        &["Kilim", "Runner Rug", "Round Rug"],
        76_000,
        4_000,
        &[Size, Colour],
        CLOTH,
    ),
    kind(["Home", "Living Room", "Cushions"], &["Cushion", "Throw", "Pouffe"], 11_000, 700, &[Colour], CLOTH),
    kind(
        ["Home", "Bedroom", "Bedding"],
        &["Duvet Cover", "Pillowcase", "Quilt", "Fitted Sheet"],
        22_000,
        1_300,
        &[Size, Colour],
        CLOTH,
    ),
    kind(
        ["Home", "Bathroom", "Towels"],
        &["Bath Towel", "Hand Towel", "Bath Mat"],
        8_000,
        500,
        &[Colour, Pack],
        CLOTH,
    ),
    kind(
        ["Furniture", "Seating", "Chairs"],
        &["Armchair", "Stool", "Dining Chair", "Rocking Chair"],
        120_000,
        9_000,
        &[Colour],
        WOOD,
    ),
    kind(
        ["Furniture", "Seating", "Sofas"],
        &["Loveseat", "Corner Sofa", "Daybed"],
        480_000,
        48_000,
        &[Colour],
        WOOD,
    ),
    kind(
        ["Furniture", "Tables", "Dining Tables"],
        &["Trestle Table", "Round Table", "Extending Table"],
        310_000,
        38_000,
        &[],
        WOOD,
    ),
    kind(
        ["Furniture", "Storage", "Shelving"],
        &["Bookcase", "Wall Shelf", "Sideboard", "Wardrobe"],
        165_000,
        26_000,
        &[Colour],
        WOOD,
    ),
    kind(
        ["Electronics", "Phones", "Smartphones"],
        &["Smartphone", "Folding Phone"],
        420_000,
        190,
        &[Capacity, Colour],
        TECH,
    ),
    kind(
        ["Electronics", "Phones", "Phone Accessories"],
        &["Phone Case", "Charger", "Power Bank", "Cable"],
        9_000,
        120,
        &[Colour],
        TECH,
    ),
    kind(
        ["Electronics", "Computers", "Laptops"],
        &["Laptop", "Notebook Computer", "Chromebook"],
        780_000,
        1_500,
        &[Capacity, Colour],
        TECH,
    ),
    kind(
        ["Electronics", "Computers", "Peripherals"],
        &["Keyboard", "Mouse", "Webcam", "Monitor Stand"],
        31_000,
        600,
        &[Colour],
        TECH,
    ),
    kind(
        ["Electronics", "Audio", "Headphones"],
        &["Headphones", "Earbuds", "Headset"],
        58_000,
        260,
        &[Colour],
        TECH,
    ),
    kind(
        ["Electronics", "Audio", "Speakers"],
        &["Speaker", "Soundbar", "Turntable"],
        94_000,
        2_700,
        &[Colour],
        TECH,
    ),
    kind(
        ["Electronics", "Photo", "Cameras"],
        &["Camera", "Action Camera", "Tripod"],
        350_000,
        700,
        &[],
        TECH,
    ),
    kind(
        ["Beauty", "Skin", "Moisturisers"],
        &["Body Butter", "Face Cream", "Lotion"],
        6_500,
        250,
        &[Pack],
        CARE,
    ),
    kind(["Beauty", "Skin", "Soap"], &["Bar Soap", "Black Soap", "Body Wash"], 2_500, 180, &[Pack], CARE),
    kind(
        ["Beauty", "Hair", "Hair Care"],
        &["Shampoo", "Conditioner", "Hair Oil", "Pomade"],
        5_500,
        320,
        &[Pack],
        CARE,
    ),
    kind(["Beauty", "Scent", "Perfume"], &["Eau de Parfum", "Cologne", "Body Mist"], 43_000, 200, &[], CARE),
    kind(
        ["Groceries", "Pantry", "Spices"],
        &["Pepper", "Curry Powder", "Ginger", "Paprika"],
        1_800,
        120,
        &[Pack],
        FOOD,
    ),
    kind(
        ["Groceries", "Pantry", "Snacks"],
        &["Plantain Chips", "Cashews", "Chin Chin", "Popcorn"],
        1_400,
        150,
        &[Pack],
        FOOD,
    ),
    kind(
        ["Groceries", "Drinks", "Coffee"],
        &["Coffee Beans", "Espresso Blend", "Instant Coffee"],
        6_800,
        500,
        &[Pack],
        FOOD,
    ),
    kind(
        ["Groceries", "Drinks", "Tea"],
        &["Black Tea", "Green Tea", "Zobo", "Rooibos"],
        3_900,
        200,
        &[Pack],
        FOOD,
    ),
    kind(
        ["Toys", "Building", "Blocks"],
        &["Building Blocks", "Marble Run", "Train Set"],
        18_000,
        1_200,
        &[],
        PLAY,
    ),
    kind(["Toys", "Soft", "Plush"], &["Teddy Bear", "Doll", "Hand Puppet"], 9_500, 300, &[Colour], PLAY),
    kind(
        ["Toys", "Games", "Board Games"],
        &["Ludo", "Ayo Board", "Chess Set", "Puzzle"],
        14_500,
        900,
        &[],
        PLAY,
    ),
    kind(
        ["Sport", "Fitness", "Strength"],
        &["Dumbbell", "Kettlebell", "Resistance Band"],
        21_000,
        6_000,
        &[Pack],
        SPORT,
    ),
    kind(["Sport", "Fitness", "Yoga"], &["Yoga Mat", "Yoga Block", "Strap"], 13_500, 1_000, &[Colour], SPORT),
    kind(
        ["Sport", "Outdoor", "Camping"],
        &["Tent", "Sleeping Bag", "Camp Stove", "Hammock"],
        67_000,
        3_000,
        &[Colour],
        SPORT,
    ),
    kind(
        ["Sport", "Ball Games", "Football"],
        &["Football", "Shin Guards", "Goalkeeper Gloves"],
        16_500,
        450,
        &[Size],
        SPORT,
    ),
    kind(
        ["Sport", "Cycling", "Bicycles"],
        &["City Bike", "Mountain Bike", "Bike Helmet"],
        260_000,
        13_000,
        &[Size, Colour],
        SPORT,
    ),
    kind(
        ["Stationery", "Writing", "Pens"],
        &["Fountain Pen", "Ballpoint", "Marker Set"],
        6_000,
        60,
        &[Colour, Pack],
        TECH,
    ),
    kind(
        ["Stationery", "Paper", "Notebooks"],
        &["Journal", "Sketchbook", "Planner"],
        4_800,
        350,
        &[Colour],
        PAPER,
    ),
    kind(
        ["Garden", "Growing", "Pots"],
        &["Planter", "Window Box", "Watering Can"],
        12_500,
        1_900,
        &[Colour],
        WARE,
    ),
    kind(["Garden", "Tools", "Hand Tools"], &["Trowel", "Secateurs", "Rake", "Spade"], 9_800, 800, &[], WARE),
    kind(
        ["Pets", "Dogs", "Dog Accessories"],
        &["Dog Lead", "Dog Bed", "Chew Toy"],
        10_500,
        600,
        &[Size, Colour],
        HIDE,
    ),
    kind(
        ["Pets", "Cats", "Cat Accessories"],
        &["Scratching Post", "Cat Tunnel", "Litter Tray"],
        15_500,
        2_200,
        &[Colour],
        WOOD,
    ),
];

const fn kind(
    path: [&'static str; 3],
    nouns: &'static [&'static str],
    price: u64,
    grams: u64,
    axes: &'static [Axis],
    materials: &'static [&'static str],
) -> Kind {
    Kind { path, nouns, price, grams, axes, materials }
}

pub(super) const ADJECTIVES: &[&str] = &[
    "Classic",
    "Everyday",
    "Woven",
    "Slim",
    "Folding",
    "Light",
    "Heavy",
    "Soft",
    "Quiet",
    "Bright",
    "Compact",
    "Wide",
    "Tall",
    "Low",
    "Rounded",
    "Carved",
    "Striped",
    "Printed",
    "Plain",
    "Textured",
    "Ribbed",
    "Quilted",
    "Brushed",
    "Polished",
    "Hand-tied",
    "Vintage",
    "Modern",
    "Rustic",
    "Coastal",
    "Urban",
    "Festive",
    "Summer",
    "Harmattan",
    "Rainproof",
    "Reversible",
    "Stackable",
    "Portable",
    "Insulated",
    "Padded",
    "Double",
];

/// A brand is one of the first and one of the second.
pub(super) const BRAND_FIRST: &[&str] = &[
    "Ado", "Bel", "Cor", "Dun", "Eko", "Fen", "Gar", "Hal", "Iro", "Jun", "Kol", "Lum", "Mar", "Nok", "Oba",
    "Pel", "Quin", "Ros", "Sav", "Tem", "Udo", "Vel", "Wes", "Yor", "Zan",
];
pub(super) const BRAND_SECOND: &[&str] = &[
    "ara", "bury", "crest", "dale", "emi", "ford", "gate", "haven", "ika", "land", "mere", "nova", "ola",
    "port", "ridge", "stone",
];

pub(super) const TAGS: &[&str] = &[
    "new",
    "gift",
    "handmade",
    "summer",
    "clearance",
    "bestseller",
    "eco",
    "limited",
    "online only",
    "wedding",
    "back to school",
    "festive",
    "local",
    "imported",
];

/// Sentences about a thing: `{}` is what it is.
pub(super) const PRAISE: &[&str] = &[
    "A {} that earns its place from the first day.",
    "This {} is checked by hand before it leaves the workshop.",
    "We made the {} that we could not find anywhere else.",
    "A {} for people who buy once and keep what they bought.",
    "The {} comes in a box that can go straight under the tree.",
    "Our customers ask for this {} again every season.",
];
pub(super) const DETAIL: &[&str] = &[
    "The seams are double and the edges are finished, so that it lasts through years of daily use.",
    "It wipes clean with a damp cloth and dries in minutes.",
    "Every part can be replaced, and spare parts are kept for ten years.",
    "It ships flat and needs no tools.",
    "The finish is free of solvents and safe around children and animals.",
    "Measured on a busy week, it holds up better than the one that we sold before.",
    "It packs small, weighs little and travels well.",
    "The colour may differ a little from the picture, as each batch is mixed anew.",
];
pub(super) const ORIGIN: &[&str] = &[
    "Made in Aba.",
    "Made in Abeokuta.",
    "Made in Accra.",
    "Made in Kano.",
    "Made in Porto.",
    "Made in Jos.",
    "Designed in Lagos.",
    "Packed in Ibadan.",
];
pub(super) const CARES: &[&str] =
    &["Wash cold, dry flat.", "Wipe clean.", "Keep dry.", "Oil once a year.", "Dishwasher safe."];
