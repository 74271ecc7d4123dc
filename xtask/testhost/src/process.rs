//! The resources of a process, as Linux reports them: memory, threads, open files.

use std::fs;

/// Resources at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Holdings {
    /// Resident memory in bytes.
    pub memory: u64,
    /// Threads that have not ended.
    pub threads: usize,
    /// Open files, sockets and pipes.
    pub files: usize,
}

impl Holdings {
    /// The current resources of this process.
    ///
    /// # Panics
    /// If `/proc` cannot be read.
    pub fn now() -> Self {
        release_free_memory();
        let count = |folder: &str| fs::read_dir(folder).unwrap().count();
        Self {
            memory: memory("self", "VmRSS:").unwrap(),
            threads: count("/proc/self/task"),
            files: count("/proc/self/fd"),
        }
    }

    /// Fails if much more is held now than before. Threads that end take a moment, so the
    /// check waits a moment.
    ///
    /// # Panics
    /// In that case.
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

/// A field of `/proc/PROCESS/status` in bytes, by its name including the colon.
pub fn memory(process: &str, field: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// Returns the memory that glibc's allocator keeps in reserve, which may be many megabytes or
/// none and does not count.
#[cfg(target_env = "gnu")]
fn release_free_memory() {
    // SAFETY: any thread may call it at any time.
    unsafe { libc::malloc_trim(0) };
}

#[cfg(not(target_env = "gnu"))]
fn release_free_memory() {}
