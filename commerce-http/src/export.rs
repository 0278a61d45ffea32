//! Writing the catalogue as a file that [`import`](crate::import) reads: CSV in Shopify's product format, or JSON lines.
//!
//! Products come in the order of their slugs, and every number is written in one way: prices with the decimals of their
//! currency, weights as exact decimals without needless zeros. So the same catalogue gives the same bytes, and a file
//! that is imported into an empty shop and exported again is byte-equal.
//!
//! A column is written for every attribute of which some exported product has a value. What the format has no place for
//! is not written: featured products, sellers, tax classes other than exempt, stock by location (the sum is), and the
//! kind of an attribute. A product that the format would distort is refused by name instead: one with more than three
//! options, with a comma in a tag, with ` > ` in the name of a category below another, or with a type but no category.
//!
//! JSON lines say all of a product, but for the sellers' names and the rules of attributes, and refuse none.
//!
//! Cells are written as they are. A spreadsheet takes one that begins with `=`, `+`, `-` or `@` for a formula; who opens
//! the file in one imports the columns as text. To change the cells here would change the catalogue at the next import.

mod line;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use commerce_core::bulk::Format;
use commerce_core::catalog::{
    Attribute, Brand, Category, ExportPage, Product, ProductStatus, Slug, TaxClass, Variant,
};
use commerce_core::{AttributeId, BrandId, CategoryId, Engine, SellerId, StoreError, VariantId};

use crate::import::{
    Column, EXIT_REFUSED, EXIT_TAKEN, EXIT_TROUBLE, METAFIELD, PRODUCT_TYPE, Position, Progress, grouped,
    plain, write_row,
};

/// How many products are read at once.
const PAGE_PRODUCTS: u32 = 200;

/// What became of an export.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Products written.
    pub products: u64,
    /// Variants written.
    pub variants: u64,
    /// Products that the format cannot say.
    pub refused: Vec<Refused>,
    /// How long it took.
    pub elapsed: Duration,
}

/// A product that the format cannot say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Which one.
    pub slug: Slug,
    /// Why: stable, to count by.
    pub code: &'static str,
    /// Why, in words.
    pub reason: String,
}

/// Why an export ended early. What was written is not the whole catalogue.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The shop could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file could not be written.
    #[error("the file could not be written: {0}")]
    Sink(#[from] io::Error),
    /// A product was given its first value of an attribute while the file was being written.
    #[error("the catalogue got the new attribute {0} during the export: export again")]
    NewAttribute(String),
}

/// The exit code of a command that exported: those of [`import::exit_code`](crate::import::exit_code).
#[must_use]
pub fn exit_code(result: &Result<Summary, ExportError>) -> u8 {
    match result {
        Ok(summary) if summary.refused.is_empty() => EXIT_TAKEN,
        Ok(_) => EXIT_REFUSED,
        Err(_) => EXIT_TROUBLE,
    }
}

/// Writes every product of the shop that is not deleted, in pages, with memory that does not grow with the catalogue.
///
/// # Errors
/// When the shop cannot be read or the file cannot be written. Products that the format cannot say are no error: the
/// [`Summary`] names them.
pub async fn export(
    engine: &Engine,
    format: Format,
    mut out: impl Write + Send,
    progress: &dyn Progress,
) -> Result<Summary, ExportError> {
    let begun = Instant::now();
    let mut export = Export::begin(engine, format, None).await?;
    while let Some(piece) = export.piece().await? {
        out.write_all(&piece)?;
        let refused = export.summary.refused.len() as u64;
        progress.at(Position { products: export.summary.products + refused, refused, ..Position::default() });
    }
    progress.done();
    out.flush()?;
    Ok(Summary { elapsed: begun.elapsed(), ..export.summary })
}

/// An export under way: piece by piece, so that the catalogue may have any size.
pub(crate) struct Export {
    pages: Pages,
    format: Format,
    metafields: BTreeMap<String, String>,
    /// Whether the head of the file was given out.
    headed: bool,
    summary: Summary,
}

