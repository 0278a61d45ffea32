//! `/api/users/`: one's own account: profile, addresses, sessions, e-mail address.

use commerce_core::access::Role;
use commerce_core::account::Search;
use commerce_core::limit::Budget;
use commerce_core::{AddressId, CustomerId, SessionId, VariantId, WishlistItemId};
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};

use super::access::{MayReadCustomers, MayWriteCustomers, SignedIn};
use super::auth::{email, link, password, subject, tried, tries};
use super::{Shop, Tag};
use crate::settle::settle;
use crate::wire::{
    AcceptedDto, Answer, Body, ChangeEmailBody, Check, ClaimedDto, CursorLinks, Done, EraseBody, Flag, Id,
    LinkBody, OwnDataDto, PageSize, Problem, ProductsDto, ProfileBody, Refused, SavedAddressBody,
    SavedAddressDto, SavedAddressesDto, SessionsDto, StandingBody, Text, UserDto, UserPageDto, Wish,
    WishBody, WishDto, WishlistDto, statuses,
};

statuses! {
    /// Refusals of reading what is one's own.
    ReadOwn:
        401 "No valid access token.",
        403 "Programs have no account.",
        404 "There is no such thing, or it is not yours.";
    /// Refusals of reading one's wishlist.
    ReadWishlist:
        401 "No valid access token.",
        403 "Programs have no account.",
        422 "A parameter cannot be understood.";
    /// Refusals of putting something on one's wishlist.
    ChangeWishlist:
        400 "The body cannot be understood.",
        401 "No valid access token.",
        403 "Programs have no account.",
        404 "There is no such account any more.",
        413 "The body is too large.",
        415 "The body is not JSON.",
        422 "A rule is broken: `validation-failed`, `unknown-variant`.";
    /// Refusals of reading accounts.
    ReadUsers:
        401 "The token is missing or wrong.",
        403 "You may not do this.",
        404 "There is no such account.",
        422 "A parameter cannot be understood.";
    /// Refusals of ending somebody's sessions.
    EndUserSessions:
        401 "The token is missing or wrong.",
        403 "You may not do this.",
        404 "There is no such account.";
    /// Refusals of changing what is one's own.
    ChangeOwn:
        400 "The body cannot be understood.",
        401 "No valid access token, or the password is wrong: `invalid-credentials`.",
        403 "Programs have no account.",
        404 "There is no such thing, or it is not yours.",
        412 "The account changed since the version that was named: `version-conflict`.",
        413 "The body is too large.",
        415 "The body is not JSON.",
        422 "A rule is broken: `validation-failed`, `link-invalid`.";
    /// Refusals of erasing one's account.
    EraseOwn:
        400 "The body cannot be understood.",
        401 "No valid access token, or the password is wrong: `invalid-credentials`.",
        403 "Programs have no account, and whoever works for the shop or sells there asks an administrator.",
        409 "Orders have not ended: `invalid-transition`.",
        413 "The body is too large.",
        415 "The body is not JSON.",
        422 "A rule is broken: `validation-failed`.";
    /// Refusals of confirming an address, for which nobody has to be logged in.
    ConfirmEmail:
        400 "The body cannot be understood.",
        409 "Somebody took the address meanwhile: `already-exists`.",
        413 "The body is too large.",
        415 "The body is not JSON.",
        422 "A rule is broken: `validation-failed`, `link-invalid`.";
}

pub(crate) struct UsersApi {
    pub(super) shop: Shop,
}

#[OpenApi(prefix_path = "/api/users", tag = "Tag::Accounts")]
impl UsersApi {
    /// Shows one's account
    #[oai(path = "/profile/", method = "get", operation_id = "getProfile")]
    async fn profile(&self, who: SignedIn) -> Result<Answer<UserDto>, Refused<ReadOwn>> {
        Ok(Answer::new(&UserDto::from(&who.account))?)
    }

