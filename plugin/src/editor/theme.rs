//! Colours, type and shapes of the editor.

use std::sync::Arc;

use egui::{
    Color32, Context, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, FontTweak,
    Stroke, Visuals, epaint::Hsva,
};

/// Behind everything.
pub const BACKGROUND: Color32 = Color32::from_rgb(0x0e, 0x11, 0x16);
/// Panels upon it.
pub const PANEL: Color32 = Color32::from_rgb(0x16, 0x1b, 0x22);
/// Wells within panels: tracks of bars and sliders.
pub const WELL: Color32 = Color32::from_rgb(0x21, 0x28, 0x32);
/// Hairlines.
pub const LINE: Color32 = Color32::from_rgb(0x2c, 0x35, 0x42);
/// Bar lines.
pub const BAR_LINE: Color32 = Color32::from_rgb(0x4a, 0x56, 0x67);
/// What must be read.
pub const TEXT: Color32 = Color32::from_rgb(0xf0, 0xf3, 0xf7);
/// What may be read; 7 : 1 against the panels.
pub const TEXT_SOFT: Color32 = Color32::from_rgb(0xa3, 0xaf, 0xbf);
/// Captions; 4.5 : 1 against the panels.
pub const TEXT_FAINT: Color32 = Color32::from_rgb(0x7d, 0x8a, 0x9c);
/// Things one can take hold of.
pub const ACCENT: Color32 = Color32::from_rgb(0x6c, 0xb8, 0xe8);
/// Something needs attention.
pub const WARNING: Color32 = Color32::from_rgb(0xf0, 0x9a, 0x4e);
/// All is well.
pub const GOOD: Color32 = Color32::from_rgb(0x6c, 0xcf, 0x9a);
/// The lit keys that are not the root.
pub const TONE: Color32 = Color32::from_rgb(0x7f, 0x92, 0xab);

/// Corners of panels.
pub const RADIUS: CornerRadius = CornerRadius::same(8);
/// Corners of small things.
pub const RADIUS_SMALL: CornerRadius = CornerRadius::same(4);

/// The colour of a root: neighbours in the circle of fifths are neighbours in hue,
/// so that related chords look related.
pub fn root_color(pitch_class: u8) -> Color32 {
    let fifths = (u32::from(pitch_class) * 7 % 12) as f32;
    Hsva::new((fifths / 12.0 + 0.08).fract(), 0.52, 0.92, 1.0).into()
}

/// `color` with its share `opacity` of 0…1.
pub fn faded(color: Color32, opacity: f32) -> Color32 {
    color.gamma_multiply(opacity.clamp(0.0, 1.0))
}

/// Running text.
pub fn text(size: f32) -> FontId {
    FontId::new(size, FontFamily::Proportional)
}

/// Chord names.
pub fn display(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name("display".into()))
}

/// Distance from the top of a line to its baseline, as a share of the size of the type.
pub const ASCENT: f32 = 0.964;
/// Height of capitals, as a share of the size of the type.
pub const CAP_HEIGHT: f32 = 0.727;

/// Gives a fresh context its fonts and its looks.
pub fn install(context: &Context) {
    context.set_fonts(fonts());
    context.set_theme(egui::Theme::Dark);
    context.all_styles_mut(|style| {
        style.visuals = visuals();
        style.spacing.interact_size.y = 24.0;
        style.spacing.button_padding = [8.0, 4.0].into();
        style.spacing.item_spacing = [8.0, 4.0].into();
        style.interaction.tooltip_delay = 0.4;
        for font in style.text_styles.values_mut() {
            *font = text(13.0);
        }
    });
}

/// The bundled fonts; their licences lie beside them.
fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::empty();
    let mut add = |name: &str, data: &'static [u8], tweak: FontTweak| {
        let data = FontData::from_static(data).tweak(tweak);
        fonts.font_data.insert(name.to_owned(), Arc::new(data));
    };
    let plain = FontTweak::default();
    add(
        "text",
        include_bytes!("../../assets/fonts/Inter-Medium.otf"),
        plain.clone(),
    );
    add(
        "display",
        include_bytes!("../../assets/fonts/InterDisplay-SemiBold.otf"),
        plain.clone(),
    );
    add(
        "accidentals",
        include_bytes!("../../assets/fonts/NotoSansSymbols-Accidentals.ttf"),
        plain.clone(),
    );
    add(
        "double-accidentals",
        include_bytes!("../../assets/fonts/NotoMusic-DoubleAccidentals.ttf"),
        plain,
    );
    let family = |first: &str| {
        [first, "accidentals", "double-accidentals"]
            .map(str::to_owned)
            .to_vec()
    };
    fonts
        .families
        .insert(FontFamily::Proportional, family("text"));
    fonts.families.insert(FontFamily::Monospace, family("text"));
    fonts
        .families
        .insert(FontFamily::Name("display".into()), family("display"));
    fonts
}

fn visuals() -> Visuals {
    let mut visuals = Visuals::dark();
    visuals.panel_fill = BACKGROUND;
    visuals.window_fill = PANEL;
    visuals.window_stroke = Stroke::new(1.0, LINE);
    visuals.extreme_bg_color = WELL;
    visuals.override_text_color = None;
    visuals.selection.bg_fill = faded(ACCENT, 0.35);
    visuals.selection.stroke = Stroke::new(1.0, ACCENT);
    visuals.slider_trailing_fill = true;
    let widgets = &mut visuals.widgets;
    for (widget, fill, stroke, foreground) in [
        (&mut widgets.noninteractive, PANEL, LINE, TEXT_SOFT),
        (&mut widgets.inactive, WELL, WELL, TEXT),
        (&mut widgets.hovered, LINE, BAR_LINE, TEXT),
        (&mut widgets.active, LINE, ACCENT, TEXT),
        (&mut widgets.open, LINE, ACCENT, TEXT),
    ] {
        widget.bg_fill = fill;
        widget.weak_bg_fill = fill;
        widget.bg_stroke = Stroke::new(1.0, stroke);
        widget.fg_stroke = Stroke::new(1.5, foreground);
        widget.corner_radius = RADIUS_SMALL;
        widget.expansion = 0.0;
    }
    visuals
}
