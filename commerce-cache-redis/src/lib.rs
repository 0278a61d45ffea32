#![doc = include_str!("../README.md")]

mod cache;
mod limiter;
mod link;
mod url;

pub use cache::RedisCache;
pub use limiter::RedisLimiter;
pub use link::RedisLink;
pub use url::RedisUrlError;
