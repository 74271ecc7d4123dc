//! The entry point of CLAP.

mod params;

use std::ffi::{CStr, c_char, c_void};
use std::ptr::null;
use std::sync::{Arc, OnceLock};

use clap_sys::events::clap_output_events;
use clap_sys::ext::params::CLAP_EXT_PARAMS;
use clap_sys::ext::state::{CLAP_EXT_STATE, clap_host_state};
use clap_sys::process::{CLAP_PROCESS_ERROR, clap_process, clap_process_status};
use nice_plug::wrapper::clap::{
    CLAP_PLUGIN_FACTORY_ID, CLAP_VERSION, PluginDescriptor, Wrapper, clap_host, clap_plugin,
    clap_plugin_descriptor, clap_plugin_entry, clap_plugin_factory,
};
use nice_plug::wrapper::setup_logger;

use self::params::{PARAMS, push};
use super::readout::{Field, Told};
use crate::Changes;
use crate::host::{HostLink, Listener};

/// The plugin's entry point.
#[unsafe(no_mangle)]
#[used]
#[allow(
    non_upper_case_globals,
    reason = "hosts look for a symbol of this name"
)]
pub static clap_entry: clap_plugin_entry = clap_plugin_entry {
    clap_version: CLAP_VERSION,
    init: Some(init),
    deinit: Some(deinit),
    get_factory: Some(get_factory),
};

static FACTORY: clap_plugin_factory = clap_plugin_factory {
    get_plugin_count: Some(get_plugin_count),
    get_plugin_descriptor: Some(get_plugin_descriptor),
    create_plugin: Some(create_plugin),
};

fn descriptor() -> &'static PluginDescriptor {
    static DESCRIPTOR: OnceLock<PluginDescriptor> = OnceLock::new();
    DESCRIPTOR.get_or_init(PluginDescriptor::for_plugin::<Changes>)
}

extern "C" fn init(_: *const c_char) -> bool {
    setup_logger::<Changes>();
    true
}

extern "C" fn deinit() {}

extern "C" fn get_factory(id: *const c_char) -> *const c_void {
    // SAFETY: not null, it is a string by the specification.
    if !id.is_null() && unsafe { CStr::from_ptr(id) } == CLAP_PLUGIN_FACTORY_ID {
        (&raw const FACTORY).cast()
    } else {
        null()
    }
}

unsafe extern "C" fn get_plugin_count(_: *const clap_plugin_factory) -> u32 {
    1
}

unsafe extern "C" fn get_plugin_descriptor(
    _: *const clap_plugin_factory,
    index: u32,
) -> *const clap_plugin_descriptor {
    match index {
        0 => descriptor().clap_plugin_descriptor(),
        _ => null(),
    }
}

/// What the host gets: nice-plug's plugin with additional parameters and its own end.
#[repr(C)]
struct Instance {
    /// First field: the host's pointer is to this. Its data are those of nice-plug's plugin,
    /// which most of its functions belong to.
    plugin: clap_plugin,
    wrapped: *const clap_plugin,
    link: Arc<HostLink>,
    told: Told,
}

impl Instance {
    /// The current value of one of our parameters. Safe on the audio thread.
    fn value(&self, field: Field) -> f64 {
        field.value(self.link.readout.get())
    }

    /// Reports their changes to the host. Safe on the audio thread.
    ///
    /// # Safety
    /// `out` is null or the host's.
    unsafe fn tell(&self, out: *const clap_output_events) {
        let readout = self.link.readout.get();
        // SAFETY: the caller's promise.
        let push = |field, value| unsafe { push(field, value, out) };
        self.told.tell(readout, push);
    }
}

unsafe extern "C" fn create_plugin(
    _: *const clap_plugin_factory,
    host: *const clap_host,
    id: *const c_char,
) -> *const clap_plugin {
    // SAFETY: not null, it is a string by the specification.
    if id.is_null() || unsafe { CStr::from_ptr(id) } != descriptor().clap_id() {
        return null();
    }
    let link = Arc::new(HostLink::with_callback());
    link.set_listener(Some(Arc::new(ClapHost(host))));
    // SAFETY: the host passes itself, which outlives the plugin. The reference that is leaked
    // here is taken back by nice-plug's own `destroy`.
    let wrapped: *const clap_plugin = unsafe {
        let wrapper = link.while_making(|| Wrapper::<Changes>::new(host));
        (*Arc::into_raw(wrapper)).clap_plugin.as_ptr()
    };
    let instance = Instance {
        plugin: clap_plugin {
            destroy: Some(destroy),
            process: Some(process),
            get_extension: Some(get_extension),
            // SAFETY: it was just made.
            ..unsafe { *wrapped }
        },
        wrapped,
        link,
        told: Told::default(),
    };
    Box::into_raw(Box::new(instance)).cast_const().cast()
}

unsafe extern "C" fn destroy(plugin: *const clap_plugin) {
    // SAFETY: the host gives back what `create_plugin` gave it, once, and uses it no more.
    unsafe {
        let instance = Box::from_raw(plugin.cast_mut().cast::<Instance>());
        instance.link.close();
        if let Some(destroy) = (*instance.wrapped).destroy {
            destroy(instance.wrapped);
        }
    }
}

unsafe extern "C" fn process(
    plugin: *const clap_plugin,
    process: *const clap_process,
) -> clap_process_status {
    // SAFETY: the host's pointers, of their types; on its audio thread. What the worker has said
    // stands at the block's start, so that the events are in order.
    unsafe {
        let instance = &*plugin.cast::<Instance>();
        if let Some(process) = process.as_ref() {
            instance.tell(process.out_events);
        }
        match (*instance.wrapped).process {
            Some(wrapped) => wrapped(instance.wrapped, process),
            None => CLAP_PROCESS_ERROR,
        }
    }
}

unsafe extern "C" fn get_extension(plugin: *const clap_plugin, id: *const c_char) -> *const c_void {
    // SAFETY: not null, it is a string by the specification; the plugin is the one that the host
    // was given.
    unsafe {
        if !id.is_null() && CStr::from_ptr(id) == CLAP_EXT_PARAMS {
            return (&raw const PARAMS).cast();
        }
        let wrapped = (*plugin.cast::<Instance>()).wrapped;
        (*wrapped)
            .get_extension
            .map_or(null(), |get_extension| get_extension(wrapped, id))
    }
}

/// The host of one instance.
struct ClapHost(*const clap_host);

// SAFETY: it is called on the host's main thread only, as `HostLink` ensures, and not after
// `HostLink::close`, which the end of the instance waits for.
unsafe impl Send for ClapHost {}
// SAFETY: as above.
unsafe impl Sync for ClapHost {}

impl Listener for ClapHost {
    fn project_changed(&self) {
        // SAFETY: the host outlives the instance. The extension of this name has this type by
        // the specification, and hosts without it return null. This is the main thread, and the
        // plugin is initialized: before that nothing changes.
        unsafe {
            let Some(get_extension) = (*self.0).get_extension else {
                return;
            };
            let state = get_extension(self.0, CLAP_EXT_STATE.as_ptr()).cast::<clap_host_state>();
            if let Some(mark_dirty) = state.as_ref().and_then(|state| state.mark_dirty) {
                mark_dirty(self.0);
            }
        }
    }
}
