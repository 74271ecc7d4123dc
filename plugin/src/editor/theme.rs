//! Colours, type and shapes of the editor.
//!
//! The colours that carry meaning are those of Okabe and Ito (*Color Universal Design*, 2008),
//! made lighter or darker for their background: they can be told apart with any kind of colour
//! vision. Nothing is shown by colour alone.

use std::sync::Arc;

use egui::{
    Color32, Context, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, FontTweak, Id,
    Stroke, Ui, Vec2, Visuals, vec2,
};

use crate::view::preferences::ThemeChoice;
use harmony::function::Function;

/// The colours of a theme.
#[derive(Debug)]
pub struct Palette {
    /// Whether text is light on dark.
    pub dark: bool,
    /// Behind everything.
    pub background: Color32,
    /// Panels upon it.
    pub panel: Color32,
    /// Wells within panels: tracks of bars and sliders.
    pub well: Color32,
    /// Hairlines.
    pub line: Color32,
    /// Bar lines.
    pub bar_line: Color32,
    /// What must be read.
    pub text: Color32,
    /// What may be read; 7 : 1 against the panels.
    pub soft: Color32,
    /// Captions; 4.5 : 1 against the panels.
    pub faint: Color32,
    /// What can be clicked or dragged.
    pub accent: Color32,
    /// What is chosen, under text.
    pub chosen: Color32,
    /// Text on the accent.
    pub on_accent: Color32,
    /// Warnings.
    pub warning: Color32,
    /// Success.
    pub good: Color32,
    /// Notes that are not the root.
    pub tone: Color32,
    /// Keys of a piano that do not sound, white and black.
    pub keys: [Color32; 2],
    /// Home, away, tension, from outside.
    functions: [Color32; 4],
}

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

/// Dark, for studios.
static DARK: Palette = Palette {
    dark: true,
    background: rgb(0x0e1116),
    panel: rgb(0x161b22),
    well: rgb(0x242c37),
    line: rgb(0x2c3542),
    bar_line: rgb(0x5a6779),
    text: rgb(0xf0f3f7),
    soft: rgb(0xa9b4c3),
    faint: rgb(0x8a97a8),
    accent: rgb(0x6cb8e8),
    chosen: rgb(0x24435a),
    on_accent: rgb(0x08141d),
    warning: rgb(0xf09a4e),
    good: rgb(0x4fc39a),
    tone: rgb(0x8c9fb8),
    keys: [rgb(0xd9dee5), rgb(0x202731)],
    functions: [rgb(0x56b4e9), rgb(0x2fb88c), rgb(0xe69f00), rgb(0xd88bb4)],
};

/// Light, for daylight.
static LIGHT: Palette = Palette {
    dark: false,
    background: rgb(0xeef0f3),
    panel: rgb(0xffffff),
    well: rgb(0xe3e7ec),
    line: rgb(0xd5dae1),
    bar_line: rgb(0x8b95a3),
    text: rgb(0x141920),
    soft: rgb(0x46505d),
    faint: rgb(0x646f7d),
    accent: rgb(0x00629e),
    chosen: rgb(0xcfe4f3),
    on_accent: rgb(0xffffff),
    warning: rgb(0xa84700),
    good: rgb(0x007252),
    tone: rgb(0x7d8da3),
    keys: [rgb(0xffffff), rgb(0x2b313a)],
    functions: [rgb(0x0072b2), rgb(0x007a5a), rgb(0xb35500), rgb(0xa24079)],
};

/// High contrast, white and saturated on black: 7 : 1 and more everywhere.
static CONTRAST: Palette = Palette {
    dark: true,
    background: rgb(0x000000),
    panel: rgb(0x000000),
    well: rgb(0x2a2a2a),
    line: rgb(0x9a9a9a),
    bar_line: rgb(0xffffff),
    text: rgb(0xffffff),
    soft: rgb(0xffffff),
    faint: rgb(0xd8d8d8),
    accent: rgb(0xf0e442),
    chosen: rgb(0x4a4600),
    on_accent: rgb(0x000000),
    warning: rgb(0xffb060),
    good: rgb(0x5df0b8),
    tone: rgb(0xc4c4c4),
    keys: [rgb(0xffffff), rgb(0x000000)],
    functions: [rgb(0x72c8ff), rgb(0x3de0a8), rgb(0xffbf30), rgb(0xffa6d4)],
};

/// Corners of panels.
pub const RADIUS: CornerRadius = CornerRadius::same(8);
/// Corners of small things.
pub const RADIUS_SMALL: CornerRadius = CornerRadius::same(4);

/// The window size at which everything has its usual size, in points.
const PLAIN_SIZE: Vec2 = vec2(960.0, 600.0);

/// How a window looks: its colours, and how large things are in it.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// The colours.
    pub palette: &'static Palette,
    /// 1 in a window of the usual size, more in a larger one.
    pub scale: f32,
}

