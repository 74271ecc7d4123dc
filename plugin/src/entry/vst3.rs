//! The entry points of VST3.
#![allow(
    non_snake_case,
    reason = "the functions have the names that VST3 gives them"
)]

mod params;

use std::ffi::c_void;
use std::sync::Arc;

use nice_plug::prelude::Vst3Plugin;
use nice_plug::wrapper::setup_logger;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::ChannelContext::{
    IInfoListener, IInfoListenerTrait,
};
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{
    BusDirection, BusInfo, CString, CtrlNumber, IAttributeList, IAudioProcessor,
    IAudioProcessorTrait, IComponent, IComponentHandler, IComponentHandler2,
    IComponentHandler2Trait, IComponentTrait, IEditController, IEditControllerTrait, IMidiMapping,
    IMidiMappingTrait, INoteExpressionController, INoteExpressionControllerTrait,
    IProcessContextRequirements, IProcessContextRequirementsTrait, IUnitInfo, IUnitInfoTrait,
    IoMode, MediaType, NoteExpressionTypeID, NoteExpressionTypeInfo, NoteExpressionValue, ParamID,
    ParamValue, ParameterInfo, ProcessData, ProcessSetup, ProgramListID, ProgramListInfo,
    RoutingInfo, SpeakerArrangement, String128, TChar, UnitID, UnitInfo,
};
use nice_plug::wrapper::vst3::vst3::Steinberg::{
    FIDString, FUnknown, IBStream, IPlugView, IPluginBaseTrait, IPluginFactory, IPluginFactory2,
    IPluginFactory2Trait, IPluginFactory3, IPluginFactory3Trait, IPluginFactoryTrait, PClassInfo,
    PClassInfo2, PClassInfoW, PFactoryInfo, TBool, TUID, int16, int32, kInvalidArgument, kResultOk,
    tresult, uint32,
};
use nice_plug::wrapper::vst3::vst3::{Class, ComPtr, ComRef, ComWrapper};
use nice_plug::wrapper::vst3::{PluginInfo, Wrapper};

use super::readout::{Field, Told};
use crate::Changes;
use crate::host::{HostLink, Listener};

/// What the host gets: nice-plug's object in a wrapper that every call passes through.
struct Instance {
    wrapped: Wrapper<Changes>,
    link: Arc<HostLink>,
    told: Told,
}

impl Class for Instance {
    type Interfaces = (
        IComponent,
        IEditController,
        IAudioProcessor,
        IMidiMapping,
        INoteExpressionController,
        IProcessContextRequirements,
        IUnitInfo,
        IInfoListener,
    );
}

impl Instance {
    fn new() -> Self {
        let link = Arc::new(HostLink::default());
        Self {
            wrapped: link.while_making(Wrapper::new),
            link,
            told: Told::default(),
        }
    }

    /// The current value of one of our parameters.
    fn value(&self, field: Field) -> f64 {
        field.value(self.link.readout.get())
    }

    /// The number of nice-plug's parameters.
    fn own_count(&self) -> int32 {
        // SAFETY: a query without pointers.
        unsafe { self.wrapped.getParameterCount() }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // Before nice-plug's object is dropped.
        self.link.close();
    }
}

impl Listener for ComPtr<IComponentHandler2> {
    fn project_changed(&self) {
        // SAFETY: the object is reference-counted. A host may refuse: it has been told.
        let _ = unsafe { self.setDirty(1) };
    }
}

/// Functions that nice-plug's object answers.
macro_rules! hand_on {
    ($trait:ident $($name:ident($($argument:ident: $type:ty),*) $(-> $result:ty)?;)*) => {
        $(unsafe fn $name(&self, $($argument: $type),*) $(-> $result)? {
            // SAFETY: forwarded with the caller's arguments.
            unsafe { $trait::$name(&self.wrapped, $($argument),*) }
        })*
    };
}

impl IPluginBaseTrait for Instance {
    hand_on! { IPluginBaseTrait
        initialize(context: *mut FUnknown) -> tresult;
    }

    unsafe fn terminate(&self) -> tresult {
        self.link.set_listener(None);
        // SAFETY: forwarded.
        unsafe { self.wrapped.terminate() }
    }
}