    /// Changes names, phone and language; what is left out is emptied
    #[oai(path = "/profile/", method = "put", operation_id = "replaceProfile")]
    async fn replace(
        &self,
        who: SignedIn,
        body: Body<ProfileBody>,
    ) -> Result<Answer<UserDto>, Refused<ChangeOwn>> {
        self.change(who, body.value.whole()).await
    }

    /// Changes names, phone and language; what is left out stays
    #[oai(path = "/profile/", method = "patch", operation_id = "changeProfile")]
    async fn patch(
        &self,
        who: SignedIn,
        body: Body<ProfileBody>,
    ) -> Result<Answer<UserDto>, Refused<ChangeOwn>> {
        self.change(who, body.value).await
    }

    /// Erases one's account
    ///
    /// Addresses, sessions, carts and mails are deleted, and all that its reviews say. Orders are kept, as the law wants it, without anything that says who
    /// placed them; so are those that a guest placed with the same e-mail address. Not before every order has ended.
    #[oai(path = "/profile/", method = "delete", operation_id = "eraseAccount")]
    async fn erase(
        &self,
        request: &poem::Request,
        who: SignedIn,
        body: Body<EraseBody>,
    ) -> Result<Done, Refused<EraseOwn>> {
        let password = password("/password", &body.value.password)?;
        let account = subject(&who.account.email);
        let personal = self.shop.engine.personal();
        tried(request, &account, async move { personal.erase(&who.account, &password).await }).await?;
        Ok(Done)
    }

    /// Shows all that the shop knows of oneself, as one document
    #[oai(path = "/export/", method = "get", operation_id = "exportOwnData")]
    async fn export(&self, who: SignedIn) -> Result<Answer<OwnDataDto>, Refused<ReadOwn>> {
        let engine = &self.shop.engine;
        self.shop.views.written().await;
        let export = engine.personal().export(&who.account).await?;
        let cart = engine.carts().get(&who.account).await?;
        Ok(Answer::new(&OwnDataDto::new(&export, who.session, &cart))?)
    }

    /// Makes the orders one's own that a guest placed with the confirmed address of the account
    ///
    /// What was claimed before is not claimed again.
    #[oai(path = "/orders/claim/", method = "post", operation_id = "claimOrders")]
    async fn claim(&self, who: SignedIn) -> Result<Answer<ClaimedDto>, Refused<ReadOwn>> {
        let personal = self.shop.engine.personal();
        let claimed = settle(async move { personal.claim(&who.account).await }).await?;
        Ok(Answer::new(&ClaimedDto { orders: claimed.orders.into_iter().map(|id| id.0).collect() })?)
    }

    /// Lists one's wishlist
    ///
    /// The newest first, each with its price and stock of now. What is no longer sold stays, without a price.
    #[oai(path = "/wishlist/", method = "get", operation_id = "listWishlist")]
    async fn wishlist(
        &self,
        who: SignedIn,
        /// Behind this item, in the order of the answer.
        cursor: Query<Option<Id>>,
        /// Rows on a page.
        page_size: Query<Option<PageSize>>,
    ) -> Result<Answer<WishlistDto>, Refused<ReadWishlist>> {
        let mut check = Check::default();
        let before = cursor.0.and_then(|id| check.parse::<WishlistItemId>("/cursor", &id.0));
        let size = page_size.0.map_or(Some(20), |size| size.check("/page_size", &mut check));
        let size = check.finish(size)?;
        let links = CursorLinks { path: "/api/users/wishlist/", filters: Vec::new(), page_size: size };
        let interests = self.shop.engine.interests();
        let found = interests.wishlist(who.id(), before, links.rows()).await;
        let mut found = found.map_err(Problem::from)?;
        let next = links.cut(&mut found, |wished| wished.item.id);
        Ok(Answer::new(&WishlistDto { results: found.iter().map(WishDto::from).collect(), next })?)
    }

