//! The rows of one product.

use commerce_core::Currency;
use commerce_core::catalog::{
    AttributeKind, Cell, ImageInput, ProductInput, ProductStatus, Slug, SlugError, VariantInput,
};

use super::column::{Column, Columns, PRODUCT_TYPE};
use super::record::Record;
use super::row::{self, Unreadable};
use super::shopify::{Said, cell};
use super::summary::Refused;

/// The most rows of one product: more than it may have variants and pictures.
const ROWS_MAX: usize = 4_000;
/// The most bytes of one product.
const BYTES_MAX: usize = 8 << 20;

/// The rows of one product, as far as they have been read.
pub(super) struct Group<'a> {
    columns: &'a Columns,
    currency: Currency,
    line: u64,
    slug: Result<Slug, SlugError>,
    rows: usize,
    bytes: usize,
    titled: bool,
    /// What is wrong with the product as a whole.
    wrong: Option<Unreadable>,
    product: Option<ProductInput>,
    option_names: Option<[String; 3]>,
    /// Variants with the three option values of their rows.
    variants: Vec<(VariantInput, [String; 3])>,
    /// Pictures with their positions.
    images: Vec<(u64, ImageInput)>,
    /// Lines of variants that cannot be read.
    refused: Vec<(u64, Unreadable)>,
    /// The rows as they would stand in a file, when they are kept.
    text: Option<String>,
}

impl<'a> Group<'a> {
    pub(super) fn new(
        columns: &'a Columns,
        currency: Currency,
        slug: Result<Slug, SlugError>,
        line: u64,
    ) -> Self {
        let product = slug.clone().ok().map(|slug| ProductInput {
            line,
            name: Cell::Absent,
            ..ProductInput::new(slug, "")
        });
        Self {
            columns,
            currency,
            line,
            slug,
            rows: 0,
            bytes: 0,
            titled: false,
            wrong: None,
            product,
            option_names: None,
            variants: Vec::new(),
            images: Vec::new(),
            refused: Vec::new(),
            text: None,
        }
    }

    /// Whether the rows are kept, to give them back when something of them is refused.
    pub(super) fn keep_rows(&mut self, keep: bool) {
        self.text = keep.then(String::new);
    }

    /// Takes a row in.
    pub(super) fn row(&mut self, record: &Record) {
        self.rows += 1;
        self.bytes += record.bytes();
        if self.rows > ROWS_MAX || self.bytes > BYTES_MAX {
            // What does not fit is not kept either: the rest of the rows is only counted.
            (self.product, self.variants, self.images) = (None, Vec::new(), Vec::new());
            self.text = None;
            let reason =
                format!("more than {ROWS_MAX} rows or {BYTES_MAX} bytes are about one product: split it");
            self.wrong = Some(Unreadable { column: Column::Handle, code: "product-too-large", reason });
        }
        if let Some(text) = &mut self.text {
            record.write(text);
        }
        let Some(product) = &mut self.product else { return };
        let titled = !self.columns.trimmed(record, Column::Title).is_empty();
        if titled {
            if let Err(wrong) = about_product(product, self.columns, record, self.titled) {
                self.wrong.get_or_insert(wrong);
            }
            self.titled = true;
        }
        if self.option_names.is_none() {
            let names = Column::OPTIONS.map(|(name, _)| self.columns.trimmed(record, name).to_owned());
            self.option_names = names.iter().any(|name| !name.is_empty()).then_some(names);
        }
        if row::names_variant(self.columns, record, titled) {
            let values = Column::OPTIONS.map(|(_, value)| self.columns.trimmed(record, value).to_owned());
            match row::variant(self.columns, record, self.currency) {
                Ok(variant) => self.variants.push((variant, values)),
                Err(wrong) => self.refused.push((record.line, wrong)),
            }
        }
        self.images.extend(row::image(self.columns, record));
    }

    /// What all the rows say.
    pub(super) fn finish(mut self, handle: &str) -> Said {
        if let Err(error) = &self.slug {
            let (code, reason) = if handle.is_empty() {
                ("handle-missing", "the row has no handle: every row names its product".to_owned())
            } else {
                ("handle-invalid", format!("{handle:?} cannot be part of an address: {error}"))
            };
            self.wrong = Some(Unreadable { column: Column::Handle, code, reason });
        }
        let mut product = self.product.take();
        if let Some(product) = &mut product {
            self.settle(product);
        }
        if self.wrong.is_some() {
            product = None;
        }
        let wrong = self.wrong.map(|wrong| (self.line, wrong));
        let refused = wrong.into_iter().chain(self.refused).map(|(line, wrong)| {
            let Unreadable { column, code, reason } = wrong;
            Refused { line, handle: handle.to_owned(), column: column.name().to_owned(), code, reason }
        });
        let mut refused: Vec<Refused> = refused.collect();
        refused.sort_by_key(|refused| refused.line);
        Said { product, refused, bytes: self.bytes, line: self.line, rows: self.text.unwrap_or_default() }
    }

