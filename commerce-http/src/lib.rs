#![doc = include_str!("../README.md")]

mod accept;
mod access_token;
pub mod accounts;
mod admin_token;
mod api;
pub mod cli;
pub mod config;
pub mod export;
pub mod gateway;
pub mod import;
mod jobs;
mod layer;
mod order_token;
pub mod password;
mod routes;
mod secret;
pub mod server;
mod settle;
mod site;
pub mod store;
mod wire;
