//! The settings, a page each: names and notation of chords, listening, instrument and MIDI
//! out, the window.

use egui::{
    Button, DragValue, Id, Popup, PopupCloseBehavior, Rect, RichText, Slider, TextEdit, Ui,
};
use harmony::label::{Chord, Label};
use harmony::note_names::NoteNames;
use nice_plug::prelude::Enum;
use recognizer::tuning::{MAX_CENTS, Tuning};

use super::desk::{Action, Desk, Open, SettingsPage, Typed};
use super::export::voicing_hint;
use super::theme::Look;
use super::widgets::{button, caption_of, choices};
use crate::networks::NetworkChoice;
use crate::params::{
    BandChoice, BassChoice, PartChoice, StyleChoice, VocabularyChoice, VoicingChoice,
};
use crate::view::preferences::{
    InstrumentChoice, MAX_CAPO, NextChoice, Page, Preferences, SimplifyChoice, ThemeChoice,
    WrittenFor,
};
use crate::view::{BandControls, Controls, MidiControls, TuningControls, TuningView, View};

/// Draws the settings, if they are open, under their button at `anchor`.
pub(super) fn draw(
    ui: &mut Ui,
    look: &Look,
    anchor: Rect,
    view: &View,
    controls: &mut Controls,
    desk: &mut Desk,
) {
    if desk.open != Open::Settings {
        return;
    }
    let window = ui.max_rect();
    let mut open = true;
    let width = look.px(470.0).min(window.width() - look.px(50.0));
    Popup::new(
        Id::unique("settings"),
        ui.ctx().clone(),
        anchor,
        ui.layer_id(),
    )
    .open_bool(&mut open)
    .gap(look.px(6.0))
    .align(egui::RectAlign::BOTTOM_END)
    .width(width)
    .accessible_name("Settings")
    .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
    .show(|ui| {
        ui.set_width(width);
        ui.horizontal(|ui| {
            let name = |page: SettingsPage| page.name().to_owned();
            let hint = |page: SettingsPage| page.hint().to_owned();
            let page = &mut desk.settings;
            choices(ui, look, &SettingsPage::ALL, page, name, hint);
        });
        ui.separator();
        let height = window.bottom() - anchor.bottom() - look.px(80.0);
        egui::ScrollArea::vertical()
            .id_salt(desk.settings.name())
            .max_height(height.max(look.px(80.0)))
            .min_scrolled_height(height.max(look.px(80.0)))
            .show(ui, |ui| form(ui, look, width, view, controls, desk));
    });
    if !open && desk.open == Open::Settings {
        desk.open = Open::Nothing;
        desk.typed = Typed::default();
    }
}

/// The rows of the settings: a caption each, beside the control or above it.
struct Form<'a> {
    look: &'a Look,
    narrow: bool,
}

impl Form<'_> {
    fn row(&self, ui: &mut Ui, caption: &str, add: impl FnOnce(&mut Ui)) {
        let text = RichText::new(caption)
            .font(self.look.text(12.5))
            .color(self.look.palette.soft);
        if self.narrow {
            ui.label(text);
            ui.horizontal_wrapped(add);
        } else {
            ui.horizontal(|ui| {
                caption_of(ui, self.look, 104.0, text);
                ui.vertical(|ui| ui.horizontal_wrapped(add));
            });
        }
    }

    /// A row of buttons for the values of a parameter, of which `chosen` is the index.
    fn variants<T: Enum>(
        &self,
        ui: &mut Ui,
        caption: &str,
        chosen: &mut usize,
        hint: impl Fn(T) -> &'static str,
    ) {
        let names = T::variants();
        let all: Vec<usize> = (0..names.len()).collect();
        self.row(ui, caption, |ui| {
            let name = |index: usize| names.get(index).copied().unwrap_or_default().to_owned();
            let hint = |index: usize| hint(T::from_index(index)).to_owned();
            choices(ui, self.look, &all, chosen, name, hint);
        });
    }
}

