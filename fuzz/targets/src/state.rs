//! The plugin's state, through the entry that hosts load. The first byte says what the rest
//! is: `!` all that the host hands over, `#` the chord track within the state, anything else
//! the state, whose length in front is put right, or else all would end there.

use std::cell::LazyCell;

use clack_host::entry::EntryDescriptor;
use clack_host::prelude::*;
use testhost::host::{self, TestHost};

fn instance() -> PluginInstance<TestHost> {
    let entry = (&raw const changes_plugin::clap_entry).cast::<EntryDescriptor>();
    // SAFETY: the two crates declare the one struct of CLAP, and this is the plugin's own.
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
            // What was taken can be saved, and taken again.
            let saved = host::save(&mut instance);
            assert!(host::restore(&mut instance, &saved));
            let again = host::save(&mut instance);
            assert_eq!(saved, again);
        }
    });
}
