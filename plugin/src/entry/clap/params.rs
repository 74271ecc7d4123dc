//! The parameters of the CLAP: nice-plug's, followed by those of the chord shown.

use std::ffi::{CStr, c_char};
use std::mem::size_of;
use std::ptr::null_mut;

use clap_sys::events::{
    CLAP_CORE_EVENT_SPACE_ID, CLAP_EVENT_DONT_RECORD, CLAP_EVENT_PARAM_VALUE, clap_event_header,
    clap_event_param_value, clap_input_events, clap_output_events,
};
use clap_sys::ext::params::{
    CLAP_EXT_PARAMS, CLAP_PARAM_IS_ENUM, CLAP_PARAM_IS_READONLY, CLAP_PARAM_IS_STEPPED,
    clap_param_info, clap_plugin_params,
};
use clap_sys::id::clap_id;
use nice_plug::wrapper::clap::clap_plugin;

use super::Instance;
use crate::entry::readout::{Field, GROUP};

/// The extension for parameters.
pub(super) static PARAMS: clap_plugin_params = clap_plugin_params {
    count: Some(count),
    get_info: Some(get_info),
    get_value: Some(get_value),
    value_to_text: Some(value_to_text),
    text_to_value: Some(text_to_value),
    flush: Some(flush),
};

/// Hands a value to the host for the start of the block; returns whether the host had room. Safe
/// on the audio thread.
///
/// # Safety
/// `out` is null or the host's.
pub(super) unsafe fn push(field: Field, value: f64, out: *const clap_output_events) -> bool {
    // SAFETY: the caller's promise.
    let Some(try_push) = unsafe { out.as_ref() }.and_then(|out| out.try_push) else {
        return false;
    };
    let event = clap_event_param_value {
        header: clap_event_header {
            size: size_of::<clap_event_param_value>() as u32,
            time: 0,
            space_id: CLAP_CORE_EVENT_SPACE_ID,
            type_: CLAP_EVENT_PARAM_VALUE,
            flags: CLAP_EVENT_DONT_RECORD,
        },
        param_id: field.id(),
        cookie: null_mut(),
        note_id: -1,
        port_index: -1,
        channel: -1,
        key: -1,
        value,
    };
    // SAFETY: the host's function with the host's list, and an event that it copies.
    unsafe { try_push(out, &event.header) }
}

/// nice-plug's functions for parameters, if it has any.
///
/// # Safety
/// `plugin` is one that `create_plugin` has made.
unsafe fn wrapped<'a>(plugin: *const clap_plugin) -> Option<&'a clap_plugin_params> {
    // SAFETY: the caller's promise, and the type that belongs to that extension. What it names is
    // there as long as the plugin.
    unsafe {
        let wrapped = (*plugin.cast::<Instance>()).wrapped;
        let get_extension = (*wrapped).get_extension?;
        get_extension(wrapped, CLAP_EXT_PARAMS.as_ptr())
            .cast::<clap_plugin_params>()
            .as_ref()
    }
}

/// The number of nice-plug's parameters.
///
/// # Safety
/// As [`wrapped`].
unsafe fn own_count(plugin: *const clap_plugin) -> u32 {
    // SAFETY: the caller's promise.
    unsafe {
        let count = wrapped(plugin).and_then(|params| params.count);
        count.map_or(0, |count| count(plugin))
    }
}

unsafe extern "C" fn count(plugin: *const clap_plugin) -> u32 {
    // SAFETY: the host's pointer is the one that it was given.
    unsafe { own_count(plugin) + Field::ALL.len() as u32 }
}

/// Copies a text with its terminating zero; a text that does not fit is cut off.
fn copy(text: &str, place: &mut [c_char]) {
    let Some(room) = place.len().checked_sub(1) else {
        return;
    };
    let length = text.floor_char_boundary(room.min(text.len()));
    for (to, from) in place.iter_mut().zip(text[..length].bytes()) {
        *to = from as c_char;
    }
    place[length] = 0;
}

