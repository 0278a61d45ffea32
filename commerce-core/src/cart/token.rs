//! The secret that a guest's cart is reached by.

use crate::token::secret_token;

pub use crate::token::TokenHash;

secret_token! {
    /// The secret of a cart: 256 random bits.
    ///
    /// It is shown once, to whoever creates the cart; a store keeps only its [`TokenHash`].
    CartToken, 32, CartTokenError, "not a cart token"
}
