//! A minimal VST3 host that plays the plugin a chord and receives its notes.
//!
//! The Python hosts for tests (pedalboard, dawdreamer) return no notes, so this uses the
//! interface directly.
#![allow(
    unsafe_code,
    reason = "VST3 is an interface of raw pointers; each block says why it is sound"
)]
#![allow(
    clippy::unnecessary_cast,
    reason = "constants are signed on some systems"
)]

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::{c_char, c_void};
use std::path::Path;
use std::ptr::null_mut;

use anyhow::Context as _;
use libloading::Library;
use vst3::Steinberg::Vst::Event_::EventTypes_::{
    kDataEvent, kLegacyMIDICCOutEvent, kNoteOffEvent, kNoteOnEvent,
};
use vst3::Steinberg::Vst::ParameterInfo_::ParameterFlags_::{kIsHidden, kIsReadOnly};
use vst3::Steinberg::Vst::ProcessContext_::StatesAndFlags_::{
    kPlaying, kProjectTimeMusicValid, kTempoValid, kTimeSigValid,
};
use vst3::Steinberg::Vst::{
    AudioBusBuffers, AudioBusBuffers__type0, Event, IAudioProcessor, IAudioProcessorTrait,
    IComponent, IComponentHandler, IComponentHandler2, IComponentHandler2Trait,
    IComponentHandlerTrait, IComponentTrait, IEditController, IEditControllerTrait, IEventList,
    IEventListTrait, IMidiMapping, IMidiMappingTrait, IParamValueQueue, IParamValueQueueTrait,
    IParameterChanges, IParameterChangesTrait, ParamID, ParameterInfo, ProcessContext, ProcessData,
    ProcessSetup,
};
use vst3::Steinberg::{
    FIDString, IBStream, IBStreamTrait, IPluginBaseTrait, IPluginFactory, IPluginFactoryTrait,
    PClassInfo, TBool, int32, int64, kResultFalse, kResultOk, tresult,
};
use vst3::{Class, ComPtr, ComWrapper, Interface};

/// A controller that the plugin has sent: sample of the block, channel, number, and two values.
pub type Control = (i32, u8, u8, [u8; 2]);

/// A parameter as the plugin describes it.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// The identifier by which hosts set it.
    pub id: ParamID,
    /// The name that users see.
    pub name: String,
    /// Its largest step number; 0 if it is continuous.
    pub steps: i32,
    /// Whether only the plugin changes it.
    pub is_read_only: bool,
    is_hidden: bool,
}

/// An instance of the plugin, processing.
pub struct Instance {
    processor: ComPtr<IAudioProcessor>,
    component: ComPtr<IComponent>,
    controller: ComPtr<IEditController>,
    /// The plugin's map from controllers to parameters.
    mapping: ComPtr<IMidiMapping>,
    events: ComWrapper<Events>,
    given: ComWrapper<Given>,
    changes: ComWrapper<Changes>,
    told: ComWrapper<Told>,
    handler: ComWrapper<Handler>,
    rate: f64,
    /// Position in the song, in quarter notes.
    beats: f64,
    /// Position in the song, in samples.
    samples: i64,
    sounding: Vec<(i16, i16)>,
    /// Last field: everything above belongs to it.
    _library: Library,
}