    /// Puts a variant on one's wishlist, or saves an item of one's cart for later
    ///
    /// At most 500. What is on it already stays as it is. What is saved for later leaves the cart in the same moment; its
    /// quantity and customizations are not kept.
    #[oai(path = "/wishlist/", method = "post", operation_id = "addToWishlist")]
    async fn add_to_wishlist(
        &self,
        who: SignedIn,
        body: Body<WishBody>,
    ) -> Result<Answer<WishDto, 201>, Refused<ChangeWishlist>> {
        let wish = body.value.command()?;
        let interests = self.shop.engine.interests();
        let added = settle(async move {
            match wish {
                Wish::Variant(variant) => interests.add(who.id(), &variant).await,
                Wish::Line(line) => interests.save_for_later(&who.account, line).await,
            }
        });
        Ok(Answer::new(&WishDto::from(&added.await?.wished))?)
    }

    /// Takes a variant off one's wishlist
    #[oai(path = "/wishlist/:variant_id/", method = "delete", operation_id = "removeFromWishlist")]
    async fn remove_from_wishlist(
        &self,
        who: SignedIn,
        /// The variant.
        variant_id: Path<Id>,
    ) -> Result<Done, Refused<ReadOwn>> {
        let variant: VariantId = variant_id.0.0.parse().map_err(|_| Problem::not_found())?;
        let interests = self.shop.engine.interests();
        settle(async move { interests.remove(who.id(), variant).await }).await?;
        Ok(Done)
    }

    /// Lists the products that one looked at
    ///
    /// The last first, at most 50, only what is on sale. A product that was looked at through another server may be missing
    /// for some seconds.
    #[oai(path = "/recently-viewed/", method = "get", operation_id = "listRecentlyViewed")]
    async fn recently_viewed(&self, who: SignedIn) -> Result<Answer<ProductsDto>, Refused<ReadOwn>> {
        self.shop.views.written().await;
        let viewed = self.shop.engine.interests().recently_viewed(who.id()).await.map_err(Problem::from)?;
        Ok(Answer::new(&ProductsDto::from(viewed.on_sale))?)
    }

    /// Lists one's addresses
    #[oai(path = "/addresses/", method = "get", operation_id = "listAddresses")]
    async fn addresses(&self, who: SignedIn) -> Result<Answer<SavedAddressesDto>, Refused<ReadOwn>> {
        let book = self.shop.engine.accounts().addresses(who.id()).await.map_err(Problem::from)?;
        Ok(Answer::new(&SavedAddressesDto { results: book.iter().map(SavedAddressDto::from).collect() })?)
    }

    /// Writes an address down
    ///
    /// At most 50. The first of a type is its default.
    #[oai(path = "/addresses/", method = "post", operation_id = "addAddress")]
    async fn add_address(
        &self,
        who: SignedIn,
        body: Body<SavedAddressBody>,
    ) -> Result<Answer<SavedAddressDto, 201>, Refused<ChangeOwn>> {
        let new = body.value.command()?;
        let accounts = self.shop.engine.accounts();
        let saved = settle(async move { accounts.save_address(who.id(), None, &new).await }).await?;
        Ok(Answer::new(&SavedAddressDto::from(&saved))?)
    }

    /// Shows an address
    #[oai(path = "/addresses/:id/", method = "get", operation_id = "getAddress")]
    async fn address(
        &self,
        who: SignedIn,
        /// The address.
        id: Path<Id>,
    ) -> Result<Answer<SavedAddressDto>, Refused<ReadOwn>> {
        let id: AddressId = id.0.0.parse().map_err(|_| Problem::not_found())?;
        let book = self.shop.engine.accounts().addresses(who.id()).await.map_err(Problem::from)?;
        let found = book.iter().find(|saved| saved.id == id).ok_or_else(Problem::not_found)?;
        Ok(Answer::new(&SavedAddressDto::from(found))?)
    }

    /// Changes an address as a whole
    #[oai(path = "/addresses/:id/", method = "put", operation_id = "changeAddress")]
    async fn change_address(
        &self,
        who: SignedIn,
        /// The address.
        id: Path<Id>,
        body: Body<SavedAddressBody>,
    ) -> Result<Answer<SavedAddressDto>, Refused<ChangeOwn>> {
        let id: AddressId = id.0.0.parse().map_err(|_| Problem::not_found())?;
        let new = body.value.command()?;
        let accounts = self.shop.engine.accounts();
        let saved = settle(async move { accounts.save_address(who.id(), Some(id), &new).await }).await?;
        Ok(Answer::new(&SavedAddressDto::from(&saved))?)
    }

