//! The columns of a Shopify product export that the catalogue has a place for.

use super::record::{Broken, Record};

macro_rules! columns {
    ($($(#[$doc:meta])* $column:ident = $name:literal,)+) => {
        /// A column that is read and written.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Column { $($(#[$doc])* $column,)+ }

        impl Column {
            /// Every column, in the order of the format.
            pub(crate) const ALL: [Self; [$($name),+].len()] = [$(Self::$column),+];

            /// Its name in the header.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$column => $name,)+ }
            }
        }
    };
}

columns! {
    Handle = "Handle",
    Title = "Title",
    Body = "Body (HTML)",
    Vendor = "Vendor",
    ProductCategory = "Product Category",
    Type = "Type",
    Tags = "Tags",
    Published = "Published",
    Option1Name = "Option1 Name",
    Option1Value = "Option1 Value",
    Option2Name = "Option2 Name",
    Option2Value = "Option2 Value",
    Option3Name = "Option3 Name",
    Option3Value = "Option3 Value",
    Sku = "Variant SKU",
    Grams = "Variant Grams",
    Tracker = "Variant Inventory Tracker",
    Quantity = "Variant Inventory Qty",
    Policy = "Variant Inventory Policy",
    Price = "Variant Price",
    CompareAt = "Variant Compare At Price",
    RequiresShipping = "Variant Requires Shipping",
    Taxable = "Variant Taxable",
    Barcode = "Variant Barcode",
    ImageSrc = "Image Src",
    ImagePosition = "Image Position",
    ImageAlt = "Image Alt Text",
    VariantImage = "Variant Image",
    WeightUnit = "Variant Weight Unit",
    Cost = "Cost per item",
    Status = "Status",
}

impl Column {
    /// The columns of option names and values.
    pub(crate) const OPTIONS: [(Self, Self); 3] = [
        (Self::Option1Name, Self::Option1Value),
        (Self::Option2Name, Self::Option2Value),
        (Self::Option3Name, Self::Option3Value),
    ];

    /// The columns of which one is enough to tell a variant.
    pub(super) const OF_VARIANT: [Self; 11] = [
        Self::Option1Value,
        Self::Option2Value,
        Self::Option3Value,
        Self::Sku,
        Self::Grams,
        Self::Quantity,
        Self::Price,
        Self::CompareAt,
        Self::Barcode,
        Self::VariantImage,
        Self::Cost,
    ];

    /// The columns that say something about a variant too, but that spreadsheets also fill in rows of pictures.
    pub(super) const OF_VARIANT_PERHAPS: [Self; 5] =
        [Self::Tracker, Self::Policy, Self::RequiresShipping, Self::Taxable, Self::WeightUnit];
}

/// What stands between the name of a metafield and its code in a header: `Colour (product.metafields.my.colour)`.
pub(crate) const METAFIELD: &str = " (product.metafields.";

/// The attribute that keeps `Type` where `Product Category` tells the category.
pub(crate) const PRODUCT_TYPE: &str = "product_type";

/// Which field of a record holds what.
#[derive(Debug)]
pub(super) struct Columns {
    place: [Option<usize>; Column::ALL.len()],
    /// The metafields: field, code and name.
    pub(super) metafields: Vec<(usize, String, String)>,
    /// The names of the columns that have no place in the catalogue.
    pub(super) not_read: Vec<String>,
}

impl Columns {
    /// Finds the columns by the header.
    pub(super) fn of(header: &[String]) -> Result<Self, Broken> {
        let mut columns =
            Self { place: [None; Column::ALL.len()], metafields: Vec::new(), not_read: Vec::new() };
        for (field, name) in header.iter().enumerate() {
            if let Some(column) = Column::ALL.into_iter().find(|column| column.name() == name) {
                if columns.place[column as usize].replace(field).is_some() {
                    return Err(malformed(format!("the column {name} is there twice: remove one of them")));
                }
            } else if let Some((name, code)) =
                name.strip_suffix(')').and_then(|name| name.rsplit_once(METAFIELD))
            {
                if columns.metafields.iter().any(|(_, known, _)| known == code) {
                    return Err(malformed(format!(
                        "the metafield {code} is there twice: remove one of its columns"
                    )));
                }
                columns.metafields.push((field, code.to_owned(), name.to_owned()));
            } else if !name.is_empty() {
                columns.not_read.push(name.clone());
            }
        }
        columns.complete(header)
    }

    fn complete(self, header: &[String]) -> Result<Self, Broken> {
        let missing: Vec<&str> = [Column::Handle, Column::Title]
            .into_iter()
            .filter(|column| !self.has(*column))
            .map(Column::name)
            .collect();
        if missing.is_empty() {
            return Ok(self);
        }
        let hint = match header {
            [one] if one.contains(';') => {
                "its columns are separated by semicolons: save it with commas".to_owned()
            }
            [one] if one.contains('\t') => {
                "its columns are separated by tabs: save it with commas".to_owned()
            }
            _ => "it is no Shopify product export, whose header begins Handle,Title,Body (HTML)".to_owned(),
        };
        Err(malformed(format!("the header lacks {}: {hint}", missing.join(" and "))))
    }

    /// Whether the file has the column.
    pub(super) fn has(&self, column: Column) -> bool {
        self.place[column as usize].is_some()
    }

    /// The cell as it is written; blank when the file lacks the column.
    pub(super) fn text<'a>(&self, record: &'a Record, column: Column) -> &'a str {
        self.place[column as usize].map_or("", |field| record.get(field))
    }

    /// The cell without white space around it; blank when the file lacks the column.
    pub(super) fn trimmed<'a>(&self, record: &'a Record, column: Column) -> &'a str {
        self.text(record, column).trim()
    }
}

