//! Answers over a store: found, or made once for all who ask.

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::watch::{Standing, Watch};
use super::{Generation, InProcessCache, Kept, Place, Question};
use crate::commit::StoreError;
use crate::ports::{Cache, Clock, Store};

/// Answers of the catalogue over one store. Any number of servers may have one each; the [module](super) says what they
/// hold to.
///
/// ```no_run
/// use std::sync::Arc;
/// use commerce_core::cache::{Answers, Found, InProcessCache, Question};
/// # async fn page(store: Arc<dyn commerce_core::Store>) -> Result<(), Box<dyn std::error::Error>> {
/// let answers = Arc::new(Answers::new(Arc::clone(&store), InProcessCache::new(64 << 20), "1"));
/// let tree = async move || {
///     let tree = store.categories().await?;
///     Ok::<_, commerce_core::StoreError>(format!("{} roots", tree.len()).into_bytes())
/// };
/// let kept = match answers.find(&Question::new("tree", "")).await? {
///     Found::Current(kept) => kept,
///     Found::Outdated(kept, place) => {
///         // In a task of its own, in place of this:
///         answers.make(&place, tree()).await.ok();
///         kept
///     }
///     Found::Nothing(place) => answers.make(&place, tree()).await.map_err(|error| error.to_string())?.0,
/// };
/// # Ok(())
/// # }
/// ```
pub struct Answers {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    near: InProcessCache,
    far: Option<Arc<dyn Cache>>,
    form: String,
    watch: Mutex<Watch>,
    /// Held by whoever looks at the generation.
    looking: async_lock::Mutex<()>,
}

/// What there is to a question.
#[derive(Debug)]
pub enum Found {
    /// The answer.
    Current(Kept),
    /// An answer that may be given, while somebody [makes](Answers::make) the one for this place.
    Outdated(Kept, Place),
    /// None: it is to be made, for this place.
    Nothing(Place),
}

/// Where an answer came from that was not near.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// From the far cache.
    Far,
    /// From the store.
    Here,
    /// Somebody else made it at the same time.
    Beside,
}

impl Answers {
    /// Answers over this store, kept here. `form` tells apart programs that word answers differently: it is part of each
    /// key, and has at most 40 bytes.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, near: InProcessCache, form: &str) -> Self {
        let clock = store.clock();
        let form = form.to_owned();
        Self {
            store,
            clock,
            near,
            far: None,
            form,
            watch: Mutex::default(),
            looking: async_lock::Mutex::new(()),
        }
    }

    /// The same, shared with others through this cache.
    #[must_use]
    pub fn far(mut self, far: Arc<dyn Cache>) -> Self {
        self.far = Some(far);
        self
    }

    /// Looks for the answer to a question.
    ///
    /// # Errors
    /// When nothing has been known of the generation for too long and the store does not tell it.
    pub async fn find(&self, question: &Question) -> Result<Found, StoreError> {
        let generation = self.generation().await?;
        let place = self.place(generation, question);
        if let Some(stored) = self.near.entries.get(place.key()).await {
            return Ok(Found::Current(Kept::trusted(stored)));
        }
        let past = self.watch().past(self.clock.now());
        if let Some(past) = past.map(|past| self.place(past, question))
            && let Some(stored) = self.near.entries.get(past.key()).await
        {
            return Ok(Found::Outdated(Kept::trusted(stored), place));
        }
        Ok(Found::Nothing(place))
    }

    /// The answer for a place that had none: from the far cache, or by `make`, which reads the store. Of many who ask at
    /// once one does that, and the others wait for it.
    ///
    /// # Errors
    /// What `make` failed with; the same for all who waited, and nothing is kept.
    pub async fn make<E: Send + Sync + 'static>(
        &self,
        place: &Place,
        make: impl Future<Output = Result<Vec<u8>, E>>,
    ) -> Result<(Kept, Made), Arc<E>> {
        let made = AtomicU8::new(Made::Beside as u8);
        let fresh = async {
            if let Some(kept) = self.found_far(place).await {
                made.store(Made::Far as u8, Ordering::Relaxed);
                return Ok(kept.stored());
            }
            let kept = Kept::new(&make.await?);
            made.store(Made::Here as u8, Ordering::Relaxed);
            if let Some(far) = &self.far {
                far.put(place.key(), kept.stored()).await;
            }
            Ok(kept.stored())
        };
        let stored: Bytes = self.near.entries.try_get_with_by_ref(place.key(), fresh).await?;
        let made = match made.into_inner() {
            by if by == Made::Far as u8 => Made::Far,
            by if by == Made::Here as u8 => Made::Here,
            _ => Made::Beside,
        };
        Ok((Kept::trusted(stored), made))
    }

    /// Whoever may have changed something says so, and the next to ask sees it.
    pub fn touch(&self) {
        self.watch().touch();
    }

    async fn found_far(&self, place: &Place) -> Option<Kept> {
        Kept::restored(self.far.as_ref()?.get(place.key()).await?)
    }

    /// The generation to go by.
    async fn generation(&self) -> Result<Generation, StoreError> {
        let standing = self.standing();
        let turn = match standing {
            Standing::Sure(generation) => return Ok(generation),
            Standing::Aging(generation) => match self.looking.try_lock() {
                Some(turn) => turn,
                None => return Ok(generation),
            },
            Standing::Unsure => {
                let turn = self.looking.lock().await;
                if let Standing::Sure(generation) = self.standing() {
                    return Ok(generation);
                }
                turn
            }
        };
        let look = self.watch().look(self.clock.now());
        let seen = self.store.catalog_generation().await;
        // Before the turn is over: whoever has it next finds what was seen.
        if let Ok(generation) = &seen {
            self.watch().saw(look, *generation);
        }
        drop(turn);
        match (seen, self.standing()) {
            (Err(_), Standing::Aging(generation)) => Ok(generation),
            (seen, _) => seen,
        }
    }

    fn standing(&self) -> Standing {
        self.watch().standing(self.clock.now())
    }

    fn place(&self, generation: Generation, question: &Question) -> Place {
        Place::of(&self.form, generation, question)
    }

    fn watch(&self) -> MutexGuard<'_, Watch> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answers").field("near", &self.near).finish_non_exhaustive()
    }
}
