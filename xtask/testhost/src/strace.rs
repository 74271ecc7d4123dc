//! The system calls of a program, by strace.

use std::path::Path;
use std::process::Command;

/// The system calls for networking, and those that put a file in its place.
const CALLS: &str = "trace=%network,execve,fsync,rename,renameat,renameat2";

/// Whether calls can be watched here; prints a message if not.
pub fn available() -> bool {
    let works = Command::new("strace")
        .args(["-o", "/dev/null", "true"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !works {
        println!("SKIPPED: no strace that may watch a program (Debian's package `strace`)");
    }
    works
}

/// Runs a program, which must succeed. Returns its system calls and those of its threads and
/// children, a line each.
///
/// # Panics
/// If the program fails, or nothing was watched.
pub fn watch(program: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("calls");
    let output = Command::new("strace")
        .args(["-f", "-y", "-s", "200", "-e", CALLS, "-o"])
        .arg(&log)
        .arg(program)
        .args(arguments)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let calls = std::fs::read_to_string(log).unwrap();
    assert!(calls.contains("execve("), "nothing was watched: {calls}");
    calls
}

/// The calls for the internet, by IPv4 or IPv6, or for the hardware below it.
pub fn internet(calls: &str) -> Vec<&str> {
    let families = ["AF_INET", "AF_PACKET", "AF_BLUETOOTH", "AF_VSOCK"];
    let lines = calls.lines();
    lines
        .filter(|line| families.iter().any(|family| line.contains(family)))
        .collect()
}