impl Export {
    /// Begins one of all products, or of those of this merchant.
    pub(crate) async fn begin(
        engine: &Engine,
        format: Format,
        seller: Option<SellerId>,
    ) -> Result<Self, StoreError> {
        let (pages, summary) = (Pages::of(engine, seller), Summary::default());
        // The header comes first and names what the products have, so the catalogue is read twice.
        let metafields = match format {
            Format::Csv => metafields(engine, seller).await?,
            Format::JsonLines => BTreeMap::new(),
        };
        Ok(Self { pages, format, metafields, headed: format == Format::JsonLines, summary })
    }

    /// The next piece of the file; `None` behind the last one.
    pub(crate) async fn piece(&mut self) -> Result<Option<Vec<u8>>, ExportError> {
        let mut piece = Vec::new();
        let headed = std::mem::replace(&mut self.headed, true);
        if !headed {
            write_header(&mut piece, &self.metafields)?;
        }
        let Some(page) = self.pages.next().await? else { return Ok((!headed).then_some(piece)) };
        let page = Page::of(&page);
        for product in page.products {
            let said = match self.format {
                Format::Csv => sayable(product, &page),
                Format::JsonLines => Ok(()),
            };
            match said {
                Ok(()) => {
                    match self.format {
                        Format::Csv => write_product(&mut piece, product, &page, &self.metafields)?,
                        Format::JsonLines => writeln!(piece, "{}", line::line(product, &page))?,
                    }
                    self.summary.products += 1;
                    self.summary.variants += product.variants.len() as u64;
                }
                Err(refused) => self.summary.refused.push(refused),
            }
        }
        Ok(Some(piece))
    }

    /// The next piece of the file that names, and says why, what the format cannot say; `None` behind the last one.
    pub(crate) async fn refused_piece(&mut self) -> Result<Option<Vec<u8>>, ExportError> {
        let mut piece = Vec::new();
        let headed = self.headed;
        if !headed {
            write_row(&mut piece, &["handle", "code", "reason"])?;
        }
        if self.piece().await?.is_none() {
            return Ok((!headed).then_some(piece));
        }
        for Refused { slug, code, reason } in self.summary.refused.drain(..) {
            write_row(&mut piece, &[slug.as_str(), code, &plain(&reason)])?;
        }
        Ok(Some(piece))
    }
}

/// The catalogue, page by page.
struct Pages {
    engine: Engine,
    seller: Option<SellerId>,
    after: Option<Slug>,
    ended: bool,
}

impl Pages {
    fn of(engine: &Engine, seller: Option<SellerId>) -> Self {
        Self { engine: engine.clone(), seller, after: None, ended: false }
    }

    async fn next(&mut self) -> Result<Option<ExportPage>, StoreError> {
        if self.ended {
            return Ok(None);
        }
        let mut page = self.engine.catalog().export(self.after.clone(), PAGE_PRODUCTS).await?;
        self.ended = page.products.len() < PAGE_PRODUCTS as usize;
        self.after = page.products.last().map(|product| product.slug.clone());
        page.products.retain(|product| self.seller.is_none() || product.seller == self.seller);
        Ok(Some(page))
    }
}

/// A page, with what its products share by id.
struct Page<'a> {
    products: &'a [Product],
    brands: HashMap<BrandId, &'a Brand>,
    categories: HashMap<CategoryId, &'a Category>,
    attributes: HashMap<AttributeId, &'a Attribute>,
    on_hand: HashMap<VariantId, i64>,
}

impl<'a> Page<'a> {
    fn of(page: &'a ExportPage) -> Self {
        let mut on_hand = HashMap::new();
        for level in &page.levels {
            *on_hand.entry(level.variant).or_insert(0) += level.on_hand;
        }
        Self {
            products: &page.products,
            brands: page.brands.iter().map(|brand| (brand.id, brand)).collect(),
            categories: page.categories.iter().map(|category| (category.id, category)).collect(),
            attributes: page.attributes.iter().map(|attribute| (attribute.id, attribute)).collect(),
            on_hand,
        }
    }

