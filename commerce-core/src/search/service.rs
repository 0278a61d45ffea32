//! Searching: the text is taken apart, the engine asked, and what was perhaps meant is looked for.

use std::sync::{Arc, PoisonError};

use super::{
    Analyzer, Answer, AttributeFilter, Completions, Order, Query, Request, Settings, SettingsError,
    StoredSettings, Typed, corrected, nearest,
};
use crate::catalog::ProductFilter;
use crate::commit::StoreError;
use crate::engine::Parts;
use crate::fold;
use crate::text::has_control;

/// How shoppers find things; reached by [`Engine::search`](crate::Engine::search).
#[derive(Clone)]
pub struct Searching {
    pub(crate) parts: Arc<Parts>,
}

/// A search as a shopper asks for it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ask {
    /// What was typed; absent or blank: everything.
    pub text: Option<String>,
    /// The filters that a listing has too, and the page; its order is not looked at.
    pub filter: ProductFilter,
    /// Values of attributes: of the same one any, of different ones all. A code that is there twice is one filter.
    pub attributes: Vec<AttributeFilter>,
    /// The order.
    pub order: Order,
    /// Whether facets are asked for.
    pub facets: bool,
}

/// Why nothing was searched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SearchError {
    /// The shop has no attributes of these codes.
    #[error("there is no attribute {}", .0.join(", "))]
    UnknownAttributes(Vec<String>),
    /// The settings cannot be taken.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// Somebody else changes the settings at the same time.
    #[error("the settings of the search are being changed by too many at once")]
    Busy,
    /// The store could not do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Settings, and what they make of texts.
#[derive(Debug)]
pub(crate) struct InForce {
    stored: StoredSettings,
    analyzer: Analyzer,
}

impl InForce {
    pub(crate) fn of(stored: StoredSettings) -> Self {
        Self { analyzer: Analyzer::new(&stored.settings), stored }
    }
}

impl Searching {
    /// How many words are looked up when nothing was found.
    const WORDS_MAX: usize = 8;
    /// How many products are indexed at once.
    const INDEXED_AT_ONCE: u32 = 500;

    /// Finds products on sale.
    ///
    /// # Errors
    /// [`SearchError::UnknownAttributes`], or when the store cannot be read.
    pub async fn find(&self, ask: &Ask) -> Result<Answer, SearchError> {
        let text = ask.text.as_deref().map(str::trim).filter(|text| !text.is_empty());
        // No code has such characters, and no database need see them.
        let strange = ask.attributes.iter().filter(|filter| has_control(&filter.code));
        let strange: Vec<String> = strange.map(|filter| filter.code.clone()).collect();
        if !strange.is_empty() {
            return Err(SearchError::UnknownAttributes(strange));
        }
        let (page, facets) = self.ask(text, ask).await?;
        let mut did_you_mean = None;
        if let Some(text) = text
            && page.count == 0
        {
            did_you_mean = self.meant(text, ask).await?;
        }
        Ok(Answer { page, facets, did_you_mean })
    }