fn form(
    ui: &mut Ui,
    look: &Look,
    width: f32,
    view: &View,
    controls: &mut Controls,
    desk: &mut Desk,
) {
    let narrow = width < look.px(420.0);
    let form = Form { look, narrow };
    let typed = &mut desk.typed;
    match desk.settings {
        SettingsPage::Chords => chords(ui, &form, view, controls, typed),
        SettingsPage::Listening => {
            listening(ui, &form, view, controls);
            ui.separator();
            band(ui, &form, &mut controls.band);
            ui.separator();
            networks(ui, &form, view, &mut controls.networks, &mut desk.actions);
        }
        SettingsPage::Playing => {
            instrument(ui, &form, view, &mut controls.window, typed);
            ui.separator();
            midi(ui, &form, &mut controls.midi);
        }
        SettingsPage::Window => window(ui, &form, controls),
    }
}

/// The page *Chords*: the vocabulary, and how chords are written.
fn chords(ui: &mut Ui, form: &Form<'_>, view: &View, controls: &mut Controls, typed: &mut Typed) {
    let look = form.look;
    form.variants(
        ui,
        "Vocabulary",
        &mut controls.vocabulary,
        |vocabulary| match vocabulary {
            VocabularyChoice::MajMin => "Major and minor triads only",
            VocabularyChoice::Sevenths => "Sixths, sevenths and suspensions too",
            VocabularyChoice::Inversions => {
                "The same with their bass notes and ninths to thirteenths"
            }
        },
    );
    form.variants(ui, "Notation", &mut controls.style, |style| match style {
        StyleChoice::Jazz => "As on a lead sheet: B♭7sus4, F♯ø7",
        StyleChoice::Plain => "In plain text: Bb7sus4, F#m7b5",
        StyleChoice::Harte => "The syntax of label files: Bb:sus4(b7)",
        StyleChoice::Roman => "Roman numerals of the key: ♭VII7sus4",
        StyleChoice::Nashville => "Nashville numbers of the key",
    });
    note_names(ui, form, &mut controls.window.names);
    simplify(ui, form, view, &mut controls.window, typed);
    form.row(ui, "Written for", |ui| {
        let name = |written: WrittenFor| written.name().to_owned();
        let hint = |written: WrittenFor| {
            match written {
                WrittenFor::Concert => "Names as they sound",
                WrittenFor::Bb => "A major second higher: trumpet, clarinet, tenor saxophone",
                WrittenFor::Eb => "A major sixth higher: alto and baritone saxophone",
            }
            .to_owned()
        };
        choices(
            ui,
            look,
            &WrittenFor::ALL,
            &mut controls.window.written_for,
            name,
            hint,
        );
    });
}

/// The page *Listening*.
fn listening(ui: &mut Ui, form: &Form<'_>, view: &View, controls: &mut Controls) {
    let look = form.look;
    form.row(ui, "Sensitivity", |ui| {
        let number = Number {
            step: 0.01,
            write: |value| format!("{:.0} %", value * 100.0),
            read: percent,
        };
        number.draw(ui, look, "Sensitivity", &mut controls.sensitivity).on_hover_text(
            "How little evidence a chord needs to be shown: lower is calmer, higher follows every hint.",
        );
    });
    form.row(ui, "Hold", |ui| {
        let number = Number {
            step: 0.005,
            write: |value| format!("{:.0} ms", value * 1000.0),
            read: milliseconds,
        };
        number
            .draw(ui, look, "Hold", &mut controls.hold_s)
            .on_hover_text(
                "How long a new chord must last before it takes the place of the one shown.",
            );
    });
    tuning(ui, form, &view.tuning, &mut controls.tuning);
}

