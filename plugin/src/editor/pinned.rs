//! Keeps the library loaded while detached threads of it run.
//!
//! A dialog is open as long as the user likes, a drag until the button is let go, and a file may
//! be on a disk that does not answer. The host may take the plugin off the track meanwhile and
//! unload it, and waiting for the user there would hang it. So the system is told to keep the
//! library until the process ends, from the first such thread on: some megabytes that a host
//! would get back otherwise.

use std::sync::Once;

/// Keeps the library that this is part of until the process ends. Cheap after the first time.
pub(super) fn pin() {
    static PINNED: Once = Once::new();
    PINNED.call_once(system::pin);
}

#[cfg(unix)]
mod system {
    use std::ffi::c_void;

    pub(super) fn pin() {
        let here: *const c_void = (pin as fn() as *const ()).cast();
        // SAFETY: the structure is pointers and no more, of which null is a value; it is asked
        // about an address within this library, and opening what is loaded already runs none of
        // its code. In a program of its own nothing of that name is found, or needed.
        unsafe {
            let mut found: libc::Dl_info = std::mem::zeroed();
            if libc::dladdr(here, &mut found) != 0 && !found.dli_fname.is_null() {
                let flags = libc::RTLD_LAZY | libc::RTLD_NOLOAD | libc::RTLD_NODELETE;
                libc::dlopen(found.dli_fname, flags);
            }
        }
    }
}

#[cfg(windows)]
mod system {
    use windows::Win32::Foundation::HMODULE;
    use windows::Win32::System::LibraryLoader::{
        GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_PIN, GetModuleHandleExW,
    };
    use windows::core::PCWSTR;

    pub(super) fn pin() {
        let here = PCWSTR((pin as fn() as *const ()).cast());
        let how = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN;
        let mut module = HMODULE::default();
        // SAFETY: an address within this library, which is no text by that flag. Refused, the
        // library goes when the host lets it, as it would without.
        let _ = unsafe { GetModuleHandleExW(how, here, &mut module) };
    }
}