    /// Deletes an address
    #[oai(path = "/addresses/:id/", method = "delete", operation_id = "deleteAddress")]
    async fn delete_address(
        &self,
        who: SignedIn,
        /// The address.
        id: Path<Id>,
    ) -> Result<Done, Refused<ReadOwn>> {
        let id: AddressId = id.0.0.parse().map_err(|_| Problem::not_found())?;
        let accounts = self.shop.engine.accounts();
        settle(async move { accounts.remove_address(who.id(), id).await }).await?;
        Ok(Done)
    }

    /// Lists one's sessions
    #[oai(path = "/sessions/", method = "get", operation_id = "listSessions")]
    async fn sessions(&self, who: SignedIn) -> Result<Answer<SessionsDto>, Refused<ReadOwn>> {
        let sessions = self.shop.engine.accounts().sessions(who.id()).await.map_err(Problem::from)?;
        Ok(Answer::new(&SessionsDto::new(&sessions, who.session))?)
    }

    /// Ends one of one's sessions
    #[oai(path = "/sessions/:id/", method = "delete", operation_id = "endSession")]
    async fn end_session(
        &self,
        who: SignedIn,
        /// The session.
        id: Path<Id>,
    ) -> Result<Done, Refused<ReadOwn>> {
        let id: SessionId = id.0.0.parse().map_err(|_| Problem::not_found())?;
        let accounts = self.shop.engine.accounts();
        settle(async move { accounts.end_session(who.id(), id).await }).await?;
        Ok(Done)
    }

    /// Asks for another e-mail address
    ///
    /// A token is mailed to both addresses; the change is made when both are shown to `email/change/confirm/`. The answer is
    /// the same when the new address is somebody else's.
    #[oai(path = "/email/change/", method = "post", operation_id = "requestEmailChange")]
    async fn ask_email_change(
        &self,
        request: &poem::Request,
        who: SignedIn,
        body: Body<ChangeEmailBody>,
    ) -> Result<Answer<AcceptedDto, 202>, Refused<ChangeOwn>> {
        let new = email("/new_email", &body.value.new_email)?;
        let password = password("/password", &body.value.password)?;
        tries(request)?.take(Budget::VerifyAccount, &subject(&new)).await?;
        let account = subject(&who.account.email);
        let accounts = self.shop.engine.accounts();
        let asking = async move { accounts.ask_email_change(who.id(), &password, &new).await };
        tried(request, &account, asking).await?;
        Ok(Answer::new(&AcceptedDto { detail: "check your mail at both addresses".to_owned() })?)
    }

    /// Confirms another e-mail address by one of the two tokens that were mailed
    #[oai(path = "/email/change/confirm/", method = "post", operation_id = "confirmEmailChange")]
    async fn confirm_email_change(&self, body: Body<LinkBody>) -> Result<Done, Refused<ConfirmEmail>> {
        let token = link(&body.value.token)?;
        let accounts = self.shop.engine.accounts();
        settle(async move { accounts.confirm_email_change(&token).await }).await?;
        Ok(Done)
    }