/// The page *Window*.
fn window(ui: &mut Ui, form: &Form<'_>, controls: &mut Controls) {
    let look = form.look;
    form.row(ui, "View", |ui| {
        let name = |page: Page| page.name().to_owned();
        let hint = |page: Page| page.hint().to_owned();
        choices(ui, look, &Page::ALL, &mut controls.window.page, name, hint);
    });
    form.row(ui, "Next chord", |ui| {
        let name = |next: NextChoice| next.name().to_owned();
        let hint = |next: NextChoice| next.hint().to_owned();
        choices(
            ui,
            look,
            &NextChoice::ALL,
            &mut controls.window.next,
            name,
            hint,
        );
    });
    form.row(ui, "Theme", |ui| {
        let name = |theme: ThemeChoice| theme.name().to_owned();
        choices(
            ui,
            look,
            &ThemeChoice::ALL,
            &mut controls.window.theme,
            name,
            |_| String::new(),
        );
    });
    form.row(ui, "Display", |ui| {
        let name = if controls.freeze { "Frozen" } else { "Freeze" };
        let text = RichText::new(name).font(look.text(13.0));
        if ui
            .add(Button::new(text).selected(controls.freeze))
            .on_hover_text(
                "Hold the display as it is. Listening goes on, and so does the track: to keep that \
                 as it is, switch Write off at the top.",
            )
            .clicked()
        {
            controls.freeze = !controls.freeze;
        }
    });
    // Bug reports need it.
    form.row(ui, "Version", |ui| {
        let build = RichText::new(changes_about::BUILD).font(look.text(13.0));
        ui.add(egui::Label::new(build).selectable(true));
    });
}

/// The names of notes.
fn note_names(ui: &mut Ui, form: &Form<'_>, names: &mut NoteNames) {
    form.row(ui, "Note names", |ui| {
        let name = |names: NoteNames| {
            match names {
                NoteNames::English => "A B C",
                NoteNames::German => "A H C",
                NoteNames::Solfege => "Do Re Mi",
            }
            .to_owned()
        };
        let hint = |names: NoteNames| {
            match names {
                NoteNames::English => "English names: B and B♭",
                NoteNames::German => {
                    "German names, shown and typed: H, and B for what others call B♭. Charts for \
                     people have them too; files for programs stay English."
                }
                NoteNames::Solfege => {
                    "Do Re Mi Fa Sol La Si, shown and typed. Charts for people have them too; \
                     files for programs stay English."
                }
            }
            .to_owned()
        };
        choices(ui, form.look, &NoteNames::ALL, names, name, hint);
    });
}

/// The choice of simpler chords, with a field for the user's own.
fn simplify(
    ui: &mut Ui,
    form: &Form<'_>,
    view: &View,
    window: &mut Preferences,
    typed: &mut Typed,
) {
    let look = form.look;
    form.row(ui, "Simplify", |ui| {
        let name = |choice: SimplifyChoice| choice.name().to_owned();
        let hint = |choice: SimplifyChoice| {
            format!(
                "{}. In the window and in exports; the track keeps what was heard.",
                choice.hint()
            )
        };
        let chosen = &mut window.simplify;
        choices(ui, look, &SimplifyChoice::ALL, chosen, name, hint);
    });
    if window.simplify != SimplifyChoice::Own {
        typed.own_chords = None;
        return;
    }
    let text = typed.own_chords.take();
    let mut text = text.unwrap_or_else(|| view.namer.typed_chords(&window.own_chords));
    form.row(ui, "My chords", |ui| {
        let field = TextEdit::singleline(&mut text)
            .desired_width(ui.available_width().min(look.px(330.0)))
            .char_limit(600)
            .hint_text(view.namer.typed_chords(&easy_chords()));
        let response = ui.add(field);
        response.widget_info(|| {
            let mut info = egui::WidgetInfo::new(egui::Role::TextInput);
            info.label = Some("My chords".to_owned());
            info
        });
        let focused = response.has_focus();
        response.on_hover_text("The chords that you play, with spaces between them.");
        let read = view.namer.read_chords(&text);
        let says = match &read {
            Ok(chords) if chords.is_empty() => Some((
                "Type some chords: until then they are as heard.".to_owned(),
                look.palette.soft,
            )),
            Ok(_) => None,
            Err(error) => Some((error.to_string(), look.palette.warning)),
        };
        if focused || read.is_err() {
            typed.own_chords = Some(text);
        }
        if let Ok(chords) = read {
            window.own_chords = chords;
        }
        if let Some((says, color)) = says {
            ui.label(RichText::new(says).font(look.text(12.0)).color(color));
        }
    });
}

