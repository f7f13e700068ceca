//! Masks over 32 bytes with AVX2, and the entry points compiled for it.
#![allow(unsafe_code)]
// Two kinds of unsafe code stand here.
// 1. Calls of functions that need AVX2, BMI, LZCNT and POPCNT. Invariant: a value of
//    `Avx2` exists only where `detect` found all of them.
// 2. Unaligned loads of a whole `Block`, which is 32 readable bytes by its type.

use super::{Block, Isa};
use std::arch::x86_64::{
    __m256i, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_min_epu8, _mm256_movemask_epi8,
    _mm256_or_si256, _mm256_set1_epi8,
};

/// Proof that this machine has AVX2, BMI1, BMI2, LZCNT and POPCNT.
#[derive(Clone, Copy)]
pub(crate) struct Avx2(());

impl Avx2 {
    pub(crate) fn detect() -> Option<Avx2> {
        let found = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("lzcnt")
            && is_x86_feature_detected!("popcnt");
        found.then_some(Avx2(()))
    }
}

impl Isa for Avx2 {
    #[inline(always)]
    fn special(self, block: &Block) -> u32 {
        // SAFETY: `self` proves the features.
        unsafe { special(block) }
    }

    #[inline(always)]
    fn equal(self, left: &Block, right: &Block) -> u32 {
        // SAFETY: `self` proves the features.
        unsafe { equal(left, right) }
    }

    #[inline(always)]
    fn any(self, block: &Block, bytes: [u8; 4]) -> u32 {
        // SAFETY: `self` proves the features.
        unsafe { any(block, bytes) }
    }

    super::isa::entries!(unsafe "avx2,bmi1,bmi2,lzcnt,popcnt");
}

#[target_feature(enable = "avx2")]
#[inline]
fn load(block: &Block) -> __m256i {
    // SAFETY: a Block is 32 bytes long, and this load needs no alignment.
    unsafe { _mm256_loadu_si256(block.as_ptr().cast()) }
}

#[target_feature(enable = "avx2")]
#[inline]
fn special(block: &Block) -> u32 {
    let bytes = load(block);
    let quote = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(b'"' as i8));
    let backslash = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(b'\\' as i8));
    let control = _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(0x1f)), bytes);
    _mm256_movemask_epi8(_mm256_or_si256(_mm256_or_si256(quote, backslash), control)) as u32
}

#[target_feature(enable = "avx2")]
#[inline]
fn equal(left: &Block, right: &Block) -> u32 {
    _mm256_movemask_epi8(_mm256_cmpeq_epi8(load(left), load(right))) as u32
}

#[target_feature(enable = "avx2")]
#[inline]
fn any(block: &Block, bytes: [u8; 4]) -> u32 {
    let block = load(block);
    let found = bytes.map(|byte| _mm256_cmpeq_epi8(block, _mm256_set1_epi8(byte as i8)));
    let found = _mm256_or_si256(
        _mm256_or_si256(found[0], found[1]),
        _mm256_or_si256(found[2], found[3]),
    );
    _mm256_movemask_epi8(found) as u32
}