    /// The names of the product's category from the top down.
    fn category(&self, product: &Product) -> Vec<&'a str> {
        let mut names = Vec::new();
        let mut next = product.category.and_then(|id| self.categories.get(&id));
        while let Some(category) = next {
            names.push(category.name.as_str());
            next = category.parent.and_then(|id| self.categories.get(&id));
        }
        names.reverse();
        names
    }

    /// The product's values by the code of their attribute.
    fn values(&self, product: &'a Product) -> BTreeMap<&'a str, &'a str> {
        let code = |id| self.attributes.get(&id).map(|attribute| attribute.code.as_str());
        product
            .attributes
            .iter()
            .filter_map(|value| Some((code(value.attribute)?, value.value.as_str())))
            .collect()
    }
}

/// The attributes of which products have values, by code, with their names.
async fn metafields(
    engine: &Engine,
    seller: Option<SellerId>,
) -> Result<BTreeMap<String, String>, StoreError> {
    let mut metafields = BTreeMap::new();
    let mut pages = Pages::of(engine, seller);
    while let Some(page) = pages.next().await? {
        let shared = Page::of(&page);
        let said = page.products.iter().filter(|product| sayable(product, &shared).is_ok());
        let used: HashSet<AttributeId> =
            said.flat_map(|product| &product.attributes).map(|value| value.attribute).collect();
        for attribute in page.attributes.iter().filter(|attribute| used.contains(&attribute.id)) {
            let name = if attribute.name.is_empty() { &attribute.code } else { &attribute.name };
            metafields.insert(attribute.code.clone(), name.clone());
        }
    }
    metafields.remove(PRODUCT_TYPE); // it has a column of its own
    Ok(metafields)
}

/// Whether the format can say all of the product, so that it reads back as the same.
fn sayable(product: &Product, page: &Page<'_>) -> Result<(), Refused> {
    let refuse = |code, reason: String| Err(Refused { slug: product.slug.clone(), code, reason });
    if product.options.len() > Column::OPTIONS.len() {
        return refuse(
            "too-many-options",
            format!("it has {} options, the format has three", product.options.len()),
        );
    }
    if let Some(tag) = product.tags.iter().find(|tag| tag.contains(',')) {
        return refuse(
            "tag-with-comma",
            format!("its tag {tag:?} has a comma, which parts tags in the format"),
        );
    }
    let category = page.category(product);
    let path = category.join(" > ");
    let alone = category.len() == 1 && !page.values(product).contains_key(PRODUCT_TYPE); // may go into `Type`
    if !alone && !category.is_empty() && !path.split(" > ").eq(category.iter().copied()) {
        return refuse(
            "category-name",
            format!("a category of {path:?} has \" > \" in its name, which parts categories"),
        );
    }
    if category.is_empty() && page.values(product).contains_key(PRODUCT_TYPE) {
        return refuse(
            "type-without-category",
            "without a category, its type would be read as one".to_owned(),
        );
    }
    Ok(())
}

fn write_header(out: &mut impl Write, metafields: &BTreeMap<String, String>) -> io::Result<()> {
    let metafields: Vec<String> =
        metafields.iter().map(|(code, name)| format!("{name}{METAFIELD}{code})")).collect();
    let mut names: Vec<&str> = Column::ALL.into_iter().map(Column::name).collect();
    names.extend(metafields.iter().map(String::as_str));
    write_row(out, &names)
}

/// A row for each variant and each picture, side by side; the first also tells the product.
fn write_product(
    out: &mut impl Write,
    product: &Product,
    page: &Page<'_>,
    metafields: &BTreeMap<String, String>,
) -> Result<(), ExportError> {
    let values = page.values(product);
    if let Some(new) = values.keys().find(|code| **code != PRODUCT_TYPE && !metafields.contains_key(**code)) {
        return Err(ExportError::NewAttribute((*new).to_owned()));
    }
    for place in 0..product.variants.len().max(product.images.len()) {
        let mut row = Row::new(metafields.len());
        row.set(Column::Handle, product.slug.as_str());
        if place == 0 {
            about_product(&mut row, product, page, &values);
            for (field, code) in metafields.keys().enumerate() {
                row.cells[Column::ALL.len() + field] =
                    values.get(code.as_str()).copied().unwrap_or_default().to_owned();
            }
        }
        if let Some(variant) = product.variants.get(place) {
            about_variant(&mut row, product, variant, page.on_hand.get(&variant.id).copied());
        }
        if let Some(image) = product.images.get(place) {
            row.set(Column::ImageSrc, &image.url);
            row.set(Column::ImagePosition, &(place + 1).to_string());
            row.set(Column::ImageAlt, &image.alt);
        }
        row.write(out)?;
    }
    Ok(())
}