/// The instrument that chords are shown on, its tuning and its capo.
fn instrument(
    ui: &mut Ui,
    form: &Form<'_>,
    view: &View,
    window: &mut Preferences,
    typed: &mut Typed,
) {
    let look = form.look;
    form.row(ui, "Instrument", |ui| {
        let name = |choice: InstrumentChoice| choice.name().to_owned();
        let hint = |choice: InstrumentChoice| match choice {
            InstrumentChoice::Own => choice.hint().to_owned(),
            named => format!("{}: {}", named.name(), named.hint()),
        };
        let chosen = &mut window.instrument;
        if choices(ui, look, &InstrumentChoice::ALL, chosen, name, hint) {
            typed.capo = None;
        }
    });
    if window.instrument == InstrumentChoice::Own {
        own_strings(ui, form, view, window, typed);
    } else {
        typed.own_strings = None;
    }
    form.row(ui, "Strings", |ui| {
        let hands = [false, true];
        let name = |left: bool| if left { "Left-handed" } else { "Right-handed" }.to_owned();
        let left = &mut window.left_handed;
        choices(ui, look, &hands, left, name, |_| String::new());
        let capo = DragValue::new(&mut window.capo)
            .range(0..=MAX_CAPO)
            .speed(0.05)
            .custom_formatter(|value, _| match value as u8 {
                0 => "no capo".to_owned(),
                fret => format!("capo {fret}"),
            })
            .custom_parser(|text| text.trim_start_matches("capo").trim().parse().ok());
        if ui
            .add(capo)
            .on_hover_text("The fret of the capo: drag, or click and type.")
            .changed()
        {
            typed.capo = None;
        }
        let chords = played(view);
        let suggest = ui
            .add_enabled(!chords.is_empty(), button(look, "Suggest"))
            .on_hover_text("Put the capo where most of the song has open chords.")
            .on_disabled_hover_text("Play some music first: a capo depends on the chords.");
        if suggest.clicked() {
            let (fret, share) = window.strings().best_capo(&chords);
            window.capo = fret;
            let open = format!("{:.0} % of the time has open chords", share * 100.0);
            typed.capo = Some(match fret {
                _ if share == 0.0 => "No chord is open with any capo.".to_owned(),
                0 => format!("Best without a capo: {open}."),
                fret => format!("With a capo on fret {fret}, {open}."),
            });
        }
        if let Some(says) = &typed.capo {
            let says = RichText::new(says.as_str());
            ui.label(says.font(look.text(12.0)).color(look.palette.soft));
        }
    });
}

/// The field for the strings of a custom tuning.
fn own_strings(
    ui: &mut Ui,
    form: &Form<'_>,
    view: &View,
    window: &mut Preferences,
    typed: &mut Typed,
) {
    let look = form.look;
    let shown = |window: &Preferences| match window.own_strings.as_slice() {
        [] => String::new(),
        strings => view.namer.typed_strings(strings),
    };
    let text = typed.own_strings.take();
    let mut text = text.unwrap_or_else(|| shown(window));
    form.row(ui, "Own tuning", |ui| {
        let field = TextEdit::singleline(&mut text)
            .desired_width(ui.available_width().min(look.px(330.0)))
            .char_limit(80)
            .hint_text(view.namer.typed_strings(&OPEN_D));
        let response = ui.add(field);
        response.widget_info(|| {
            let mut info = egui::WidgetInfo::new(egui::Role::TextInput);
            info.label = Some("Own tuning".to_owned());
            info
        });
        let focused = response.has_focus();
        response.on_hover_text(
            "The open strings in the order in which they lie, each with its octave; C4 is the \
             middle C.",
        );
        let empty = text.trim().is_empty();
        let read = if empty {
            Ok(Vec::new())
        } else {
            view.namer.read_strings(&text)
        };
        let says = match &read {
            Ok(_) if empty => Some((
                "Type the strings: until then it is a guitar.".to_owned(),
                look.palette.soft,
            )),
            Ok(_) => None,
            Err(error) => Some((error.to_string(), look.palette.warning)),
        };
        if focused || read.is_err() {
            typed.own_strings = Some(text);
        }
        if let Ok(strings) = read
            && strings != window.own_strings
        {
            window.own_strings = strings;
            typed.capo = None;
        }
        if let Some((says, color)) = says {
            ui.label(RichText::new(says).font(look.text(12.0)).color(color));
        }
    });
}

