//! The allocator: pages once touched are kept and used again. Half of the cycles of
//! encoding otherwise go into the kernel zeroing fresh ones.

use tikv_jemallocator::Jemalloc;

#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

/// jemalloc's options: never give pages back, no huge ones (they would raise the peak).
const OPTIONS: &[u8; 46] = b"dirty_decay_ms:-1,muzzy_decay_ms:-1,thp:never\0";

/// jemalloc reads `const char *malloc_conf` when the process starts. The name is its
/// documented one, the type a thin pointer to a string that ends in NUL.
#[allow(unsafe_code)]
#[unsafe(export_name = "malloc_conf")]
static MALLOC_CONF: &[u8; 46] = OPTIONS;