impl IComponentTrait for Instance {
    hand_on! { IComponentTrait
        getControllerClassId(class: *mut TUID) -> tresult;
        setIoMode(mode: IoMode) -> tresult;
        getBusCount(media: MediaType, direction: BusDirection) -> int32;
        getBusInfo(media: MediaType, direction: BusDirection, index: int32, info: *mut BusInfo)
            -> tresult;
        getRoutingInfo(input: *mut RoutingInfo, output: *mut RoutingInfo) -> tresult;
        activateBus(media: MediaType, direction: BusDirection, index: int32, state: TBool)
            -> tresult;
        setState(state: *mut IBStream) -> tresult;
        getState(state: *mut IBStream) -> tresult;
    }

    unsafe fn setActive(&self, state: TBool) -> tresult {
        // SAFETY: forwarded with the caller's arguments.
        let result = unsafe { self.wrapped.setActive(state) };
        self.link.tell();
        result
    }
}

impl IEditControllerTrait for Instance {
    hand_on! { IEditControllerTrait
        setComponentState(state: *mut IBStream) -> tresult;
        setState(state: *mut IBStream) -> tresult;
        getState(state: *mut IBStream) -> tresult;
    }

    unsafe fn getParameterCount(&self) -> int32 {
        self.own_count() + Field::ALL.len() as int32
    }

    unsafe fn getParameterInfo(&self, index: int32, info: *mut ParameterInfo) -> tresult {
        let own = self.own_count();
        if index < own {
            // SAFETY: forwarded with the caller's arguments.
            return unsafe { self.wrapped.getParameterInfo(index, info) };
        }
        let field = Field::ALL.get((index - own) as usize);
        // SAFETY: the host's place for it.
        unsafe { answer(info, field.map(|field| params::info(*field))) }
    }

    unsafe fn getParamStringByValue(
        &self,
        id: ParamID,
        value: ParamValue,
        text: *mut String128,
    ) -> tresult {
        let Some(field) = Field::from_id(id) else {
            // SAFETY: forwarded with the caller's arguments.
            return unsafe { self.wrapped.getParamStringByValue(id, value, text) };
        };
        // SAFETY: null, or the host's place for a text.
        let Some(text) = (unsafe { text.as_mut() }) else {
            return kInvalidArgument;
        };
        params::write(&field.text(params::plain(field, value)), text);
        kResultOk
    }

    unsafe fn getParamValueByString(
        &self,
        id: ParamID,
        text: *mut TChar,
        value: *mut ParamValue,
    ) -> tresult {
        let Some(field) = Field::from_id(id) else {
            // SAFETY: forwarded with the caller's arguments.
            return unsafe { self.wrapped.getParamValueByString(id, text, value) };
        };
        // SAFETY: null, or the host's text, which ends in zero.
        let plain = unsafe { params::read(text) }.and_then(|text| field.parse(&text));
        // SAFETY: the host's place for it.
        unsafe { answer(value, plain.map(|plain| params::normalized(field, plain))) }
    }

    unsafe fn normalizedParamToPlain(&self, id: ParamID, value: ParamValue) -> ParamValue {
        match Field::from_id(id) {
            Some(field) => params::plain(field, value),
            // SAFETY: forwarded with the caller's arguments.
            None => unsafe { self.wrapped.normalizedParamToPlain(id, value) },
        }
    }

    unsafe fn plainParamToNormalized(&self, id: ParamID, value: ParamValue) -> ParamValue {
        match Field::from_id(id) {
            Some(field) => params::normalized(field, value),
            // SAFETY: forwarded with the caller's arguments.
            None => unsafe { self.wrapped.plainParamToNormalized(id, value) },
        }
    }

    unsafe fn getParamNormalized(&self, id: ParamID) -> ParamValue {
        match Field::from_id(id) {
            Some(field) => params::normalized(field, self.value(field)),
            // SAFETY: forwarded with the caller's arguments.
            None => unsafe { self.wrapped.getParamNormalized(id) },
        }
    }

    unsafe fn setParamNormalized(&self, id: ParamID, value: ParamValue) -> tresult {
        match Field::from_id(id) {
            // The host returns the plugin's own values; nothing else may set them.
            Some(_) => kResultOk,
            // SAFETY: forwarded with the caller's arguments.
            None => unsafe { self.wrapped.setParamNormalized(id, value) },
        }
    }