impl Instance {
    /// Loads the plugin and starts it at a sample rate in Hz, for blocks of at most `frames`.
    pub fn start(library: &Path, rate: f64, frames: usize) -> Self {
        // SAFETY: the library is the plugin under test, built from this repository.
        let library = unsafe { Library::new(library) }.unwrap();
        // SAFETY: the symbols have these types by the VST3 specification, the factory is one
        // reference of the caller's, the class is requested by the identifier that the factory
        // reported, and all pointers are to values that live through the call.
        unsafe {
            if let Ok(enter) =
                library.get::<unsafe extern "system" fn(*mut c_void) -> bool>(b"ModuleEntry")
            {
                assert!(enter(null_mut()));
            }
            // The same on Windows.
            if let Ok(enter) = library.get::<unsafe extern "system" fn() -> bool>(b"InitDll") {
                assert!(enter());
            }
            let factory = library
                .get::<unsafe extern "system" fn() -> *mut IPluginFactory>(b"GetPluginFactory")
                .unwrap();
            let factory = ComPtr::from_raw(factory()).unwrap();
            let mut class: PClassInfo = std::mem::zeroed();
            assert_eq!(factory.getClassInfo(0, &mut class), kResultOk);
            let mut made: *mut c_void = null_mut();
            let wanted = IComponent::IID.as_ptr().cast::<c_char>();
            let result = factory.createInstance(class.cid.as_ptr(), wanted, &mut made);
            assert_eq!(result, kResultOk);
            let component = ComPtr::from_raw(made.cast::<IComponent>()).unwrap();
            assert_eq!(component.initialize(null_mut()), kResultOk);
            let processor = component.cast::<IAudioProcessor>().unwrap();
            let controller = component.cast::<IEditController>().unwrap();
            let mapping = controller.cast::<IMidiMapping>().unwrap();
            let handler = ComWrapper::new(Handler::default());
            let told = handler.to_com_ptr::<IComponentHandler>().unwrap();
            assert_eq!(controller.setComponentHandler(told.as_ptr()), kResultOk);
            let mut setup = ProcessSetup {
                processMode: 0,
                symbolicSampleSize: 0,
                maxSamplesPerBlock: frames as i32,
                sampleRate: rate,
            };
            assert_eq!(processor.setupProcessing(&mut setup), kResultOk);
            assert_eq!(component.setActive(1), kResultOk);
            assert_eq!(processor.setProcessing(1), kResultOk);
            Self {
                processor,
                component,
                controller,
                mapping,
                events: ComWrapper::new(Events::default()),
                given: ComWrapper::new(Given::default()),
                changes: ComWrapper::new(Changes::default()),
                told: ComWrapper::new(Told::default()),
                handler,
                rate,
                beats: 0.0,
                samples: 0,
                sounding: Vec::new(),
                _library: library,
            }
        }
    }

    /// The number of event outputs that the plugin reports.
    pub fn event_outputs(&self) -> i32 {
        // SAFETY: a query without pointers; 1 and 1 are "event" and "output".
        unsafe { self.component.getBusCount(1, 1) }
    }

    /// How often the plugin has reported a change of the project.
    pub fn marked(&self) -> u32 {
        self.handler.0.get()
    }

    /// Ends processing.
    pub fn stop(&mut self) {
        // SAFETY: in the order of the specification.
        unsafe {
            self.processor.setProcessing(0);
            assert_eq!(self.component.setActive(0), kResultOk);
        }
    }

    /// The state that the plugin saves with a project.
    ///
    /// # Errors
    /// If it is not JSON.
    pub fn state(&self) -> anyhow::Result<serde_json::Value> {
        let stream = ComWrapper::new(Stream::default());
        let place = stream.to_com_ptr::<IBStream>().unwrap();
        // SAFETY: the stream lives through the call.
        assert_eq!(
            unsafe { self.component.getState(place.as_ptr()) },
            kResultOk
        );
        serde_json::from_slice(&stream.0.borrow()).context("the plugin's state is not JSON")
    }

    /// Switches the plugin off and on.
    pub fn restart(&mut self) {
        // SAFETY: in the order of the specification.
        unsafe {
            self.processor.setProcessing(0);
            assert_eq!(self.component.setActive(0), kResultOk);
            assert_eq!(self.component.setActive(1), kResultOk);
            self.processor.setProcessing(1);
        }
    }

    /// Sets a parameter, 0 … 1, with the next block.
    pub fn set(&mut self, name: &str, value: f64) {
        // SAFETY: the structure is the callee's to fill and lives through the call.
        let id = unsafe {
            let named = |index| {
                let mut info: ParameterInfo = std::mem::zeroed();
                let known = self.controller.getParameterInfo(index, &mut info) == kResultOk;
                let title: Vec<u16> = info.title.iter().copied().take_while(|c| *c > 0).collect();
                (known && String::from_utf16_lossy(&title) == name).then_some(info.id)
            };
            (0..self.controller.getParameterCount()).find_map(named)
        };
        let id = id.unwrap_or_else(|| panic!("no parameter {name}"));
        self.change(id, 0, value);
    }

