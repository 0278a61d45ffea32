#![doc = include_str!("../README.md")]

mod limiter;
mod link;
mod url;

pub use limiter::RedisLimiter;
pub use link::RedisLink;
pub use url::RedisUrlError;
