//! The machine divided among the units that run at a time.

use std::fs;
use std::thread;

/// What a tool takes by default; no share is more.
const TOOL_DEFAULT: u64 = 256_000_000;
/// Less than this is no help to anybody.
const LEAST: u64 = 16_000_000;

/// Threads and memory for each of `parallel` units, as environment of their tools;
/// what the user has set is left alone. Their progress would overwrite ours.
pub(super) fn environment(parallel: usize) -> Vec<(&'static str, String)> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let all = [
        ("MILLRACE_THREADS", (cores / parallel).max(1).to_string()),
        (
            "MILLRACE_MEMORY",
            memory_share(memory(), parallel).to_string(),
        ),
        ("MILLRACE_PROGRESS", "never".to_owned()),
    ];
    all.into_iter()
        .filter(|(name, _)| std::env::var_os(name).is_none())
        .collect()
}

/// An even part of half of the memory.
fn memory_share(memory: Option<u64>, parallel: usize) -> u64 {
    let even = memory.map_or(TOOL_DEFAULT, |bytes| bytes / 2 / parallel as u64);
    even.clamp(LEAST, TOOL_DEFAULT)
}

/// The memory that this process may use: the machine's, or its control group's.
fn memory() -> Option<u64> {
    let machine = fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| total_bytes(&text));
    let group = fs::read_to_string("/sys/fs/cgroup/memory.max")
        .ok()
        .and_then(|text| text.trim().parse().ok());
    machine.into_iter().chain(group).min()
}

fn total_bytes(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares() {
        assert_eq!(memory_share(Some(64 << 30), 4), TOOL_DEFAULT);
        assert_eq!(memory_share(Some(1_000_000_000), 10), 50_000_000);
        assert_eq!(memory_share(Some(1_000_000_000), 1000), LEAST);
        assert_eq!(memory_share(None, 3), TOOL_DEFAULT);
        assert_eq!(total_bytes("MemTotal:       16384 kB\n"), Some(16 << 20));
    }
}
