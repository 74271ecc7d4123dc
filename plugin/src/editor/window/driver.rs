//! Keeps OpenGL loaded.
//!
//! The library that draws the windows (baseview 0.4.2) loads OpenGL anew for each window and
//! unloads it at its end, which OpenGL libraries do not survive:
//!
//! * `libEGL.so.1` of libglvnd (1.6) leaves a destructor behind for its data of each thread
//!   (`pthread_key_create` without `pthread_key_delete`). It is called when the window's thread
//!   ends, at an address where nothing is loaded any more, and the host crashes.
//! * Mesa's software renderer (22.3) leaves the 2 MiB behind that it compiles shaders into.
//! * Loading the renderer takes longer than all else that opening a window does.

use std::ffi::{CStr, CString};
use std::fs;
use std::sync::Once;

/// Loads the library that is unsafe to unload, and keeps it until the process ends. Call it
/// before a window is opened, which would load it.
pub(super) fn keep_egl() {
    static KEPT: Once = Once::new();
    // SAFETY: the window does the same, on this thread or a later one; the constructors of the
    // library may run on any thread.
    KEPT.call_once(|| unsafe { keep(c"libEGL.so.1", 0) });
}

/// Keeps the driver that a window uses until the process ends. Call it while a window is open;
/// only the first call does anything.
pub(super) fn keep_driver() {
    static KEPT: Once = Once::new();
    KEPT.call_once(|| {
        // Without `/proc` nothing is kept, and nothing is lost but memory and time.
        let maps = fs::read_to_string("/proc/self/maps").unwrap_or_default();
        for path in libraries(&maps) {
            if let Ok(path) = CString::new(path) {
                // SAFETY: loads nothing, but marks what is loaded as staying.
                unsafe { keep(&path, libc::RTLD_NOLOAD) };
            }
        }
    });
}

/// Marks a library as one that stays loaded. One that is not found is not needed.
///
/// # Safety
/// Unless the flags have `RTLD_NOLOAD`, the library's constructors must be safe to run.
unsafe fn keep(library: &CStr, flags: libc::c_int) {
    let flags = flags | libc::RTLD_LAZY | libc::RTLD_NODELETE;
    // SAFETY: the name ends in zero; the rest is the caller's promise.
    unsafe { libc::dlopen(library.as_ptr(), flags) };
}

/// The libraries of OpenGL among the mappings of a process (`proc_pid_maps(5)`).
fn libraries(maps: &str) -> impl Iterator<Item = &str> {
    let mut last = "";
    maps.lines().filter_map(move |line| {
        let path = line.find('/').and_then(|start| line.get(start..))?;
        let (_, name) = path.rsplit_once('/')?;
        let is_driver = ["libEGL", "libGLX", "libgallium", "libnvidia-"]
            .iter()
            .any(|start| name.starts_with(start))
            || name.ends_with("_dri.so");
        // The mappings of a library are consecutive.
        (is_driver && std::mem::replace(&mut last, path) != path).then_some(path)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_driver_is_found() {
        let maps = "\
55d0c8a00000-55d0c8a28000 r--p 00000000 fe:00 1048 /usr/bin/host
7f1ef0000000-7f1ef0021000 rw-p 00000000 00:00 0
7f1f00000000-7f1f00001000 r--p 00000000 fe:00 77 /usr/lib/x86_64-linux-gnu/dri/swrast_dri.so
7f1f00001000-7f1f00002000 r-xp 00001000 fe:00 77 /usr/lib/x86_64-linux-gnu/dri/swrast_dri.so
7f1f01000000-7f1f01001000 r-xp 00000000 fe:00 78 /usr/lib/x86_64-linux-gnu/libEGL.so.1.1.0
7f1f02000000-7f1f02001000 r-xp 00000000 fe:00 79 /usr/lib/x86_64-linux-gnu/libc.so.6
7ffd0e1f2000-7ffd0e213000 rw-p 00000000 00:00 0 [stack]
";
        let found: Vec<&str> = libraries(maps).collect();
        let folder = "/usr/lib/x86_64-linux-gnu/";
        let expected = ["dri/swrast_dri.so", "libEGL.so.1.1.0"].map(|it| format!("{folder}{it}"));
        assert_eq!(found, expected);
    }
}
