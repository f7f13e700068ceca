//! What need not be read: row groups by statistics and bloom filters, pages by the page
//! index. "Unknown" keeps.

mod groups;
mod known;
mod pages;

pub(crate) use groups::{Group, Plan, plan};
pub(crate) use pages::pages;
