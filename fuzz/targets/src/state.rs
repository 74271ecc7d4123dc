//! The plugin's state, through the entry that hosts load. The first byte says what the rest
//! is: `!` all that the host hands over, `#` the chord track within the state, anything else
//! the state, whose length in front is put right, or else all would end there.

use std::cell::LazyCell;

use clack_extensions::state::PluginState;
use clack_host::entry::EntryDescriptor;
use clack_host::prelude::*;

struct Shared;

impl SharedHandler<'_> for Shared {
    fn request_restart(&self) {}
    fn request_process(&self) {}
    fn request_callback(&self) {}
}

struct Host;

impl HostHandlers for Host {
    type Shared<'a> = Shared;
    type MainThread<'a> = ();
    type AudioProcessor<'a> = ();
}

fn instance() -> PluginInstance<Host> {
    let entry = (&raw const changes_plugin::clap_entry).cast::<EntryDescriptor>();
    // SAFETY: the two crates declare the one struct of CLAP, and this is the plugin's own.
    let entry = unsafe { PluginEntry::load_from_raw(&*entry, c"") }.unwrap();
    let host = HostInfo::new("Changes fuzzing", "Changes", "", "1").unwrap();
    PluginInstance::new(|_| Shared, |_| (), &entry, c"audio.changes.changes", &host).unwrap()
}

thread_local! {
    static INSTANCE: LazyCell<std::cell::RefCell<PluginInstance<Host>>> =
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
        let plugin = instance.plugin_handle();
        let extension: PluginState = plugin.get_extension().unwrap();
        if extension.load(&plugin, &mut &state[..]).is_ok() {
            // What was taken can be saved, and taken again.
            let mut saved = Vec::new();
            extension.save(&plugin, &mut saved).unwrap();
            extension.load(&plugin, &mut &saved[..]).unwrap();
            let mut again = Vec::new();
            extension.save(&plugin, &mut again).unwrap();
            assert_eq!(saved, again);
        }
    });
}
