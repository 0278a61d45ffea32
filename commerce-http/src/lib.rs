#![doc = include_str!("../README.md")]

mod accept;
mod access_token;
pub mod accounts;
mod admin_token;
mod api;
mod audit_export;
pub mod cli;
mod client_address;
pub mod config;
pub mod export;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
pub mod gateway;
pub mod import;
mod jobs;
mod layer;
pub mod mail;
pub mod media;
mod order_token;
pub mod password;
mod percent;
mod rate_limits;
mod routes;
mod secret;
pub mod seed;
pub mod server;
mod settle;
mod site;
pub mod store;
mod views;
mod wire;