/// The column of a field that the catalogue refused.
pub(super) fn of_field(field: &str) -> &'static str {
    let column = match field {
        "slug" => Column::Handle,
        "name" => Column::Title,
        "description" => Column::Body,
        "brand" => Column::Vendor,
        "category" => Column::ProductCategory,
        "tags" => Column::Tags,
        "options" => Column::Option1Name,
        "option_values" => Column::Option1Value,
        "images" => Column::ImageSrc,
        "attributes" => return "metafields",
        "sku" => Column::Sku,
        "price" => Column::Price,
        "compare_at_price" => Column::CompareAt,
        "cost" => Column::Cost,
        "weight" => Column::Grams,
        "barcode" => Column::Barcode,
        "image" => Column::VariantImage,
        "stock" => Column::Quantity,
        _ => return "",
    };
    column.name()
}

fn malformed(reason: String) -> Broken {
    Broken::Malformed { line: 1, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(header: &str) -> Result<Columns, String> {
        let header: Vec<String> = header.split(',').map(str::to_owned).collect();
        Columns::of(&header).map_err(|broken| format!("{broken:?}"))
    }

    #[test]
    fn finds_columns_metafields_and_what_is_not_read() {
        let found =
            columns("Title,SEO Title,Handle,Storage (GB) (product.metafields.my.storage_gb),,Gift Card")
                .unwrap();
        assert!(found.has(Column::Handle) && !found.has(Column::Price));
        assert_eq!(found.metafields, [(3, "my.storage_gb".to_owned(), "Storage (GB)".to_owned())]);
        assert_eq!(found.not_read, ["SEO Title", "Gift Card"]);
    }

    #[test]
    fn names_what_a_header_lacks() {
        for (header, says) in [
            ("Title,Vendor", "lacks Handle:"),
            ("sku", "lacks Handle and Title: it is no Shopify"),
            ("Handle;Title", "semicolons"),
            ("Handle\tTitle", "tabs"),
            ("Handle,Title,Title", "Title is there twice"),
            ("Handle,Title,A (product.metafields.x),B (product.metafields.x)", "metafield x is there twice"),
        ] {
            let error = columns(header).unwrap_err();
            assert!(error.contains(says), "{error} says {says}");
        }
    }
}