    /// All parameters that are not hidden, as the plugin describes them.
    pub fn parameters(&self) -> Vec<Parameter> {
        // SAFETY: the structures are the callee's to fill and live through the calls.
        let told = |index| unsafe {
            let mut info: ParameterInfo = std::mem::zeroed();
            assert_eq!(
                self.controller.getParameterInfo(index, &mut info),
                kResultOk
            );
            let title: Vec<u16> = info.title.iter().copied().take_while(|c| *c > 0).collect();
            Parameter {
                id: info.id,
                name: String::from_utf16_lossy(&title),
                steps: info.stepCount,
                is_read_only: info.flags & kIsReadOnly != 0,
                is_hidden: info.flags & kIsHidden != 0,
            }
        };
        // SAFETY: a query without pointers.
        let count = unsafe { self.controller.getParameterCount() };
        (0..count).map(told).filter(|it| !it.is_hidden).collect()
    }

    /// The value of a parameter, 0 … 1, and the text that the plugin writes for it.
    pub fn value(&self, id: ParamID) -> (f64, String) {
        let mut text = [0; 128];
        // SAFETY: the text is the callee's to fill and lives through the call.
        let value = unsafe {
            let value = self.controller.getParamNormalized(id);
            let told = self.controller.getParamStringByValue(id, value, &mut text);
            assert_eq!(told, kResultOk, "{id}");
            value
        };
        let text: Vec<u16> = text.into_iter().take_while(|c| *c > 0).collect();
        (value, String::from_utf16_lossy(&text))
    }

    /// The values that the plugin has sent by itself, the last of each parameter.
    pub fn told(&self) -> HashMap<ParamID, f64> {
        self.told.1.borrow().clone()
    }

    fn change(&mut self, id: ParamID, at: i32, value: f64) {
        let queue = ComWrapper::new(Queue { id, at, value });
        self.changes.0.borrow_mut().push(queue);
    }

    /// Moves a controller of a channel, 0 … 1, at a sample of the next block: 0 to 127, 128 for
    /// channel pressure, 129 for pitch bend.
    pub fn control(&mut self, at: i32, channel: i16, controller: i16, value: f64) {
        let mut id = 0;
        // SAFETY: the number is the callee's to fill and lives through the call.
        let told = unsafe {
            self.mapping
                .getMidiControllerAssignment(0, channel, controller, &mut id)
        };
        assert_eq!(told, kResultOk, "controller {controller} has no parameter");
        self.change(id, at, value);
    }

    /// Sends the plugin a note at a sample of the next block.
    pub fn note(&mut self, on: bool, at: i32, channel: i16, pitch: i16) {
        // SAFETY: only numbers, for which zero is valid.
        let mut event: Event = unsafe { std::mem::zeroed() };
        event.sampleOffset = at;
        if on {
            event.r#type = kNoteOnEvent as u16;
            event.__field0.noteOn.channel = channel;
            event.__field0.noteOn.pitch = pitch;
            event.__field0.noteOn.velocity = 0.5;
            event.__field0.noteOn.noteId = -1;
        } else {
            event.r#type = kNoteOffEvent as u16;
            event.__field0.noteOff.channel = channel;
            event.__field0.noteOff.pitch = pitch;
            event.__field0.noteOff.noteId = -1;
        }
        self.given.0.borrow_mut().push(event);
    }

    /// Sends the plugin a system-exclusive message at a sample of the next block.
    pub fn sysex(&mut self, at: i32, message: &'static [u8]) {
        // SAFETY: only numbers and one pointer, which is set below.
        let mut event: Event = unsafe { std::mem::zeroed() };
        event.sampleOffset = at;
        event.r#type = kDataEvent as u16;
        event.__field0.data.size = message.len() as u32;
        event.__field0.data.bytes = message.as_ptr();
        self.given.0.borrow_mut().push(event);
    }