fn about_product(row: &mut Row, product: &Product, page: &Page<'_>, values: &BTreeMap<&str, &str>) {
    row.set(Column::Title, &product.name);
    row.set(Column::Body, &product.description_html);
    let brand = product.brand.and_then(|id| page.brands.get(&id));
    row.set(Column::Vendor, brand.map_or("", |brand| &brand.name));
    let category = page.category(product);
    let path = category.join(" > ");
    let product_type = values.get(PRODUCT_TYPE).copied().unwrap_or_default();
    if category.len() == 1 && path.contains(" > ") {
        row.set(Column::Type, &path); // as a category it would be read as two
    } else {
        row.set(Column::ProductCategory, &path);
        row.set(Column::Type, if product_type.trim() == path { "" } else { product_type });
    }
    row.set(Column::Tags, &product.tags.join(", "));
    let (published, status) = match product.status {
        ProductStatus::Published => ("true", "active"),
        ProductStatus::Draft => ("false", "draft"),
        ProductStatus::Archived => ("false", "archived"),
    };
    row.set(Column::Published, published);
    row.set(Column::Status, status);
    if product.options.is_empty() {
        row.set(Column::Option1Name, "Title");
    }
    for (option, (name, _)) in product.options.iter().zip(Column::OPTIONS) {
        row.set(name, &option.name);
    }
}

fn about_variant(row: &mut Row, product: &Product, variant: &Variant, on_hand: Option<i64>) {
    let flag = |yes| if yes { "true" } else { "false" };
    if product.options.is_empty() {
        row.set(Column::Option1Value, "Default Title");
    }
    for (value, (_, column)) in variant.option_values.iter().zip(Column::OPTIONS) {
        row.set(column, value);
    }
    row.set(Column::Sku, variant.sku.as_str());
    if let Some(weight) = variant.weight {
        row.set(Column::Grams, &weight.grams.normalize().to_string());
        row.set(Column::WeightUnit, &weight.unit.to_string());
    }
    row.set(Column::Tracker, if variant.tracked { "shopify" } else { "" });
    row.set(Column::Quantity, &on_hand.map(|units| units.to_string()).unwrap_or_default());
    row.set(Column::Policy, if variant.backorder { "continue" } else { "deny" });
    row.set(Column::Price, &variant.price.amount());
    row.set(Column::CompareAt, &variant.compare_at_price.map(|price| price.amount()).unwrap_or_default());
    row.set(Column::Cost, &variant.cost.map(|cost| cost.amount()).unwrap_or_default());
    row.set(Column::RequiresShipping, flag(!variant.digital));
    row.set(Column::Taxable, flag(variant.tax_class != TaxClass::exempt()));
    row.set(Column::Barcode, variant.barcode.as_deref().unwrap_or_default());
    row.set(Column::VariantImage, variant.image.as_deref().unwrap_or_default());
}

/// A row of the file.
struct Row {
    cells: Vec<String>,
}

impl Row {
    fn new(metafields: usize) -> Self {
        Self { cells: vec![String::new(); Column::ALL.len() + metafields] }
    }

    fn set(&mut self, column: Column, text: &str) {
        text.clone_into(&mut self.cells[column as usize]);
    }

    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        write_row(out, &self.cells.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.elapsed.as_secs_f64();
        writeln!(
            f,
            "{} products with {} variants in {seconds:.1} s",
            grouped(self.products),
            grouped(self.variants)
        )?;
        for Refused { slug, code, reason } in &self.refused {
            writeln!(f, "  not exported: {slug} ({code}): {reason}")?;
        }
        Ok(())
    }
}