/// A guitar's open D, as an example of a custom tuning.
const OPEN_D: [u8; 6] = [38, 45, 50, 54, 57, 62];

/// The chords of the track as they are written, each with how long it lasts in all.
fn played(view: &View) -> Vec<(Chord, f64)> {
    let mut played: Vec<(Chord, f64)> = Vec::new();
    for segment in view.track.timeline().segments() {
        let Label::Chord(chord) = view.namer.written(&segment.label) else {
            continue;
        };
        match played.iter_mut().find(|(other, _)| *other == chord) {
            Some((_, length)) => *length += segment.duration_s(),
            None => played.push((chord, segment.duration_s())),
        }
    }
    played
}

/// Chords that beginners learn first.
fn easy_chords() -> Vec<Label> {
    let chords = ["C", "G", "A:min", "F", "D:min", "E:min"];
    chords
        .iter()
        .filter_map(|chord| chord.parse().ok())
        .collect()
}

/// Where the tuning comes from, and its value where it is set.
fn tuning(ui: &mut Ui, form: &Form<'_>, now: &TuningView, tuning: &mut TuningControls) {
    form.row(ui, "Tuning", |ui| {
        let name = |fixed: bool| if fixed { "Fixed" } else { "Auto" }.to_owned();
        let hint = |fixed: bool| {
            if fixed {
                "Chords are read at the tuning that is set here"
            } else {
                "The tuning is found while the music plays, and followed"
            }
            .to_owned()
        };
        let fixed = &mut tuning.fixed;
        if choices(ui, form.look, &[false, true], fixed, name, hint) && *fixed {
            tuning.cents = now.tuning.unwrap_or(Tuning::CONCERT).cents();
        }
        if !tuning.fixed {
            return;
        }
        let hz = |cents: f32| Tuning::from_cents(cents).a4_hz();
        let mut a4_hz = hz(tuning.cents);
        let number = DragValue::new(&mut a4_hz)
            .range(hz(-MAX_CENTS)..=hz(MAX_CENTS))
            .speed(0.1)
            .max_decimals(1)
            .prefix("A = ")
            .suffix(" Hz");
        let response = ui.add(number);
        if response
            .on_hover_text("The frequency of A: drag, or click and type.")
            .changed()
            && let Some(typed) = Tuning::from_a4_hz(a4_hz)
        {
            tuning.cents = typed.cents();
        }
        let number = DragValue::new(&mut tuning.cents)
            .range(-MAX_CENTS..=MAX_CENTS)
            .speed(0.5)
            .max_decimals(1)
            .suffix(" cents");
        ui.add(number)
            .on_hover_text("The same as a distance from A = 440 Hz.");
    });
}

/// The networks that are used.
fn networks(
    ui: &mut Ui,
    form: &Form<'_>,
    view: &View,
    networks: &mut NetworkChoice,
    actions: &mut Vec<Action>,
) {
    let look = form.look;
    let kinds = [
        ("Live network", true, &mut networks.live),
        ("Track network", false, &mut networks.windowed),
    ];
    for (caption, live, chosen) in kinds {
        form.row(ui, caption, |ui| {
            let hint = if live {
                "The network for the chord that is shown at once."
            } else {
                "The network for the confirmed track."
            };
            let name = chosen.as_ref().map_or("Built in".to_owned(), |file| {
                let name = file.path.file_name().unwrap_or(file.path.as_os_str());
                name.to_string_lossy().into_owned()
            });
            let name = RichText::new(name).font(look.text(12.5));
            ui.add(egui::Label::new(name).truncate())
                .on_hover_text(chosen.as_ref().map_or_else(
                    || hint.to_owned(),
                    |file| format!("{hint} {}", file.path.display()),
                ));
            let choose = ui.add(button(look, "Weights…")).on_hover_text(
                "Listen with weights of your own: a file that the trainer has exported.",
            );
            if choose.clicked() {
                actions.push(Action::ChooseNetwork(live));
            }
            if chosen.is_some()
                && ui
                    .add(button(look, "Built in"))
                    .on_hover_text("Listen with the built-in network again.")
                    .clicked()
            {
                *chosen = None;
            }
        });
    }
    if let Some(refused) = &view.refused_network {
        let refused = RichText::new(refused.as_str()).font(look.text(12.0));
        ui.label(refused.color(look.palette.warning));
    }
}