impl Look {
    /// The look of a theme in a window of this size. Type grows with the window, but less than
    /// it: a large window has room for more as well.
    pub fn new(theme: ThemeChoice, window: Vec2) -> Self {
        let share = (window.x / PLAIN_SIZE.x).min(window.y / PLAIN_SIZE.y);
        let palette = match theme {
            ThemeChoice::Dark => &DARK,
            ThemeChoice::Light => &LIGHT,
            ThemeChoice::Contrast => &CONTRAST,
        };
        Self {
            palette,
            // In steps, so that resizing a window does not make new fonts all the time.
            scale: (share.max(0.1).powf(0.6) * 16.0).round().clamp(16.0, 42.0) / 16.0,
        }
    }

    /// A length in the window of the usual size, scaled to this window, in points.
    pub fn px(&self, points: f32) -> f32 {
        points * self.scale
    }

    /// The font of running text.
    pub fn text(&self, size: f32) -> FontId {
        FontId::new(self.px(size), FontFamily::Proportional)
    }

    /// The font of chord names; the size is in points of the screen.
    pub fn display(&self, size: f32) -> FontId {
        FontId::new(size, FontFamily::Name("display".into()))
    }

    /// The colour of a chord's harmonic function.
    pub fn function(&self, function: Function) -> Color32 {
        let [home, away, tension, outside] = self.palette.functions;
        match function {
            Function::Unknown => self.palette.accent,
            Function::Tonic => home,
            Function::Subdominant => away,
            Function::Dominant => tension,
            Function::Chromatic => outside,
        }
    }

    /// Sets egui's style to this look, if it is not yet.
    pub fn apply(&self, ui: &mut Ui, theme: ThemeChoice) {
        let wanted = (theme.name(), self.scale.to_bits());
        let id = Id::unique("changes-look");
        let has = ui.data(|data| data.get_temp::<(&'static str, u32)>(id));
        if has != Some(wanted) {
            ui.data_mut(|data| data.insert_temp(id, wanted));
            let look = *self;
            ui.ctx().all_styles_mut(|style| look.set(style));
        }
        ui.set_style(ui.ctx().global_style());
    }

    fn set(&self, style: &mut egui::Style) {
        style.visuals = self.visuals();
        let spacing = &mut style.spacing;
        spacing.interact_size = vec2(self.px(28.0), self.px(24.0));
        spacing.button_padding = vec2(self.px(8.0), self.px(4.0));
        spacing.item_spacing = vec2(self.px(6.0), self.px(5.0));
        spacing.menu_margin = egui::Margin::same(self.px(12.0).min(60.0) as i8);
        spacing.tooltip_width = self.px(300.0);
        style.interaction.tooltip_delay = 0.4;
        style.animation_time = 0.0;
        let font = self.text(13.0);
        for text_style in style.text_styles.values_mut() {
            *text_style = font.clone();
        }
    }

    fn visuals(&self) -> Visuals {
        let palette = self.palette;
        let mut visuals = if palette.dark {
            Visuals::dark()
        } else {
            Visuals::light()
        };
        visuals.panel_fill = palette.background;
        visuals.window_fill = palette.panel;
        visuals.window_stroke = Stroke::new(1.0, palette.bar_line);
        visuals.window_corner_radius = RADIUS;
        visuals.menu_corner_radius = RADIUS;
        visuals.extreme_bg_color = palette.well;
        visuals.text_edit_bg_color = Some(palette.well);
        visuals.override_text_color = None;
        visuals.selection.bg_fill = faded(palette.accent, 0.35);
        visuals.selection.stroke = Stroke::new(1.5, palette.accent);
        visuals.slider_trailing_fill = true;
        let widgets = &mut visuals.widgets;
        for (widget, fill, stroke, foreground) in [
            (
                &mut widgets.noninteractive,
                palette.panel,
                palette.line,
                palette.soft,
            ),
            (
                &mut widgets.inactive,
                palette.well,
                palette.well,
                palette.text,
            ),
            (
                &mut widgets.hovered,
                palette.line,
                palette.bar_line,
                palette.text,
            ),
            (
                &mut widgets.active,
                palette.line,
                palette.accent,
                palette.text,
            ),
            (
                &mut widgets.open,
                palette.line,
                palette.accent,
                palette.text,
            ),
        ] {
            widget.bg_fill = fill;
            widget.weak_bg_fill = fill;
            widget.bg_stroke = Stroke::new(1.0, stroke);
            widget.fg_stroke = Stroke::new(1.5, foreground);
            widget.corner_radius = RADIUS_SMALL;
            widget.expansion = 0.0;
        }
        // Light on light needs an edge; on black everything does.
        if palette.background == Color32::BLACK {
            visuals.widgets.inactive.bg_stroke = Stroke::new(1.0, palette.line);
            visuals.widgets.hovered.weak_bg_fill = palette.well;
            visuals.widgets.hovered.bg_fill = palette.well;
        }
        visuals
    }
}

/// `color` with an opacity of 0…1.
pub fn faded(color: Color32, opacity: f32) -> Color32 {
    color.gamma_multiply(opacity.clamp(0.0, 1.0))
}

/// Distance from the top of a line to its baseline, as a share of the size of the type.
pub const ASCENT: f32 = 0.964;
/// Height of capitals, as a share of the size of the type.
pub const CAP_HEIGHT: f32 = 0.727;

/// Gives a fresh context its fonts.
pub fn install(context: &Context) {
    context.set_fonts(fonts());
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
