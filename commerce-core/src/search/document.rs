//! What of a product is searched.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::Analyzer;
use crate::catalog::{Names, Product};
use crate::fold;

/// What of a product is searched: made when a store writes the product, in the same transaction.
///
/// The four fields weigh less and less. Phrases do not reach from one into the next.
///
/// ```
/// use commerce_core::catalog::Names;
/// use commerce_core::search::{Analyzer, Document, Settings};
/// use commerce_core::testkit::item;
/// let tee = item("tee").name("Wrap dresses").brand("Lagos Looms").category(&["Clothing"]);
/// let (brand, categories) = (tee.brand_row(), tee.category_rows());
/// let analyzer = Analyzer::new(&Settings::default());
/// let document = Document::of(&tee.product(), &Names::new(&brand, &categories, &[]), &analyzer);
/// assert_eq!(document.name, ["wrap", "dress"]);
/// assert_eq!(document.labels, ["lago", "loom", "cloth", "tee"]);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// The terms of its name.
    pub name: Vec<String>,
    /// Those of its brand, its category and what that grows on, its tags, its SKUs and barcodes.
    pub labels: Vec<String>,
    /// Those of the values of its attributes and options.
    pub attributes: Vec<String>,
    /// Those of its description, without markup.
    pub description: Vec<String>,
    /// The words by which it is found while somebody types: of its name and its brand, each once.
    pub typed: Vec<String>,
    /// The words that a mistyped one may have been meant for, by word.
    pub vocabulary: Vec<String>,
    /// Code and value of what facets count, one value for each way of writing it, by code and folded value: of filterable attributes
    /// that are no free text, and of the options of variants that are linked to one.
    pub values: Vec<(String, String)>,
}

impl Document {
    /// How many terms of the name are searched.
    pub const NAME_MAX: usize = 200;
    /// How many terms of each other field are searched.
    pub const FIELD_MAX: usize = 4_000;
    /// How often a term counts in a field; what comes later is left out.
    pub const REPEATS_MAX: usize = 60;

    /// Of this product. What is not among the names is left out.
    #[must_use]
    pub fn of(product: &Product, names: &Names<'_>, analyzer: &Analyzer) -> Self {
        let brand = names.brand_name(product.brand).unwrap_or_default();
        let branch = names.branch_names(product.category);
        let tags = product.tags.iter().map(String::as_str);
        let skus = product.variants.iter().map(|variant| variant.sku.as_str());
        let barcodes = product.variants.iter().filter_map(|variant| variant.barcode.as_deref());
        let labels =
            [brand].into_iter().chain(branch.iter().copied()).chain(tags).chain(skus).chain(barcodes);

        let own = product.attributes.iter().map(|value| (value.attribute, value.value.as_str()));
        let chosen = product.variants.iter().flat_map(|variant| {
            let options = product.options.iter().zip(&variant.option_values);
            options.filter_map(|(option, value)| Some((option.attribute?, value.as_str())))
        });
        let mut values = BTreeMap::new();
        for (attribute, value) in own.chain(chosen) {
            let Some(known) = names.attribute(attribute).filter(|known| known.is_facet()) else { continue };
            if !value.trim().is_empty() {
                values.entry((known.code.clone(), fold(value))).or_insert_with(|| value.trim().to_owned());
            }
        }
        let mut said: Vec<&str> = product.attributes.iter().map(|value| value.value.as_str()).collect();
        said.extend(product.options.iter().flat_map(|option| &option.values).map(String::as_str));

        let mut typed = BTreeSet::new();
        typed.extend(Analyzer::words(&product.name));
        typed.extend(Analyzer::words(brand));
        let mut vocabulary = typed.clone();
        for text in branch.iter().copied().chain(product.tags.iter().map(String::as_str)).chain(said.clone())
        {
            vocabulary.extend(Analyzer::words(text));
        }
        vocabulary.retain(|word| word.len() >= 3 && !word.bytes().all(|byte| byte.is_ascii_digit()));
        let of = |texts: &mut dyn Iterator<Item = &str>, most| field(texts, most, analyzer);
        Self {
            name: of(&mut [product.name.as_str()].into_iter(), Self::NAME_MAX),
            labels: of(&mut labels.into_iter(), Self::FIELD_MAX),
            attributes: of(&mut said.into_iter(), Self::FIELD_MAX),
            description: of(&mut [plain(&product.description_html).as_str()].into_iter(), Self::FIELD_MAX),
            typed: typed.into_iter().collect(),
            vocabulary: vocabulary.into_iter().collect(),
            values: values.into_iter().map(|((code, _), value)| (code, value)).collect(),
        }
    }

