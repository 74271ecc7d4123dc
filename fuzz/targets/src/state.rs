//! The plugin's state, through the entry that hosts load. The first byte selects what the rest is:
//! `!` all bytes from the host, `#` the chord track within the state, anything else the state,
//! whose leading length is corrected, because otherwise every input would end there.

use std::cell::LazyCell;

use clack_host::entry::EntryDescriptor;
use clack_host::prelude::*;
use testhost::host::{self, TestHost};

fn instance() -> PluginInstance<TestHost> {
    let entry = (&raw const changes_plugin::clap_entry).cast::<EntryDescriptor>();
    // SAFETY: both crates declare the same struct of CLAP, and this is the plugin's own.
    let entry = unsafe { PluginEntry::load_from_raw(&*entry, c"") }.unwrap();
    host::instantiate(&entry)
}

thread_local! {
    static INSTANCE: LazyCell<std::cell::RefCell<PluginInstance<TestHost>>> =
        LazyCell::new(|| instance().into());
}

/// Loads `data` into the plugin.
///
/// # Panics
/// Where a promise of the reader does not hold.
pub fn run(data: &[u8]) {
    let Some((&kind, bytes)) = data.split_first() else {
        return;
    };
    let json = match (kind, std::str::from_utf8(bytes)) {
        (b'#', Ok(track)) => {
            let fields = serde_json::json!({ "track": track });
            serde_json::json!({ "params": {}, "fields": fields })
                .to_string()
                .into_bytes()
        }
        _ => bytes.to_vec(),
    };
    let mut state = (json.len() as u64).to_le_bytes().to_vec();
    if kind == b'!' {
        state.clear();
    }
    state.extend(json);
    INSTANCE.with(|instance| {
        let mut instance = instance.borrow_mut();
        if host::restore(&mut instance, &state) {
            // An accepted state can be saved and loaded again.
            let saved = host::save(&mut instance);
            assert!(host::restore(&mut instance, &saved));
            let again = host::save(&mut instance);
            assert_eq!(saved, again);
        }
    });
}