    /// Brings together what only all rows can tell: options, variants and pictures.
    fn settle(&mut self, product: &mut ProductInput) {
        let variants = std::mem::take(&mut self.variants);
        let default_title =
            |(_, values): &(_, [String; 3])| values.iter().eq(["Default Title", "", ""].iter());
        let names = self.option_names.take();
        let (options, places) = match &names {
            // `Title` with the one value `Default Title` is how the format says that there are no options.
            Some([title, second, third])
                if title == "Title"
                    && second.is_empty()
                    && third.is_empty()
                    && variants.iter().all(default_title) =>
            {
                (Cell::Empty, Some(Vec::new()))
            }
            Some(names) => {
                let places: Vec<usize> = (0..names.len()).filter(|place| !names[*place].is_empty()).collect();
                (Cell::Is(places.iter().map(|place| names[*place].clone()).collect()), Some(places))
            }
            None => {
                let blank = variants.iter().all(|(_, values)| values.iter().all(String::is_empty));
                let said =
                    self.titled && blank && self.columns.has(Column::Option1Name) && !variants.is_empty();
                (if said { Cell::Empty } else { Cell::Absent }, None)
            }
        };
        product.options = options;
        for (mut variant, values) in variants {
            let default_title = values[0] == "Default Title" && values[1..].iter().all(String::is_empty);
            variant.option_values = match &places {
                Some(places) if places.is_empty() => Vec::new(),
                Some(places) => {
                    let named = |place: &usize| places.contains(place);
                    if (0..values.len()).any(|place| !named(&place) && !values[place].is_empty()) {
                        let reason = "the value belongs to an option without a name".to_owned();
                        let column = Column::Option1Name;
                        self.refused
                            .push((variant.line, Unreadable { column, code: "option-without-name", reason }));
                        continue;
                    }
                    // Without any value it is known by its SKU, if at all.
                    if values.iter().all(String::is_empty) {
                        Vec::new()
                    } else {
                        places.iter().map(|place| values[*place].clone()).collect()
                    }
                }
                None if default_title => Vec::new(),
                None => {
                    let used = values.iter().rposition(|value| !value.is_empty()).map_or(0, |last| last + 1);
                    values[..used].to_vec()
                }
            };
            product.variants.push(variant);
        }
        self.images.sort_by_key(|(position, _)| *position);
        let images: Vec<ImageInput> =
            std::mem::take(&mut self.images).into_iter().map(|(_, image)| image).collect();
        if self.titled {
            product.images =
                cell(self.columns, Column::ImageSrc, Some(images).filter(|images| !images.is_empty()));
        } else {
            product.more_images = images;
        }
    }
}

/// Takes what a row with a title says of the product. A later row with a title changes what it names and clears nothing:
/// some exports repeat the title in every row.
fn about_product(
    product: &mut ProductInput,
    columns: &Columns,
    record: &Record,
    later: bool,
) -> Result<(), Unreadable> {
    let text = |column| columns.text(record, column);
    let filled = |column| Some(text(column)).filter(|text| !text.trim().is_empty());
    let say = |column| cell(columns, column, filled(column).map(str::to_owned));
    let tags = filled(Column::Tags).map(|tags| tags.split(',').map(|tag| tag.trim().to_owned()).collect());
    let (category, product_type) = category(columns, filled(Column::ProductCategory), filled(Column::Type));

    take(&mut product.name, say(Column::Title), later);
    take(&mut product.description_html, say(Column::Body), later);
    take(&mut product.brand, say(Column::Vendor), later);
    take(&mut product.category, category, later);
    take(&mut product.tags, cell(columns, Column::Tags, tags), later);
    let mut attributes = vec![(PRODUCT_TYPE.to_owned(), "Type".to_owned(), product_type)];
    for (field, code, name) in &columns.metafields {
        let value = Some(record.get(*field)).filter(|value| !value.trim().is_empty());
        attributes.push((code.clone(), name.clone(), Cell::from_option(value.map(str::to_owned))));
    }
    for (place, (code, name, value)) in attributes.into_iter().enumerate() {
        match product.attributes.get_mut(place) {
            Some((.., known)) => take(known, value, later),
            None => product.attributes.push((code, name, AttributeKind::Text, value)),
        }
    }
    take(&mut product.status, status(columns, record)?, later);
    Ok(())
}

fn take<T>(known: &mut Cell<T>, said: Cell<T>, later: bool) {
    if !later || matches!(said, Cell::Is(_)) {
        *known = said;
    }
}

/// The category, and the value of the attribute that keeps the type where it says something else.
fn category(
    columns: &Columns,
    category: Option<&str>,
    kind: Option<&str>,
) -> (Cell<Vec<String>>, Cell<String>) {
    let names = |text: &str| text.split(" > ").map(|name| name.trim().to_owned()).collect();
    match (category, kind) {
        (Some(category), Some(kind)) if category.trim() != kind.trim() => {
            (Cell::Is(names(category)), Cell::Is(kind.to_owned()))
        }
        (Some(category), kind) => {
            // Without the column, nothing is said about the type.
            let unsaid = kind.is_none() && !columns.has(Column::Type);
            (Cell::Is(names(category)), if unsaid { Cell::Absent } else { Cell::Empty })
        }
        (None, Some(kind)) => (Cell::Is(vec![kind.trim().to_owned()]), Cell::Empty),
        (None, None) if columns.has(Column::ProductCategory) || columns.has(Column::Type) => {
            (Cell::Empty, Cell::Empty)
        }
        (None, None) => (Cell::Absent, Cell::Absent),
    }
}

fn status(columns: &Columns, record: &Record) -> Result<Cell<ProductStatus>, Unreadable> {
    let published = row::boolean(columns, record, Column::Published)?;
    let status = columns.trimmed(record, Column::Status);
    match (status.to_lowercase().as_str(), published) {
        ("draft", _) => Ok(Cell::Is(ProductStatus::Draft)),
        ("archived", _) => Ok(Cell::Is(ProductStatus::Archived)),
        ("active" | "", Cell::Is(false)) => Ok(Cell::Is(ProductStatus::Draft)),
        ("active", _) | ("", Cell::Is(true)) => Ok(Cell::Is(ProductStatus::Published)),
        ("", Cell::Absent | Cell::Empty) => Ok(Cell::Absent),
        _ => {
            let reason = format!("{status:?} is none of active, draft and archived");
            Err(Unreadable { column: Column::Status, code: "status-invalid", reason })
        }
    }
}
