//! The range of the progression generator.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use harmony::label::Label;
use harmony::vocabulary::large;
use renderer::chord::{Chord, LARGE_QUALITIES, POWER, QUALITIES};
use renderer::progressions::{ProgressionSettings, census, compose};
use renderer::random::{Stream, stream};
use renderer::song::Harmony;

#[test]
fn every_quality_and_inversion_on_every_root_is_reached() {
    let settings = ProgressionSettings::default();
    let mut seen: BTreeSet<(usize, u8)> = BTreeSet::new();
    let mut roots: BTreeSet<(usize, u8)> = BTreeSet::new();
    for seed in 0..3000 {
        for span in compose(&mut stream(seed, Stream::Compose), &settings).spans {
            if let Harmony::Chord(chord) = span.harmony {
                seen.insert((chord.quality, chord.bass));
                roots.insert((chord.quality, chord.root));
            }
        }
    }
    // Power chords have a share of their own, which is zero here.
    for (index, quality) in QUALITIES[..POWER].iter().enumerate() {
        assert!(
            seen.contains(&(index, 0)),
            "{} never in root position",
            quality.harte
        );
        for tone in quality.basses {
            assert!(
                seen.contains(&(index, *tone)),
                "{} over {tone} semitones never",
                quality.harte
            );
        }
        if index < LARGE_QUALITIES {
            let count = roots
                .iter()
                .filter(|(quality, _)| *quality == index)
                .count();
            assert_eq!(count, 12, "{}: {count} roots", quality.harte);
        }
    }
}

#[test]
fn shares_follow_the_settings() {
    let plain = ProgressionSettings {
        even_share: 0.0,
        rare_share: 0.0,
        extension_share: 0.0,
        inversion_share: 0.0,
        even_inversion_share: 0.0,
        ..ProgressionSettings::default()
    };
    let rich = ProgressionSettings {
        even_share: 1.0,
        even_inversion_share: 0.5,
        ..ProgressionSettings::default()
    };
    let (plain, rich) = (census(1, 60, &plain), census(1, 60, &rich));
    assert_eq!(plain.inverted_beats, 0.0);
    let total: f64 = rich.beats.iter().sum();
    assert!(rich.inverted_beats > 0.3 * total);
    // Evenly drawn, every quality of the vocabulary has about a fourteenth.
    for beats in &rich.beats[..LARGE_QUALITIES] {
        assert!((0.03..0.12).contains(&(beats / total)), "{}", beats / total);
    }
}

#[test]
fn spans_are_gap_free_and_end_on_a_bar() {
    for seed in 0..200 {
        let song = compose(
            &mut stream(seed, Stream::Compose),
            &ProgressionSettings::default(),
        );
        assert_eq!(song.spans[0].start, 0.0);
        for pair in song.spans.windows(2) {
            assert!((pair[0].end - pair[1].start).abs() < 1e-9);
            assert_ne!(pair[0].harmony, pair[1].harmony);
        }
        assert!(song.spans.iter().all(|span| span.end - span.start > 0.49));
        assert!(song.end() <= (song.beats.len() - 1) as f64 + 1e-9);
        assert!(song.time_s(song.end()) >= 55.0);
        let bars = song.bars();
        assert!(
            bars.iter()
                .all(|(start, end)| (2.9..4.1).contains(&(end - start)))
        );
    }
}

#[test]
fn harte_labels_of_the_table_come_back() {
    for (index, quality) in QUALITIES.iter().enumerate() {
        for root in 0..12 {
            for bass in std::iter::once(0).chain(quality.basses.iter().copied()) {
                let chord = Chord {
                    root,
                    quality: index,
                    bass,
                };
                for flats in [false, true] {
                    let text = chord.label(flats).to_string();
                    assert_eq!(Chord::from_harte(&text), Some(chord), "{text}");
                    // The label means the same in the rest of the program.
                    let Label::Chord(label) = chord.label(flats) else {
                        panic!("{text} is no label");
                    };
                    // In Harte's syntax a thirteenth contains an eleventh, which players leave
                    // out.
                    let eleventh = 1 << ((root + 5) % 12);
                    let (sung, meant) = (chord.pitch_classes(), label.pitch_classes());
                    assert!(sung == meant || sung | eleventh == meant, "{text}");
                    assert_eq!(label.bass_pitch_class(), chord.bass_pitch_class(), "{text}");
                    let class = large::index_of(&Label::Chord(label));
                    // A bass outside the chord makes another chord of it, as in mir_eval.
                    if index < LARGE_QUALITIES && quality.tones.contains(&bass) {
                        assert_eq!(class, 14 * usize::from(root) + index, "{text}");
                    }
                }
            }
        }
    }
    for text in ["N", "X", "", "H:maj", "C:nonsense", "C:maj/", "C#b?:min"] {
        assert_eq!(Chord::from_harte(text), None, "{text}");
    }
}