    unsafe fn setComponentHandler(&self, handler: *mut IComponentHandler) -> tresult {
        // SAFETY: the host passes null or a reference-counted object.
        let listener = unsafe { ComRef::from_raw(handler) }
            .and_then(|handler| handler.cast::<IComponentHandler2>());
        self.link
            .set_listener(listener.map(|listener| Arc::new(listener) as Arc<dyn Listener>));
        // SAFETY: forwarded with the caller's arguments.
        unsafe { self.wrapped.setComponentHandler(handler) }
    }

    unsafe fn createView(&self, name: FIDString) -> *mut IPlugView {
        self.link.tell();
        // SAFETY: forwarded with the caller's arguments.
        unsafe { self.wrapped.createView(name) }
    }
}

impl IAudioProcessorTrait for Instance {
    hand_on! { IAudioProcessorTrait
        setBusArrangements(
            inputs: *mut SpeakerArrangement, input_count: int32,
            outputs: *mut SpeakerArrangement, output_count: int32
        ) -> tresult;
        getBusArrangement(
            direction: BusDirection, index: int32, arrangement: *mut SpeakerArrangement
        ) -> tresult;
        canProcessSampleSize(size: int32) -> tresult;
        getLatencySamples() -> uint32;
        setupProcessing(setup: *mut ProcessSetup) -> tresult;
        setProcessing(state: TBool) -> tresult;
        getTailSamples() -> uint32;
    }

    unsafe fn process(&self, data: *mut ProcessData) -> tresult {
        // SAFETY: null, or the host's for the block; forwarded with the caller's arguments.
        unsafe {
            if let Some(data) = data.as_ref() {
                self.told.tell(self.link.readout.get(), |field, value| {
                    params::push(field, value, data.outputParameterChanges)
                });
            }
            self.wrapped.process(data)
        }
    }
}

impl IMidiMappingTrait for Instance {
    hand_on! { IMidiMappingTrait
        getMidiControllerAssignment(
            bus: int32, channel: int16, controller: CtrlNumber, id: *mut ParamID
        ) -> tresult;
    }
}

impl INoteExpressionControllerTrait for Instance {
    hand_on! { INoteExpressionControllerTrait
        getNoteExpressionCount(bus: int32, channel: int16) -> int32;
        getNoteExpressionInfo(
            bus: int32, channel: int16, index: int32, info: *mut NoteExpressionTypeInfo
        ) -> tresult;
        getNoteExpressionStringByValue(
            bus: int32, channel: int16, id: NoteExpressionTypeID, value: NoteExpressionValue,
            text: *mut String128
        ) -> tresult;
        getNoteExpressionValueByString(
            bus: int32, channel: int16, id: NoteExpressionTypeID, text: *const TChar,
            value: *mut NoteExpressionValue
        ) -> tresult;
    }
}

impl IProcessContextRequirementsTrait for Instance {
    hand_on! { IProcessContextRequirementsTrait
        getProcessContextRequirements() -> uint32;
    }
}

impl IUnitInfoTrait for Instance {
    hand_on! { IUnitInfoTrait
        getUnitCount() -> int32;
        getUnitInfo(index: int32, info: *mut UnitInfo) -> tresult;
        getProgramListCount() -> int32;
        getProgramListInfo(index: int32, info: *mut ProgramListInfo) -> tresult;
        getProgramName(list: ProgramListID, index: int32, name: *mut String128) -> tresult;
        getProgramInfo(
            list: ProgramListID, index: int32, attribute: CString, value: *mut String128
        ) -> tresult;
        hasProgramPitchNames(list: ProgramListID, index: int32) -> tresult;
        getProgramPitchName(
            list: ProgramListID, index: int32, pitch: int16, name: *mut String128
        ) -> tresult;
        getSelectedUnit() -> UnitID;
        selectUnit(unit: UnitID) -> tresult;
        getUnitByBus(
            media: MediaType, direction: BusDirection, bus: int32, channel: int32,
            unit: *mut UnitID
        ) -> tresult;
        setUnitProgramData(list: int32, index: int32, data: *mut IBStream) -> tresult;
    }
}

