//! The innermost loops: masks over 32 bytes, eight digits at a time, loads that stay in
//! bounds. Everything above is safe code written once; the instruction set is chosen at
//! run time (see [`Isa`]).

mod digits;
mod isa;
mod text;
mod utf8;

#[cfg(target_arch = "x86_64")]
mod avx2;
mod portable;

#[cfg(target_arch = "x86_64")]
pub(crate) use avx2::Avx2;
pub(crate) use digits::{POWERS, digits};
pub(crate) use isa::{Block, Isa};
pub(crate) use portable::{Portable, equal_bytes};
pub(crate) use text::Text;
pub(crate) use utf8::utf8_array;