unsafe extern "C" fn get_info(
    plugin: *const clap_plugin,
    index: u32,
    info: *mut clap_param_info,
) -> bool {
    // SAFETY: the host's pointers, of their types.
    unsafe {
        let own = own_count(plugin);
        if index < own {
            return wrapped(plugin)
                .and_then(|params| params.get_info)
                .is_some_and(|get_info| get_info(plugin, index, info));
        }
        let field = Field::ALL.get((index - own) as usize);
        let (Some(field), Some(info)) = (field, info.as_mut()) else {
            return false;
        };
        *info = clap_param_info {
            id: field.id(),
            flags: CLAP_PARAM_IS_READONLY
                | match field.steps() {
                    Some(_) => CLAP_PARAM_IS_STEPPED | CLAP_PARAM_IS_ENUM,
                    None => 0,
                },
            cookie: null_mut(),
            name: [0; _],
            module: [0; _],
            min_value: 0.0,
            max_value: field.most(),
            default_value: 0.0,
        };
        copy(field.name(), &mut info.name);
        copy(GROUP, &mut info.module);
        true
    }
}

unsafe extern "C" fn get_value(plugin: *const clap_plugin, id: clap_id, value: *mut f64) -> bool {
    // SAFETY: the host's pointers, of their types.
    unsafe {
        let Some(field) = Field::from_id(id) else {
            return wrapped(plugin)
                .and_then(|params| params.get_value)
                .is_some_and(|get_value| get_value(plugin, id, value));
        };
        let Some(value) = value.as_mut() else {
            return false;
        };
        *value = (*plugin.cast::<Instance>()).value(field);
        true
    }
}

unsafe extern "C" fn value_to_text(
    plugin: *const clap_plugin,
    id: clap_id,
    value: f64,
    text: *mut c_char,
    size: u32,
) -> bool {
    // SAFETY: the host's pointers, of their types; the text has `size` bytes.
    unsafe {
        let Some(field) = Field::from_id(id) else {
            return wrapped(plugin)
                .and_then(|params| params.value_to_text)
                .is_some_and(|write| write(plugin, id, value, text, size));
        };
        if text.is_null() || size == 0 {
            return false;
        }
        let place = std::slice::from_raw_parts_mut(text, size as usize);
        copy(&field.text(value), place);
        true
    }
}

unsafe extern "C" fn text_to_value(
    plugin: *const clap_plugin,
    id: clap_id,
    text: *const c_char,
    value: *mut f64,
) -> bool {
    // SAFETY: the host's pointers, of their types; the text ends in zero.
    unsafe {
        let Some(field) = Field::from_id(id) else {
            return wrapped(plugin)
                .and_then(|params| params.text_to_value)
                .is_some_and(|read| read(plugin, id, text, value));
        };
        if text.is_null() {
            return false;
        }
        let read = CStr::from_ptr(text).to_str().ok();
        match (read.and_then(|text| field.parse(text)), value.as_mut()) {
            (Some(read), Some(value)) => {
                *value = read;
                true
            }
            _ => false,
        }
    }
}

unsafe extern "C" fn flush(
    plugin: *const clap_plugin,
    events: *const clap_input_events,
    out: *const clap_output_events,
) {
    // SAFETY: the host's pointers, of their types.
    unsafe {
        (*plugin.cast::<Instance>()).tell(out);
        if let Some(flush) = wrapped(plugin).and_then(|params| params.flush) {
            flush(plugin, events, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_end_where_the_place_does() {
        let written = |text: &str, size: usize| {
            let mut place = vec![1 as c_char; size];
            copy(text, &mut place);
            // SAFETY: zero is within, or this fails.
            assert!(size == 0 || place.contains(&0));
            place.iter().take_while(|it| **it != 0).count()
        };
        assert_eq!(written("minor 7", 64), 7);
        assert_eq!(written("minor 7", 8), 7);
        assert_eq!(written("minor 7", 4), 3);
        // No partial character.
        assert_eq!(written("D♭", 4), 1);
        assert_eq!(written("D", 1), 0);
        written("D", 0);
    }
}
