//! The band, as the window shows it.

use recognizer::band::{Part, Said};

use super::names::Namer;
use crate::snapshot::{Snapshot, Standing};
use harmony::key::Key;
use harmony::label::{Label, Note};

/// The band, as the window shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BandView {
    /// The members, for the foot of the window; empty where the instance listens by itself.
    pub who: String,
    /// A warning: the instance has a part, but there is no band.
    pub missing: Option<String>,
    /// What each part contributed to the chord shown, a line each.
    pub said: Vec<String>,
}

impl BandView {
    pub(super) fn of(snapshot: &Snapshot, key: Option<Key>, namer: &Namer) -> Self {
        let (who, missing) = match &snapshot.band {
            Standing::Alone => (String::new(), None),
            Standing::Missing { band } => (
                String::new(),
                Some(format!(
                    "No other instance of band {band} in this process: some hosts run each plugin \
                     in its own process."
                )),
            ),
            Standing::Together { band, parts } => (format!("Band {band}: {}", listed(parts)), None),
        };
        let said = snapshot.said.iter();
        Self {
            who,
            missing,
            said: said.map(|said| in_words(said, key, namer)).collect(),
        }
    }
}

/// The name of a part.
fn name(part: Part) -> &'static str {
    match part {
        Part::Mix => "Mix",
        Part::Harmony => "Harmony",
        Part::Midi => "MIDI",
        Part::Bass => "Bass",
        Part::Melody => "Melody",
        Part::Drums => "Drums",
    }
}

/// Parts in order, repeated ones with their number.
fn listed(parts: &[Part]) -> String {
    let mut names: Vec<String> = Vec::new();
    for same in parts.chunk_by(|a, b| a == b) {
        let name = name(same[0]).to_lowercase();
        names.push(match same.len() {
            1 => name,
            count => format!("{count} × {name}"),
        });
    }
    names.join(", ")
}

fn percent(share: f32) -> String {
    format!("{:.0} %", share * 100.0)
}

fn in_words(said: &Said, key: Option<Key>, namer: &Namer) -> String {
    let note = |class: u8| match namer.key(key) {
        Some(key) => namer.note(key.spell(class)),
        None => namer.note(Note::common(class, false)),
    };
    match said {
        Said::Chord(part, label @ Label::Chord(_), p) => {
            let chord = namer.name(label, key).text();
            format!("{}: {chord}, {}", name(*part), percent(*p))
        }
        Said::Chord(part, ..) => format!("{}: no chord", name(*part)),
        Said::Bass(class, p) => format!("Bass: {}, {}", note(*class), percent(*p)),
        Said::Notes(notes) if notes.is_empty() => "Melody: no note".to_owned(),
        Said::Notes(notes) => {
            let notes: Vec<String> = notes.iter().map(|class| note(*class)).collect();
            format!("Melody: {}", notes.join(" "))
        }
        Said::Nothing(part) => format!("{}: silent", name(*part)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Controls;

    #[test]
    fn every_part_is_named_with_what_it_said() {
        let snapshot = Snapshot {
            band: Standing::Together {
                band: 'B',
                parts: vec![Part::Harmony, Part::Harmony, Part::Bass, Part::Drums],
            },
            said: vec![
                Said::Chord(Part::Harmony, "E:min".parse().unwrap(), 0.81),
                Said::Nothing(Part::Midi),
                Said::Bass(0, 0.93),
                Said::Notes(vec![7, 4]),
            ],
            ..Snapshot::default()
        };
        let view = BandView::of(&snapshot, None, &Namer::new(&Controls::default()));
        assert_eq!(view.who, "Band B: 2 × harmony, bass, drums");
        assert_eq!(
            view.said,
            [
                "Harmony: Em, 81 %",
                "MIDI: silent",
                "Bass: C, 93 %",
                "Melody: G E"
            ]
        );
        assert_eq!(view.missing, None);
        let alone = Snapshot {
            band: Standing::Missing { band: 'A' },
            ..Snapshot::default()
        };
        let view = BandView::of(&alone, None, &Namer::new(&Controls::default()));
        assert!(view.missing.unwrap().contains("band A in this process"));
    }
}