    /// The controllers of the last block.
    pub fn controls(&self) -> Vec<Control> {
        self.events.1.borrow().clone()
    }

    /// The samples of the events in the last block, in the order they came in.
    pub fn times(&self) -> Vec<i32> {
        self.events.2.borrow().clone()
    }

    /// The plugin's tail after its input, in samples.
    pub fn tail(&self) -> u32 {
        // SAFETY: a query without pointers.
        unsafe { self.processor.getTailSamples() }
    }

    /// Plays a block at 120 beats a minute. Returns the notes that sound after it, as channel
    /// and key, in order.
    pub fn play(&mut self, audio: &[f32], rolling: bool) -> Vec<(i16, i16)> {
        let mut input = [audio.to_vec(), audio.to_vec()];
        let mut output = input.clone();
        let mut into = [input[0].as_mut_ptr(), input[1].as_mut_ptr()];
        let mut out = [output[0].as_mut_ptr(), output[1].as_mut_ptr()];
        let bus = |channels: &mut [*mut f32; 2]| AudioBusBuffers {
            numChannels: 2,
            silenceFlags: 0,
            __field0: AudioBusBuffers__type0 {
                channelBuffers32: channels.as_mut_ptr(),
            },
        };
        let (mut inputs, mut outputs) = (bus(&mut into), bus(&mut out));
        // SAFETY: only numbers and no pointers: zero is valid.
        let mut context: ProcessContext = unsafe { std::mem::zeroed() };
        context.state = (kProjectTimeMusicValid | kTempoValid | kTimeSigValid) as u32;
        context.sampleRate = self.rate;
        context.projectTimeMusic = self.beats;
        context.projectTimeSamples = self.samples;
        context.tempo = 120.0;
        (context.timeSigNumerator, context.timeSigDenominator) = (4, 4);
        if rolling {
            context.state |= kPlaying as u32;
            self.beats += 2.0 * audio.len() as f64 / self.rate;
            self.samples += audio.len() as i64;
        }
        let changes = self.changes.to_com_ptr::<IParameterChanges>().unwrap();
        let told = self.told.to_com_ptr::<IParameterChanges>().unwrap();
        let events = self.events.to_com_ptr::<IEventList>().unwrap();
        let given = self.given.to_com_ptr::<IEventList>().unwrap();
        self.events.1.borrow_mut().clear();
        self.events.2.borrow_mut().clear();
        let mut data = ProcessData {
            processMode: 0,
            symbolicSampleSize: 0,
            numSamples: audio.len() as i32,
            numInputs: 1,
            numOutputs: 1,
            inputs: &mut inputs,
            outputs: &mut outputs,
            inputParameterChanges: changes.as_ptr(),
            outputParameterChanges: told.as_ptr(),
            inputEvents: given.as_ptr(),
            outputEvents: events.as_ptr(),
            processContext: &mut context,
        };
        // SAFETY: everything that is pointed to lives in this function or in `self`.
        assert_eq!(unsafe { self.processor.process(&mut data) }, kResultOk);
        assert_eq!(input, output);
        self.changes.0.borrow_mut().clear();
        for queue in self.told.0.borrow_mut().drain(..) {
            self.told.1.borrow_mut().insert(queue.0, queue.1.get());
            // As in hosts: the controller gets the processor's values.
            // SAFETY: a call with two numbers.
            unsafe { self.controller.setParamNormalized(queue.0, queue.1.get()) };
        }
        self.given.0.borrow_mut().clear();
        for (on, note) in self.events.0.take() {
            let sounds = self.sounding.iter().position(|it| *it == note);
            match (on, sounds) {
                (true, None) => self.sounding.push(note),
                (false, Some(index)) => drop(self.sounding.remove(index)),
                _ => panic!("{note:?} is sent {} twice", if on { "on" } else { "off" }),
            }
        }
        self.sounding.sort_unstable();
        self.sounding.clone()
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // SAFETY: in the order of the specification, and the plugin is not called after it.
        unsafe {
            self.processor.setProcessing(0);
            self.component.setActive(0);
            self.controller.setComponentHandler(null_mut());
            self.component.terminate();
        }
    }
}

