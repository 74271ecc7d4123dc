//! Announces the current chord to users who do not see it: a text that screen readers read out
//! when it changes.

use egui::accesskit::{Live, Role};
use egui::{Id, Ui};

use crate::view::{View, spoken};

/// The shortest time between two texts, in seconds: speech takes time.
const EVERY_S: f64 = 1.0;

/// The last text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Announced {
    text: String,
    /// When it was set, in seconds of the window's time.
    at_s: Option<f64>,
}

impl Announced {
    /// Takes a text if it is new and enough time has passed; otherwise returns the seconds to wait.
    fn take(&mut self, text: String, now_s: f64) -> Option<f64> {
        if text == self.text {
            return None;
        }
        let left_s = self.at_s.map_or(0.0, |at_s| at_s + EVERY_S - now_s);
        if left_s > 0.0 {
            return Some(left_s);
        }
        *self = Self {
            text,
            at_s: Some(now_s),
        };
        None
    }
}

/// Announces the chord, or why there is none. Costs nothing without a screen reader.
pub(super) fn draw(ui: &Ui, view: &View, announced: &mut Announced) {
    let context = ui.ctx();
    let id = Id::unique("announced");
    if context.accesskit_node_builder(id, |_| ()).is_none() {
        return;
    }
    let text = match &view.chord {
        Some(chord) => spoken::chord(&chord.name),
        None => view.status.word().to_owned(),
    };
    if let Some(left_s) = announced.take(text, ui.input(|input| input.time)) {
        context.request_repaint_after(std::time::Duration::from_secs_f64(left_s));
    }
    context.accesskit_node_builder(id, |node| {
        node.set_role(Role::Status);
        node.set_live(Live::Polite);
        node.set_label(announced.text.as_str());
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_lies_between_two_texts_and_the_last_one_is_said() {
        let mut announced = Announced::default();
        let mut said = Vec::new();
        // A chord every tenth of a second, for three seconds; then the last one stays.
        for step in 0..60 {
            let now_s = f64::from(step) / 10.0;
            let before = announced.text.clone();
            let waits = announced.take(step.min(30).to_string(), now_s);
            if announced.text != before {
                said.push((step, announced.text.clone()));
                assert_eq!(waits, None);
            }
        }
        let expected = [(0, "0"), (10, "10"), (20, "20"), (30, "30")];
        assert_eq!(said, expected.map(|(at, text)| (at, text.to_owned())));
        let left_s = announced.take("next".to_owned(), 3.4).unwrap();
        assert!((left_s - 0.6).abs() < 1e-9);
    }
}
