//! The instruction set as a type: one body of code, compiled once per set.

use super::Text;
use crate::column::{Column, List, Object};
use crate::context::{At, Context};
use crate::json::{Next, Pause, Records};

/// 32 bytes of text.
pub(crate) type Block = [u8; 32];

/// Masks over 32 bytes, bit i for byte i; and the functions of the decoder that are
/// compiled for the instruction set as a whole. Everything between is generic over
/// `Isa` and inlined into one of these, so the masks are instructions, not calls.
pub(crate) trait Isa: Copy {
    /// Quotes, backslashes and control characters.
    fn special(self, block: &Block) -> u32;

    /// Bytes that are the same on both sides.
    fn equal(self, left: &Block, right: &Block) -> u32;

    /// Bytes that are one of these four.
    fn any(self, block: &Block, bytes: [u8; 4]) -> u32;

    /// See [`crate::json::records`].
    fn records(
        self,
        object: &mut Object,
        text: Text<'_>,
        records: &mut Records,
        cx: &mut Context,
    ) -> Pause;

    /// See [`crate::csv::rows`].
    fn rows(
        self,
        object: &mut Object,
        layout: &crate::csv::Layout,
        text: Text<'_>,
        rows: &mut crate::csv::Rows,
        cx: &mut Context,
    ) -> Pause;

    /// See [`crate::json::object`].
    fn object(self, object: &mut Object, text: Text<'_>, at: usize, cx: &mut Context) -> At;

    /// See [`crate::json::scattered`].
    fn scattered(
        self,
        object: &mut Object,
        text: Text<'_>,
        at: usize,
        cx: &mut Context,
    ) -> Option<usize>;

    /// See [`crate::json::list`].
    fn list(self, list: &mut List, row: usize, text: Text<'_>, at: usize, cx: &mut Context) -> At;

    /// See [`crate::json::next_key`].
    fn next_key(
        self,
        object: &mut Object,
        before: usize,
        text: Text<'_>,
        at: usize,
        cx: &mut Context,
    ) -> Next;

    /// See [`crate::json::value`].
    fn value(
        self,
        column: &mut Column,
        row: usize,
        text: Text<'_>,
        at: usize,
        cx: &mut Context,
    ) -> At;

    /// See [`crate::json::skip`].
    fn skip(self, text: Text<'_>, at: usize, depth: usize, cx: &mut Context) -> At;
}

/// The entry points of [`Isa`], each a function with these target features.
macro_rules! entries {
    ($($how:tt)*) => {
        $crate::kernel::isa::entry!{ [$($how)*] json::records(object: &mut crate::column::Object, text: crate::kernel::Text<'_>, records: &mut crate::json::Records, cx: &mut crate::context::Context) -> crate::json::Pause }
        $crate::kernel::isa::entry!{ [$($how)*] csv::rows(object: &mut crate::column::Object, layout: &crate::csv::Layout, text: crate::kernel::Text<'_>, rows: &mut crate::csv::Rows, cx: &mut crate::context::Context) -> crate::json::Pause }
        $crate::kernel::isa::entry!{ [$($how)*] json::object(object: &mut crate::column::Object, text: crate::kernel::Text<'_>, at: usize, cx: &mut crate::context::Context) -> crate::context::At }
        $crate::kernel::isa::entry!{ [$($how)*] json::scattered(object: &mut crate::column::Object, text: crate::kernel::Text<'_>, at: usize, cx: &mut crate::context::Context) -> Option<usize> }
        $crate::kernel::isa::entry!{ [$($how)*] json::list(list: &mut crate::column::List, row: usize, text: crate::kernel::Text<'_>, at: usize, cx: &mut crate::context::Context) -> crate::context::At }
        $crate::kernel::isa::entry!{ [$($how)*] json::next_key(object: &mut crate::column::Object, before: usize, text: crate::kernel::Text<'_>, at: usize, cx: &mut crate::context::Context) -> crate::json::Next }
        $crate::kernel::isa::entry!{ [$($how)*] json::value(column: &mut crate::column::Column, row: usize, text: crate::kernel::Text<'_>, at: usize, cx: &mut crate::context::Context) -> crate::context::At }
        $crate::kernel::isa::entry!{ [$($how)*] json::skip(text: crate::kernel::Text<'_>, at: usize, depth: usize, cx: &mut crate::context::Context) -> crate::context::At }
    };
}

macro_rules! entry {
    ([] $format:ident::$name:ident($($arg:ident: $type:ty),*) -> $out:ty) => {
        #[inline(never)]
        fn $name(self, $($arg: $type),*) -> $out {
            crate::$format::$name(self, $($arg),*)
        }
    };
    ([unsafe $features:literal] $format:ident::$name:ident($($arg:ident: $type:ty),*) -> $out:ty) => {
        #[inline(always)]
        fn $name(self, $($arg: $type),*) -> $out {
            #[target_feature(enable = $features)]
            #[inline(never)]
            fn compiled(isa: Avx2, $($arg: $type),*) -> $out {
                crate::$format::$name(isa, $($arg),*)
            }
            // SAFETY: `self` proves the features.
            unsafe { compiled(self, $($arg),*) }
        }
    };
}

pub(crate) use {entries, entry};