    /// What a filter by one of its values is compared with, in the order of the values.
    pub fn keys(&self) -> impl Iterator<Item = String> {
        self.values.iter().map(|(code, value)| Self::key(code, value))
    }

    /// What a filter for this value of the attribute of this code is compared with. Values are alike whatever their case.
    #[must_use]
    pub fn key(code: &str, value: &str) -> String {
        format!("{code}\u{1f}{}", fold(value))
    }
}

fn field(texts: &mut dyn Iterator<Item = &str>, most: usize, analyzer: &Analyzer) -> Vec<String> {
    let mut terms = Vec::new();
    let mut repeats: HashMap<String, usize> = HashMap::new();
    for text in texts {
        for term in analyzer.terms(text) {
            if terms.len() == most {
                return terms;
            }
            let repeat = repeats.entry(term.clone()).or_default();
            *repeat += 1;
            if *repeat <= Document::REPEATS_MAX {
                terms.push(term);
            }
        }
    }
    terms
}

/// The text of a description, without tags and without what no reader sees.
fn plain(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    let lower = html.to_ascii_lowercase();
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        text.push(' ');
        rest = &rest[at..];
        let unseen = ["script", "style"]
            .into_iter()
            .find(|name| rest.get(1..=name.len()).is_some_and(|tag| tag.eq_ignore_ascii_case(name)));
        if let Some(name) = unseen {
            let end = lower[html.len() - rest.len()..].find(&format!("</{name}"));
            rest = end.map_or("", |end| &rest[end..]);
        }
        rest = rest.split_once('>').map_or("", |(_, behind)| behind);
    }
    text.push_str(rest);
    for (entity, means) in
        [("&amp;", "&"), ("&nbsp;", " "), ("&#39;", "'"), ("&rsquo;", "'"), ("&quot;", " ")]
    {
        text = text.replace(entity, means);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::AttributeKind;
    use crate::search::Settings;
    use crate::testkit::{Item, item};

    fn document(item: &Item) -> Document {
        let (brand, categories, attributes) = (item.brand_row(), item.category_rows(), item.attribute_rows());
        let names = Names::new(&brand, &categories, &attributes);
        Document::of(&item.product(), &names, &Analyzer::new(&Settings::default()))
    }

    #[test]
    fn descriptions_are_searched_without_their_markup() {
        assert_eq!(
            plain("<p class=\"red\">A&nbsp;mug</p><SCRIPT>evil()</SCRIPT>&amp; more"),
            " A mug  & more"
        );
        assert_eq!(plain("never <closed"), "never  ");
        assert_eq!(plain("<style>"), " ");
    }

    #[test]
    fn values_are_those_of_the_variants_and_count_once_for_each_way_of_writing() {
        let tee = item("tee")
            .attribute("fabric", AttributeKind::Select, "Cotton")
            .attribute("story", AttributeKind::Text, "Told by the fire")
            .options(&["Colour"])
            .linked_to("colour")
            .values(&["Red"])
            .variant("tee-2", &["RED "])
            .variant("tee-3", &["Blue"]);
        let document = document(&tee);
        let expected = [("colour", "Blue"), ("colour", "Red"), ("fabric", "Cotton")];
        assert_eq!(document.values, expected.map(|(code, value)| (code.to_owned(), value.to_owned())));
        assert!(document.keys().any(|key| key == Document::key("colour", "  rED")));
        assert!(document.attributes.contains(&"fire".to_owned()), "free text is searched all the same");
    }

    #[test]
    fn a_field_has_an_end() {
        let shout = item("shout").with_product(|product| product.description_html = "buy ".repeat(100_000));
        assert_eq!(document(&shout).description.len(), Document::REPEATS_MAX);
    }
}
