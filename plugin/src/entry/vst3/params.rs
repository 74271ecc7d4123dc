//! The VST3 parameters of the chord shown; they follow nice-plug's.

use nice_plug::wrapper::vst3::vst3::ComRef;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::ParameterInfo_::ParameterFlags_::kIsReadOnly;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{
    IParamValueQueueTrait, IParameterChanges, IParameterChangesTrait, ParamID, ParamValue,
    ParameterInfo, String128, TChar, kRootUnitId,
};
use nice_plug::wrapper::vst3::vst3::Steinberg::kResultOk;

use crate::entry::readout::Field;

/// A value normalized for VST3, 0 … 1.
pub(super) fn normalized(field: Field, plain: ParamValue) -> ParamValue {
    (plain / field.most()).clamp(0.0, 1.0)
}

/// Our value for a normalized one.
pub(super) fn plain(field: Field, normalized: ParamValue) -> ParamValue {
    let plain = normalized.clamp(0.0, 1.0) * field.most();
    match field.steps() {
        Some(_) => plain.round(),
        None => plain,
    }
}

/// The description of a parameter for hosts.
pub(super) fn info(field: Field) -> ParameterInfo {
    let mut info = ParameterInfo {
        id: field.id(),
        title: [0; _],
        shortTitle: [0; _],
        units: [0; _],
        stepCount: field.steps().map_or(0, i32::from),
        defaultNormalizedValue: 0.0,
        unitId: kRootUnitId,
        flags: kIsReadOnly,
    };
    write(field.name(), &mut info.title);
    write(field.name(), &mut info.shortTitle);
    info
}

/// Writes a text with its terminating zero; a text that does not fit is cut off.
pub(super) fn write(text: &str, place: &mut String128) {
    let room = place.len() - 1;
    let mut length = 0;
    for unit in text.encode_utf16().take(room) {
        place[length] = unit;
        length += 1;
    }
    place[length] = 0;
}

/// Reads a text of at most the length that [`write`] writes.
///
/// # Safety
/// `text` is null or ends in zero.
pub(super) unsafe fn read(text: *const TChar) -> Option<String> {
    if text.is_null() {
        return None;
    }
    let most = size_of::<String128>() / size_of::<TChar>();
    // SAFETY: nothing is read after the zero, which the caller guarantees.
    let units = (0..most).map(|index| unsafe { text.add(index).read() });
    let units: Vec<u16> = units.take_while(|unit| *unit != 0).collect();
    String::from_utf16(&units).ok()
}

/// Hands a value to the host for the start of the block; returns whether the host took it. Safe on
/// the audio thread.
///
/// # Safety
/// `changes` is null or the host's.
pub(super) unsafe fn push(field: Field, value: f64, changes: *mut IParameterChanges) -> bool {
    // SAFETY: the caller's promise.
    let Some(changes) = (unsafe { ComRef::from_raw(changes) }) else {
        return false;
    };
    let id: ParamID = field.id();
    let mut index = 0;
    // SAFETY: the numbers live through the calls; the queue is the host's for the block.
    unsafe {
        ComRef::from_raw(changes.addParameterData(&id, &mut index)).is_some_and(|queue| {
            queue.addPoint(0, normalized(field, value), &mut index) == kResultOk
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_texts_come_back() {
        for field in Field::ALL {
            for step in 0..=field.steps().unwrap_or(100) {
                let value = field
                    .steps()
                    .map_or(f64::from(step) / 100.0, |_| step.into());
                let back = plain(field, normalized(field, value));
                assert!((back - value).abs() < 1e-9, "{field:?}: {value}, {back}");
                let text = field.text(value);
                let mut place: String128 = [1; _];
                write(&text, &mut place);
                // SAFETY: it was just written.
                assert_eq!(unsafe { read(place.as_ptr()) }, Some(text));
            }
        }
        let mut place: String128 = [1; _];
        write(&"♭".repeat(500), &mut place);
        // SAFETY: as above; and null.
        unsafe {
            assert_eq!(read(place.as_ptr()).unwrap().chars().count(), 127);
            assert_eq!(read(std::ptr::null()), None);
        }
    }
}
