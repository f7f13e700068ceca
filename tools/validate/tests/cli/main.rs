//! `validate` as a process.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs
)]

mod constraints;
mod foreign;
mod gate;
mod nested;
mod rejects;
mod rules;
mod streams;
mod unique;
mod usage;
mod wire;