    /// What somebody may mean who has typed this so far: at most `limit` products and as many categories. A word that
    /// nothing begins with is taken for the nearest one.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn complete(&self, text: &str, limit: u32) -> Result<Completions, StoreError> {
        let mut words = Analyzer::words(text);
        words.truncate(Self::WORDS_MAX);
        let Some(prefix) = words.pop() else { return Ok(Completions::default()) };
        let typed = Typed { words, prefix, folded: fold(&text.replace(char::is_control, " ")), limit };
        let found = self.parts.search.complete(&typed).await?;
        if found != Completions::default() {
            return Ok(found);
        }
        let asked: Vec<String> = typed.words.iter().chain([&typed.prefix]).cloned().collect();
        let similar = self.parts.search.similar(&asked).await?;
        let mut meant = Vec::with_capacity(similar.len());
        for (place, known) in (1..).zip(&similar) {
            match nearest(&known.word, &known.candidates, place == similar.len()) {
                Some(nearest) => meant.push(nearest.to_owned()),
                None => return Ok(found),
            }
        }
        if meant == asked {
            return Ok(found);
        }
        let folded = meant.join(" ");
        let Some(prefix) = meant.pop() else { return Ok(found) };
        self.parts.search.complete(&Typed { words: meant, prefix, folded, limit }).await
    }

    /// The settings in force.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn settings(&self) -> Result<StoredSettings, StoreError> {
        self.parts.store.search_settings().await
    }

    /// Puts these settings in force, unless they are already. When they change what is indexed, every product is indexed
    /// anew before this answers; meanwhile a search may miss some.
    ///
    /// # Errors
    /// [`SearchError::Settings`] says why they cannot be taken; [`SearchError::Busy`] when others change them too.
    pub async fn configure(&self, settings: Settings) -> Result<StoredSettings, SearchError> {
        settings.check()?;
        for _ in 0..3 {
            let before = self.settings().await?;
            let Some(after) = before.replaced(settings.clone()) else {
                self.index().await?;
                return Ok(before);
            };
            if self.parts.store.set_search_settings(&after).await? {
                self.index().await?;
                return Ok(after);
            }
        }
        Err(SearchError::Busy)
    }

    /// Indexes every product that is not, or not as it is now: those that an older version of the program wrote, or that
    /// were indexed under other settings. Says how many there were.
    ///
    /// # Errors
    /// When the store cannot be read or written; what is indexed by then stays so.
    pub async fn index(&self) -> Result<u64, StoreError> {
        let mut indexed = 0;
        loop {
            let more = self.parts.store.index(Self::INDEXED_AT_ONCE).await?;
            indexed += more;
            if more == 0 {
                return Ok(indexed);
            }
        }
    }

    async fn ask(
        &self,
        text: Option<&str>,
        ask: &Ask,
    ) -> Result<(crate::catalog::Page<crate::catalog::ProductSummary>, Option<super::Facets>), SearchError>
    {
        let mut known = self.in_force();
        // Settings that change while we ask are read again; whoever changes them at every turn gets what the last ones find.
        for _ in 0..2 {
            let request = request(text, ask, &known.analyzer);
            let found = self.parts.search.find(&request).await?;
            if found.settings_version != known.stored.version {
                known = self.read_again().await?;
                if text.is_some() {
                    continue;
                }
            }
            if !found.unknown_attributes.is_empty() {
                return Err(SearchError::UnknownAttributes(found.unknown_attributes));
            }
            return Ok((found.page, found.facets));
        }
        let found = self.parts.search.find(&request(text, ask, &known.analyzer)).await?;
        Ok((found.page, found.facets))
    }

    /// What finds something under the same filters, and is written like what was typed.
    async fn meant(&self, text: &str, ask: &Ask) -> Result<Option<String>, SearchError> {
        let words = Analyzer::words(text);
        if words.is_empty() || words.len() > Self::WORDS_MAX {
            return Ok(None);
        }
        let similar = self.parts.search.similar(&words).await?;
        let Some(meant) = corrected(&similar) else { return Ok(None) };
        let first = ProductFilter { page: 1, page_size: 1, ..ask.filter.clone() };
        let again = Ask { filter: first, facets: false, ..ask.clone() };
        let (page, _) = self.ask(Some(&meant), &again).await?;
        Ok((page.count > 0).then_some(meant))
    }

    fn in_force(&self) -> Arc<InForce> {
        Arc::clone(&self.parts.search_settings.read().unwrap_or_else(PoisonError::into_inner))
    }

    async fn read_again(&self) -> Result<Arc<InForce>, StoreError> {
        let known = Arc::new(InForce::of(self.settings().await?));
        let mut kept = self.parts.search_settings.write().unwrap_or_else(PoisonError::into_inner);
        *kept = Arc::clone(&known);
        Ok(known)
    }
}

fn request(text: Option<&str>, ask: &Ask, analyzer: &Analyzer) -> Request {
    let Ask { text: _, filter, attributes, order, facets } = ask;
    let mut filter = filter.clone();
    if let Order::By(sort_by) = order {
        filter.sort_by = *sort_by;
    } else {
        filter.sort_by = crate::catalog::SortBy::Newest;
    }
    let mut joined: Vec<AttributeFilter> = Vec::with_capacity(attributes.len());
    for AttributeFilter { code, values } in attributes {
        // Nor has a value such characters: it is one that no product has.
        let values = values.iter().filter(|value| !has_control(value.trim())).cloned();
        match joined.iter_mut().find(|known| known.code == *code) {
            Some(known) => known.values.extend(values),
            None => joined.push(AttributeFilter { code: code.clone(), values: values.collect() }),
        }
    }
    Request {
        query: text.map(|text| Query::parse(text, analyzer)),
        text: text.unwrap_or_default().to_owned(),
        filter,
        attributes: joined,
        by_relevance: *order == Order::Relevance,
        facets: *facets,
    }
}
