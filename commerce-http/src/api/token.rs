//! The tokens that a caller shows: headers that are described in the document and read without telling a wrong one from
//! one that does not exist.

use commerce_core::OrderId;
use commerce_core::audit::Actor;
use commerce_core::cart::{CartToken, Shopper};
use poem::{Request, RequestBody, Result};
use poem_openapi::registry::{MetaParamIn, MetaSchema, MetaSchemaRef};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use super::access::{Perhaps, Visitor};
use crate::order_token::OrderTokens;
use crate::wire::Problem;

/// The header that carries a cart's token.
pub(crate) const CART_TOKEN: &str = "x-cart-token";
/// The header that carries an order's token.
pub(crate) const ORDER_TOKEN: &str = "x-order-token";

/// A header of the request: what was sent, be it text or not.
pub(super) struct Sent(Option<Vec<u8>>);

impl Sent {
    /// The text; bytes that are none become a text that no token equals.
    fn text(&self) -> Option<&str> {
        self.0.as_deref().map(|bytes| std::str::from_utf8(bytes).unwrap_or(""))
    }
}

/// The token of a cart, as sent.
pub(super) struct CartAccess(Sent);

impl CartAccess {
    /// Whose cart it is: that of the account of whoever is logged in, whatever token is sent; else that of the token, if one
    /// was sent. One that cannot be a token is answered like one that opens no cart.
    pub(super) fn shopper(&self, visitor: &Visitor) -> Result<Shopper, Problem> {
        if let Some(account) = &visitor.account {
            return Ok(account.into());
        }
        let token = self.0.text().map(|text| text.parse::<CartToken>().map_err(|_| Problem::not_found()));
        Ok(token.transpose()?.as_ref().into())
    }

    /// The same of somebody who has a cart: without a login or a token nothing here belongs to the caller.
    pub(super) fn holder(&self, visitor: &Visitor) -> Result<Shopper, Problem> {
        match self.shopper(visitor)? {
            Shopper::Newcomer => Err(Problem::unauthenticated("X-Cart-Token", "CartToken")),
            holder => Ok(holder),
        }
    }
}

/// The token of an order, as sent.
pub(super) struct OrderAccess(Sent);

impl OrderAccess {
    /// The order that is asked for, and who asks: staff, for whom all of them are there, whoever has its token, or somebody
    /// who is logged in, for whom [their own](commerce_core::order::OrderView::is_open_to) are.
    pub(super) fn opened<const PERMISSION: usize>(
        &self,
        id: &str,
        staff: Perhaps<PERMISSION>,
        tokens: &OrderTokens,
    ) -> Result<(OrderId, Actor), Problem> {
        let asked = || id.parse().map_err(|_| Problem::not_found());
        match staff {
            Perhaps::Permitted(staff) => Ok((asked()?, staff.actor())),
            Perhaps::Own(who) if !self.is_sent() => Ok((asked()?, Actor::Customer(who.id()))),
            _ => Ok((self.opens(id, tokens)?, Actor::Guest)),
        }
    }

    fn is_sent(&self) -> bool {
        self.0.0.is_some()
    }

    /// The order that the token opens: the one asked for, or none.
    fn opens(&self, id: &str, tokens: &OrderTokens) -> Result<OrderId, Problem> {
        let token = self.0.text().ok_or_else(|| Problem::unauthenticated("X-Order-Token", "OrderToken"))?;
        let id: OrderId = id.parse().map_err(|_| Problem::not_found())?;
        if tokens.verify(id, token) { Ok(id) } else { Err(Problem::not_found()) }
    }
}

macro_rules! header_param {
    ($($name:ident)+) => {$(
        impl<'a> ApiExtractor<'a> for $name {
            const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
            type ParamType = ();
            type ParamRawType = ();

            fn param_in() -> Option<MetaParamIn> {
                Some(MetaParamIn::Header)
            }

            fn param_schema_ref() -> Option<MetaSchemaRef> {
                Some(MetaSchemaRef::Inline(Box::new(MetaSchema::new("string"))))
            }

            async fn from_request(
                request: &'a Request,
                _: &mut RequestBody,
                options: ExtractParamOptions<()>,
            ) -> Result<Self> {
                let sent = request.headers().get(options.name);
                Ok(Self(Sent(sent.map(|value| value.as_bytes().to_vec()))))
            }
        }
    )+};
}

header_param! { CartAccess OrderAccess }