impl IInfoListenerTrait for Instance {
    hand_on! { IInfoListenerTrait
        setChannelContextInfos(list: *mut IAttributeList) -> tresult;
    }
}

/// The factory, with one class.
struct Factory(PluginInfo);

impl Class for Factory {
    type Interfaces = (IPluginFactory, IPluginFactory2, IPluginFactory3);
}

/// Writes a value to the host's place for it.
///
/// # Safety
/// `place` is null or the host's, of its type.
unsafe fn answer<T>(place: *mut T, value: Option<T>) -> tresult {
    match value {
        Some(value) if !place.is_null() => {
            // SAFETY: the caller's promise.
            unsafe { place.write(value) };
            kResultOk
        }
        _ => kInvalidArgument,
    }
}

impl IPluginFactoryTrait for Factory {
    unsafe fn getFactoryInfo(&self, info: *mut PFactoryInfo) -> tresult {
        // SAFETY: the host's place for the value.
        unsafe { answer(info, Some(self.0.create_factory_info())) }
    }

    unsafe fn countClasses(&self) -> int32 {
        1
    }

    unsafe fn getClassInfo(&self, index: int32, info: *mut PClassInfo) -> tresult {
        // SAFETY: the host's place for the value.
        unsafe { answer(info, (index == 0).then(|| self.0.create_class_info())) }
    }

    unsafe fn createInstance(
        &self,
        class: FIDString,
        interface: FIDString,
        object: *mut *mut c_void,
    ) -> tresult {
        if class.is_null() || interface.is_null() || object.is_null() {
            return kInvalidArgument;
        }
        // SAFETY: identifiers have sixteen bytes, which need no alignment.
        if unsafe { class.cast::<[u8; 16]>().read() } != Changes::PLATFORM_VST3_CLASS_ID {
            return kInvalidArgument;
        }
        let instance = ComWrapper::new(Instance::new());
        let Some(unknown) = instance.as_com_ref::<FUnknown>() else {
            return kInvalidArgument;
        };
        let unknown = unknown.as_ptr();
        // SAFETY: the object lives through the call, which gives the host a reference of its
        // own or none.
        unsafe { ((*(*unknown).vtbl).queryInterface)(unknown, interface.cast::<TUID>(), object) }
    }
}

impl IPluginFactory2Trait for Factory {
    unsafe fn getClassInfo2(&self, index: int32, info: *mut PClassInfo2) -> tresult {
        // SAFETY: the host's place for the value.
        unsafe { answer(info, (index == 0).then(|| self.0.create_class_info_2())) }
    }
}

impl IPluginFactory3Trait for Factory {
    unsafe fn getClassInfoUnicode(&self, index: int32, info: *mut PClassInfoW) -> tresult {
        // SAFETY: the host's place for it.
        unsafe {
            answer(
                info,
                (index == 0).then(|| self.0.create_class_info_unicode()),
            )
        }
    }

    unsafe fn setHostContext(&self, _: *mut FUnknown) -> tresult {
        kResultOk
    }
}

/// The entry point: the factory that hosts ask for classes.
#[unsafe(no_mangle)]
pub(super) extern "system" fn GetPluginFactory() -> *mut c_void {
    let factory = ComWrapper::new(Factory(PluginInfo::for_plugin::<Changes>()));
    factory
        .to_com_ptr::<IPluginFactory>()
        .map_or(std::ptr::null_mut(), |factory| factory.into_raw().cast())
}

/// The function that a host calls first, under the system's name for it.
macro_rules! on_loading {
    ($system:meta, $convention:literal, $enter:ident($($argument:ty)?), $leave:ident) => {
        #[unsafe(no_mangle)]
        #[$system]
        extern $convention fn $enter($(_: $argument)?) -> bool {
            setup_logger::<Changes>();
            true
        }

        #[unsafe(no_mangle)]
        #[$system]
        extern $convention fn $leave() -> bool {
            true
        }
    };
}

on_loading!(
    cfg(all(unix, not(target_os = "macos"))),
    "C",
    ModuleEntry(*mut c_void),
    ModuleExit
);
on_loading!(
    cfg(target_os = "macos"),
    "C",
    bundleEntry(*mut c_void),
    bundleExit
);
on_loading!(cfg(windows), "system", InitDll(), ExitDll);