/// Receives the plugin's reports: how often it said that the project has changed.
#[derive(Default)]
struct Handler(Cell<u32>);

impl Class for Handler {
    type Interfaces = (IComponentHandler, IComponentHandler2);
}

impl IComponentHandlerTrait for Handler {
    unsafe fn beginEdit(&self, _: ParamID) -> tresult {
        kResultOk
    }

    unsafe fn performEdit(&self, _: ParamID, _: f64) -> tresult {
        kResultOk
    }

    unsafe fn endEdit(&self, _: ParamID) -> tresult {
        kResultOk
    }

    unsafe fn restartComponent(&self, _: int32) -> tresult {
        kResultOk
    }
}

impl IComponentHandler2Trait for Handler {
    unsafe fn setDirty(&self, state: TBool) -> tresult {
        assert_eq!(state, 1);
        self.0.set(self.0.get() + 1);
        kResultOk
    }

    unsafe fn requestOpenEditor(&self, _: FIDString) -> tresult {
        kResultFalse
    }

    unsafe fn startGroupEdit(&self) -> tresult {
        kResultFalse
    }

    unsafe fn finishGroupEdit(&self) -> tresult {
        kResultFalse
    }
}

/// The state that the plugin writes.
#[derive(Default)]
struct Stream(RefCell<Vec<u8>>);

impl Class for Stream {
    type Interfaces = (IBStream,);
}

impl IBStreamTrait for Stream {
    unsafe fn read(&self, _: *mut c_void, _: int32, _: *mut int32) -> tresult {
        kResultFalse
    }

    unsafe fn write(&self, bytes: *mut c_void, len: int32, written: *mut int32) -> tresult {
        // SAFETY: the plugin passes this many bytes, and a place for a number or null.
        unsafe {
            let bytes = std::slice::from_raw_parts(bytes.cast::<u8>(), len as usize);
            self.0.borrow_mut().extend_from_slice(bytes);
            if let Some(written) = written.as_mut() {
                *written = len;
            }
        }
        kResultOk
    }

    unsafe fn seek(&self, _: int64, _: int32, _: *mut int64) -> tresult {
        kResultFalse
    }

    unsafe fn tell(&self, _: *mut int64) -> tresult {
        kResultFalse
    }
}

/// The input events of a block.
#[derive(Default)]
struct Given(RefCell<Vec<Event>>);

impl Class for Given {
    type Interfaces = (IEventList,);
}

impl IEventListTrait for Given {
    unsafe fn getEventCount(&self) -> int32 {
        self.0.borrow().len() as int32
    }

    unsafe fn getEvent(&self, index: int32, event: *mut Event) -> tresult {
        // SAFETY: the plugin passes a place for an event.
        unsafe { *event = self.0.borrow()[index as usize] };
        kResultOk
    }

    unsafe fn addEvent(&self, _: *mut Event) -> tresult {
        kResultFalse
    }
}

/// The output events of a block: notes (on or off, channel, key), controllers, and all
/// samples.
#[derive(Default)]
struct Events(
    Cell<Vec<(bool, (i16, i16))>>,
    RefCell<Vec<Control>>,
    RefCell<Vec<i32>>,
);

impl Class for Events {
    type Interfaces = (IEventList,);
}

impl IEventListTrait for Events {
    unsafe fn getEventCount(&self) -> int32 {
        0
    }

    unsafe fn getEvent(&self, _: int32, _: *mut Event) -> tresult {
        kResultFalse
    }

