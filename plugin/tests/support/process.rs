//! What this process holds: memory, threads, open files.

use std::fs;

/// Counted at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Holdings {
    /// Resident memory in bytes.
    pub memory: u64,
    pub threads: usize,
    pub files: usize,
}

impl Holdings {
    pub fn now() -> Self {
        release_free_memory();
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.unwrap().trim().strip_suffix(" kB").unwrap();
        let count = |folder: &str| fs::read_dir(folder).unwrap().count();
        Self {
            memory: 1024 * kilobytes.parse::<u64>().unwrap(),
            threads: count("/proc/self/task"),
            files: count("/proc/self/fd"),
        }
    }

    /// Fails if much more is held now than then. Threads that end take a moment, so they are
    /// given one.
    pub fn assert_no_more_than(before: Self, memory: u64) {
        let started = std::time::Instant::now();
        loop {
            let now = Self::now();
            let grown = now.memory.saturating_sub(before.memory);
            let same = now.threads <= before.threads && now.files <= before.files;
            if same && grown <= memory {
                println!("{before:?}, then {now:?}");
                return;
            }
            assert!(
                started.elapsed().as_secs() < 60,
                "before {before:?}, now {now:?}"
            );
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }
}

/// Gives back what glibc's allocator keeps for later, many megabytes or nothing as it happens:
/// that is not held.
#[cfg(target_env = "gnu")]
fn release_free_memory() {
    // SAFETY: any thread may call it at any time.
    unsafe { libc::malloc_trim(0) };
}

#[cfg(not(target_env = "gnu"))]
fn release_free_memory() {}