    /// Lists accounts
    ///
    /// The newest first.
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the operation")]
    #[oai(path = "/all/", method = "get", operation_id = "listUsers")]
    async fn list(
        &self,
        _admin: MayReadCustomers,
        /// In this role.
        role: Query<Option<Text>>,
        /// Active, or not.
        is_active: Query<Option<Flag>>,
        /// In the customer group of this code.
        customer_group: Query<Option<Text>>,
        /// With this in the e-mail address or a name.
        q: Query<Option<Text>>,
        /// Behind this account, in the order of the answer.
        cursor: Query<Option<Id>>,
        /// Rows on a page.
        page_size: Query<Option<PageSize>>,
    ) -> Result<Answer<UserPageDto>, Refused<ReadUsers>> {
        let sent = [
            ("role", role.0.as_ref().map(|role| role.0.clone())),
            ("is_active", is_active.0.as_ref().map(|flag| flag.0.clone())),
            ("customer_group", customer_group.0.as_ref().map(|group| group.0.clone())),
            ("q", q.0.as_ref().map(|text| text.0.clone())),
        ];
        let mut check = Check::default();
        let role = role.0.and_then(|role| check.word("/role", &role.0, Role::ALL, Role::as_str));
        let is_active = is_active.0.and_then(|flag| flag.check("/is_active", &mut check));
        let after = cursor.0.and_then(|id| check.parse::<CustomerId>("/cursor", &id.0));
        let size = page_size.0.map_or(Some(20), |size| size.check("/page_size", &mut check));
        let size = check.finish(size)?;
        let customer_group = customer_group.0.map(|group| group.0);
        let search = Search { role, is_active, customer_group, text: q.0.map(|text| text.0), after };
        let links = CursorLinks { path: "/api/users/all/", filters: sent.into(), page_size: size };
        let accounts = self.shop.engine.accounts();
        let mut found = accounts.accounts(&search, links.rows()).await.map_err(Problem::from)?;
        let next = links.cut(&mut found, |account| account.id);
        Ok(Answer::new(&UserPageDto { results: found.iter().map(UserDto::from).collect(), next })?)
    }

    /// Shows an account
    #[oai(path = "/:id/", method = "get", operation_id = "getUser")]
    async fn show(
        &self,
        _admin: MayReadCustomers,
        /// The account.
        id: Path<Id>,
    ) -> Result<Answer<UserDto>, Refused<ReadUsers>> {
        let id: CustomerId = id.0.0.parse().map_err(|_| Problem::not_found())?;
        let account = self.shop.engine.accounts().account(id).await.map_err(Problem::from)?;
        Ok(Answer::new(&UserDto::from(&account))?)
    }

    /// Changes what an account is to the shop: its role, whether it is active, its customer group
    ///
    /// It counts with the next request of that account, and is written down in the audit. A role, and any change of somebody
    /// who is more than a customer, asks for `roles.write` too.
    #[oai(path = "/:id/", method = "patch", operation_id = "changeUser")]
    async fn change_standing(
        &self,
        admin: MayWriteCustomers,
        /// The account.
        id: Path<Id>,
        body: Body<StandingBody>,
    ) -> Result<Answer<UserDto>, Refused<ChangeOwn>> {
        let id: CustomerId = id.0.0.parse().map_err(|_| Problem::not_found())?;
        let version = body.value.version;
        let standing = body.value.command()?;
        let accounts = self.shop.engine.accounts();
        let changed =
            settle(async move { accounts.change_standing(&admin.caller, id, &standing, version).await })
                .await?;
        Ok(Answer::new(&UserDto::from(&changed))?)
    }

    /// Ends every session of an account
    ///
    /// Its owner may log in again; who should not is deactivated. It is written down in the audit. Of somebody who is more
    /// than a customer it asks for `roles.write` too.
    #[oai(path = "/:id/sessions/", method = "delete", operation_id = "endUserSessions")]
    async fn end_sessions(
        &self,
        admin: MayWriteCustomers,
        /// The account.
        id: Path<Id>,
    ) -> Result<Done, Refused<EndUserSessions>> {
        let id: CustomerId = id.0.0.parse().map_err(|_| Problem::not_found())?;
        let accounts = self.shop.engine.accounts();
        settle(async move { accounts.end_sessions(&admin.caller, id).await }).await?;
        Ok(Done)
    }

    async fn change(&self, who: SignedIn, body: ProfileBody) -> Result<Answer<UserDto>, Refused<ChangeOwn>> {
        let version = body.version;
        let profile = body.over(&who.account)?;
        let accounts = self.shop.engine.accounts();
        let changed =
            settle(async move { accounts.change_profile(who.id(), &profile, version).await }).await?;
        Ok(Answer::new(&UserDto::from(&changed))?)
    }
}