    unsafe fn addEvent(&self, event: *mut Event) -> tresult {
        // SAFETY: the plugin passes an event.
        self.2.borrow_mut().push(unsafe { (*event).sampleOffset });
        // SAFETY: the plugin passes an event whose kind determines the member of the union.
        let note = unsafe {
            let data = (*event).__field0;
            match u32::from((*event).r#type) {
                kind if kind == kNoteOnEvent as u32 => {
                    (true, (data.noteOn.channel, data.noteOn.pitch))
                }
                kind if kind == kNoteOffEvent as u32 => {
                    (false, (data.noteOff.channel, data.noteOff.pitch))
                }
                kind if kind == kLegacyMIDICCOutEvent as u32 => {
                    let it = data.midiCCOut;
                    let values = [it.value as u8, it.value2 as u8];
                    let told = (
                        (*event).sampleOffset,
                        it.channel as u8,
                        it.controlNumber,
                        values,
                    );
                    self.1.borrow_mut().push(told);
                    return kResultOk;
                }
                _ => return kResultFalse,
            }
        };
        let mut notes = self.0.take();
        notes.push(note);
        self.0.set(notes);
        kResultOk
    }
}

/// Parameter changes at the start of the next block.
#[derive(Default)]
struct Changes(RefCell<Vec<ComWrapper<Queue>>>);

impl Class for Changes {
    type Interfaces = (IParameterChanges,);
}

impl IParameterChangesTrait for Changes {
    unsafe fn getParameterCount(&self) -> int32 {
        self.0.borrow().len() as int32
    }

    unsafe fn getParameterData(&self, index: int32) -> *mut IParamValueQueue {
        let queues = self.0.borrow();
        let queue = queues.get(index as usize);
        // The list keeps its own reference until the block is over.
        queue
            .and_then(|it| it.as_com_ref::<IParamValueQueue>())
            .map_or(null_mut(), |it| it.as_ptr())
    }

    unsafe fn addParameterData(&self, _: *const ParamID, _: *mut int32) -> *mut IParamValueQueue {
        null_mut()
    }
}

/// Parameters that the plugin changes by itself: those of a block, and the last of each.
#[derive(Default)]
struct Told(
    RefCell<Vec<ComWrapper<Said>>>,
    RefCell<HashMap<ParamID, f64>>,
);

impl Class for Told {
    type Interfaces = (IParameterChanges,);
}

impl IParameterChangesTrait for Told {
    unsafe fn getParameterCount(&self) -> int32 {
        self.0.borrow().len() as int32
    }

    unsafe fn getParameterData(&self, _: int32) -> *mut IParamValueQueue {
        null_mut()
    }

    unsafe fn addParameterData(&self, id: *const ParamID, _: *mut int32) -> *mut IParamValueQueue {
        // SAFETY: the plugin passes a number.
        let said = ComWrapper::new(Said(unsafe { *id }, Cell::new(0.0)));
        // The list keeps a reference until the block is over.
        let queue = said.as_com_ref::<IParamValueQueue>();
        let queue = queue.map_or(null_mut(), |it| it.as_ptr());
        self.0.borrow_mut().push(said);
        queue
    }
}

/// The plugin's values for one parameter.
struct Said(ParamID, Cell<f64>);

impl Class for Said {
    type Interfaces = (IParamValueQueue,);
}

impl IParamValueQueueTrait for Said {
    unsafe fn getParameterId(&self) -> ParamID {
        self.0
    }

    unsafe fn getPointCount(&self) -> int32 {
        1
    }

    unsafe fn getPoint(&self, _: int32, _: *mut int32, _: *mut f64) -> tresult {
        kResultFalse
    }

    unsafe fn addPoint(&self, offset: int32, value: f64, _: *mut int32) -> tresult {
        assert_eq!(offset, 0);
        self.1.set(value);
        kResultOk
    }
}

/// One value of one parameter.
struct Queue {
    id: ParamID,
    /// The sample in the block.
    at: i32,
    value: f64,
}

impl Class for Queue {
    type Interfaces = (IParamValueQueue,);
}

impl IParamValueQueueTrait for Queue {
    unsafe fn getParameterId(&self) -> ParamID {
        self.id
    }

    unsafe fn getPointCount(&self) -> int32 {
        1
    }

    unsafe fn getPoint(&self, _: int32, offset: *mut int32, value: *mut f64) -> tresult {
        // SAFETY: the plugin passes places for both.
        unsafe {
            *offset = self.at;
            *value = self.value;
        }
        kResultOk
    }

    unsafe fn addPoint(&self, _: int32, _: f64, _: *mut int32) -> tresult {
        kResultFalse
    }
}
