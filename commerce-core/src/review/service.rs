//! Reviews: look, decide, commit.

use std::sync::Arc;

use super::{
    About, Draft, Edit, Found, Look, Moderate, ReportCommand, Review, ReviewError, ReviewTerms, Search,
    Shown, Submit, View, Vote, Withdraw, edit, moderate, report, submit, vote, withdraw,
};
use crate::attempts::Attempts;
use crate::catalog::Slug;
use crate::commit::{ChangeSet, StoreError};
use crate::engine::Parts;
use crate::idempotency::{KeyReused, Outcome, Request};
use crate::{CustomerId, Ids, ReviewId};

/// The reviews of the shop; reached by [`Engine::reviews`](crate::Engine::reviews).
#[derive(Clone)]
pub struct Reviews {
    pub(crate) parts: Arc<Parts>,
}

/// A review after it was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewAnswer {
    /// The review as it is now.
    pub shown: Shown,
    /// What whoever asks has voted on it.
    pub vote: Option<bool>,
    /// Whether this repeats a request that had its effect before.
    pub replayed: bool,
}

impl Reviews {
    /// What the shop decides about reviews.
    #[must_use]
    pub fn terms(&self) -> &ReviewTerms {
        &self.parts.review_terms
    }

    /// A page of reviews.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn search(&self, search: &Search) -> Result<Found, StoreError> {
        self.parts.store.reviews(search).await
    }

    /// A review, whoever asks; whether they see it [`Shown::is_open_to`] says.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn look(&self, id: ReviewId, customer: Option<CustomerId>) -> Result<View, StoreError> {
        self.parts.store.review(&Look::at(id, customer)).await
    }

    /// Writes a review of the product of this slug.
    ///
    /// # Errors
    /// As [`Draft::content`] and [`submit`](super::submit()); [`ReviewError::KeyReused`].
    pub async fn submit(
        &self,
        product: &Slug,
        author: CustomerId,
        draft: &Draft,
        request: Option<Request>,
    ) -> Result<ReviewAnswer, ReviewError> {
        let content = draft.content()?;
        let repeated = request.as_ref().map(|request| request.scope.clone());
        let look = Look { about: About::Product(product.clone()), customer: Some(author), repeated };
        let command = Submit { author, content, request };
        let terms = &self.parts.review_terms;
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let view = self.parts.store.review(&look).await?;
            if let (Some(request), Some(record)) = (&command.request, &view.record) {
                request.answered_by(record)?;
                let Outcome::ReviewWritten(id) = record.outcome else { return Err(KeyReused.into()) };
                return self.answer(id, author, true).await;
            }
            let (review, mut changes) = submit(&view, &command, terms, &mut self.parts.ids(view.now))?;
            match self.parts.commit(&mut changes).await {
                Ok(()) => return self.answer(review.id, author, false).await,
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    /// Says something else in a review of one's own.
    ///
    /// # Errors
    /// As [`Draft::content`] and [`edit`](super::edit()). What is not theirs is not found before anything else is looked at.
    pub async fn edit(
        &self,
        id: ReviewId,
        author: CustomerId,
        draft: &Draft,
        version: Option<u64>,
    ) -> Result<ReviewAnswer, ReviewError> {
        let terms = &self.parts.review_terms;
        self.decide(id, Some(author), |view, ids| {
            view.own(author).ok_or(ReviewError::NotFound)?;
            let command = Edit { author, content: draft.content()?, version };
            edit(view, &command, terms, ids).map(|(review, changes)| (Some(review), changes))
        })
        .await?
        .ok_or(ReviewError::NotFound)
    }

    /// Takes a review of one's own away.
    ///
    /// # Errors
    /// As [`withdraw`](super::withdraw()).
    pub async fn withdraw(
        &self,
        id: ReviewId,
        author: CustomerId,
        version: Option<u64>,
    ) -> Result<(), ReviewError> {
        let command = Withdraw { author, version };
        self.decide(id, Some(author), |view, ids| Ok((None, withdraw(view, &command, ids)?))).await?;
        Ok(())
    }

    /// Votes on a review.
    ///
    /// # Errors
    /// As [`vote`](super::vote()).
    pub async fn vote(&self, id: ReviewId, command: Vote) -> Result<ReviewAnswer, ReviewError> {
        let voted = self.decide(id, Some(command.by), |view, _| {
            vote(view, command).map(|(review, changes)| (Some(review), changes))
        });
        let answer = voted.await?.ok_or(ReviewError::NotFound)?;
        Ok(ReviewAnswer { vote: command.helpful, ..answer })
    }

    /// Reports a review.
    ///
    /// # Errors
    /// As [`report`](super::report()).
    pub async fn report(&self, id: ReviewId, command: &ReportCommand) -> Result<(), ReviewError> {
        let terms = &self.parts.review_terms;
        self.decide(id, Some(command.by), |view, ids| Ok((None, report(view, command, terms, ids)?))).await?;
        Ok(())
    }

    /// Decides about a review, for the shop.
    ///
    /// # Errors
    /// As [`moderate`](super::moderate()); [`ReviewError::KeyReused`].
    pub async fn moderate(&self, id: ReviewId, command: &Moderate) -> Result<View, ReviewError> {
        let repeated = command.request.as_ref().map(|request| request.scope.clone());
        let look = Look { repeated, ..Look::at(id, None) };
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let view = self.parts.store.review(&look).await?;
            if let (Some(request), Some(record)) = (&command.request, &view.record) {
                request.audited_by(record)?;
                return Ok(view);
            }
            let (_, mut changes) = moderate(&view, command, &mut self.parts.ids(view.now))?;
            if changes == ChangeSet::default() {
                return Ok(view);
            }
            match self.parts.commit(&mut changes).await {
                Ok(()) => return Ok(View { record: None, ..self.look(id, None).await? }),
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    /// Looks, decides and commits until that holds. The review as it is then, unless it was taken out of sight.
    async fn decide(
        &self,
        id: ReviewId,
        customer: Option<CustomerId>,
        decide: impl Fn(&View, &mut Ids) -> Result<(Option<Review>, ChangeSet), ReviewError> + Send + Sync,
    ) -> Result<Option<ReviewAnswer>, ReviewError> {
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let view = self.parts.store.review(&Look::at(id, customer)).await?;
            let (after, mut changes) = decide(&view, &mut self.parts.ids(view.now))?;
            let done = match changes == ChangeSet::default() {
                true => Ok(()),
                false => self.parts.commit(&mut changes).await,
            };
            match done {
                Ok(()) => {
                    let shown = view.review.zip(after).map(|(shown, review)| Shown { review, ..shown });
                    let answer = |shown| ReviewAnswer { shown, vote: view.vote, replayed: false };
                    return Ok(shown.map(answer));
                }
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    /// The review that its author has just written, or wrote before.
    async fn answer(
        &self,
        id: ReviewId,
        author: CustomerId,
        replayed: bool,
    ) -> Result<ReviewAnswer, ReviewError> {
        let view = self.look(id, Some(author)).await?;
        let shown = view.review.ok_or(ReviewError::NotFound)?;
        Ok(ReviewAnswer { shown, vote: view.vote, replayed })
    }
}