/// What plays on the instance's track, and which band it belongs to.
fn band(ui: &mut Ui, form: &Form<'_>, band: &mut BandControls) {
    form.variants(ui, "Part", &mut band.part, |part| match part {
        PartChoice::Mix => "This track has everything, or several parts at once",
        PartChoice::Bass => "This track has the bass alone: it is the bass of the band's chords",
        PartChoice::Harmony => "This track carries chords: keys, guitars, strings",
        PartChoice::Melody => {
            "This track has a melody: it counts, a little, against thirds that it contradicts"
        }
        PartChoice::Drums => {
            "This track has no chords: it is not listened to, and shows the band's"
        }
    });
    form.variants(ui, "Band", &mut band.band, |_: BandChoice| {
        "Instances of one band hear the song together, track by track, and share one chord track, \
         as soon as one of them has another part than the mix"
    });
}

/// How the live chord is sent as notes; only the switch while it is off.
fn midi(ui: &mut Ui, form: &Form<'_>, midi: &mut MidiControls) {
    form.row(ui, "MIDI out", |ui| {
        let name = |on: bool| if on { "On" } else { "Off" }.to_owned();
        let hint = |on: bool| {
            if on {
                "The live chord as notes on the plugin's MIDI output, while the song plays: route it \
                 to an instrument in the host, and the instrument follows the band"
            } else {
                "No notes are sent"
            }
            .to_owned()
        };
        choices(ui, form.look, &[false, true], &mut midi.on, name, hint);
    });
    if !midi.on {
        return;
    }
    form.variants(ui, "Voicing", &mut midi.voicing, |choice: VoicingChoice| {
        voicing_hint(choice.into())
    });
    form.row(ui, "Notes", |ui| {
        let mut number = |value: &mut i32, range, name: &str, hint: &str| {
            let drag = DragValue::new(value)
                .range(range)
                .speed(0.1)
                .prefix(format!("{name} "));
            ui.add(drag).on_hover_text(hint);
        };
        let octave = "Octaves by which all notes are moved: drag, or click and type.";
        number(&mut midi.octave, -3..=3, "octave", octave);
        let velocity = "The velocity of the notes.";
        number(&mut midi.velocity, 1..=127, "velocity", velocity);
        let channel = "The MIDI channel of the notes.";
        number(&mut midi.channel, 1..=16, "channel", channel);
    });
    form.variants(ui, "Bass", &mut midi.bass, |choice| match choice {
        BassChoice::Together => "The bass note on the channel of the chord",
        BassChoice::Apart => "The bass note on the next channel, for a separate bass instrument",
        BassChoice::None => "The chord without its bass note",
    });
}

/// A number from 0 to 1, and how it is written and read.
struct Number {
    step: f64,
    write: fn(f64) -> String,
    read: fn(&str) -> Option<f64>,
}

impl Number {
    fn draw(self, ui: &mut Ui, look: &Look, name: &str, value: &mut f32) -> egui::Response {
        let Self { step, write, read } = self;
        ui.spacing_mut().slider_width =
            (ui.available_width() - look.px(80.0)).clamp(look.px(60.0), look.px(220.0));
        let slider = Slider::new(value, 0.0..=1.0)
            .step_by(step)
            .custom_formatter(move |value, _| write(value))
            .custom_parser(read);
        let response = ui.add(slider);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Slider, true, name));
        response
    }
}

fn percent(text: &str) -> Option<f64> {
    let number: f64 = text.trim().trim_end_matches('%').trim().parse().ok()?;
    number.is_finite().then_some(number / 100.0)
}

fn milliseconds(text: &str) -> Option<f64> {
    let number: f64 = text.trim().trim_end_matches("ms").trim().parse().ok()?;
    number.is_finite().then_some(number / 1000.0)
}
