//! Keeps the library loaded while its detached threads run.
//!
//! A dialog is open as long as the user likes, a drag lasts until the button is released, and a
//! file may be on a disk that does not answer. Meanwhile the host may remove the plugin and
//! unload it, and would hang if it had to wait for the user. So from the first such thread on,
//! the system keeps the library until the process ends, at the cost of some megabytes.

use std::sync::Once;

/// Keeps the library that contains this code until the process ends. Cheap after the first
/// call.
pub(super) fn pin() {
    static PINNED: Once = Once::new();
    PINNED.call_once(system::pin);
}

#[cfg(unix)]
mod system {
    use std::ffi::c_void;

    pub(super) fn pin() {
        let here: *const c_void = (pin as fn() as *const ()).cast();
        // SAFETY: the structure holds only pointers, for which null is valid; it is asked about
        // an address within this library, and opening what is already loaded runs none of its
        // code. In the standalone program no library of that name is found, and none is needed.
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
        // SAFETY: an address within this library, which that flag says is not a name. If this
        // is refused, the library stays only as long as the host keeps it.
        let _ = unsafe { GetModuleHandleExW(how, here, &mut module) };
    }
}
