//! Charts read from every format, as this program writes them and as people type them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::label;
use harmony::chart::{Chart, ChartOptions};
use harmony::export::{Format, Options};
use harmony::import::chart::{ChartError, WrittenChart, parse, parse_midi};
use harmony::timeline::{Segment, Timeline};
use harmony::track::{Info, Track};
use proptest::prelude::*;

/// `C:maj 4 | A:min 2 F:maj 2`.
fn shape(chart: &WrittenChart) -> String {
    let bars = chart.bars.iter().map(|bar| {
        let chords = bar.chords.iter();
        let words = chords.map(|it| format!("{} {}", it.label, it.beats));
        words.collect::<Vec<_>>().join(" ")
    });
    bars.collect::<Vec<_>>().join(" | ")
}

fn read(text: &str) -> String {
    shape(&parse(text).unwrap())
}

/// A song with repeats, a section, chords within bars and inversions.
fn song() -> Track {
    let bar = |names: &[(f64, &'static str)]| names.to_vec();
    let verse = [
        bar(&[(4.0, "A:min")]),
        bar(&[(2.0, "F"), (2.0, "C/3")]),
        bar(&[(4.0, "G:7")]),
        bar(&[(4.0, "G:7")]),
    ];
    let chorus = [
        bar(&[(4.0, "D:min7")]),
        bar(&[(1.0, "F:maj7"), (1.0, "E:hdim7"), (2.0, "A:7")]),
        bar(&[(4.0, "Bb:sus4(b7)")]),
        bar(&[(3.0, "C:maj6"), (1.0, "N")]),
    ];
    let all = [verse.clone(), verse.clone(), verse, chorus.clone(), chorus].concat();
    let mut beat = 0.0;
    let segments = all.concat().into_iter().map(|(beats, name)| {
        let start = beat;
        beat += beats;
        Segment::new(start / 2.0, beat / 2.0, label(name))
    });
    let mut timeline = Timeline::from_segments(segments.collect::<Vec<_>>()).unwrap();
    timeline.merge_labels();
    let mut track = Options::default().track(&timeline).unwrap();
    track.set_info(Info {
        title: "A Song".to_owned(),
        composer: "Somebody".to_owned(),
        ..Info::default()
    });
    track.set_section(0.0, Some("Verse")).unwrap();
    track.set_section(48.0, Some("Chorus")).unwrap();
    track
}

/// The chord on each beat, with its bass.
fn by_beat(chart: &WrittenChart) -> Vec<String> {
    let mut beats = Vec::new();
    for chord in chart.bars.iter().flat_map(|bar| &bar.chords) {
        for _ in 0..(chord.beats.round() as usize) {
            beats.push(chord.label.to_string());
        }
    }
    beats
}

fn truth(track: &Track) -> Vec<String> {
    let options = ChartOptions {
        fold: false,
        ..ChartOptions::default()
    };
    let chart = Chart::new(track, options);
    let placed = chart.bars.iter().flat_map(|bar| &bar.chords);
    placed
        .flat_map(|it| vec![it.label.to_string(); (it.length / 4) as usize])
        .collect()
}

#[test]
fn what_the_exports_write_is_read_again() {
    let track = song();
    let truth = truth(&track);
    for format in [
        Format::ChordPro,
        Format::ChordProInline,
        Format::IReal,
        Format::MusicXml,
        Format::Midi,
    ] {
        let mut bytes = Vec::new();
        let options = Options::default();
        format.write_track(&mut bytes, &track, &options).unwrap();
        let chart = match format {
            Format::Midi => parse_midi(&bytes).unwrap(),
            _ => parse(std::str::from_utf8(&bytes).unwrap()).unwrap(),
        };
        let mut found = by_beat(&chart);
        let mut truth = truth.clone();
        // MIDI does not have the time after the last chord.
        if format == Format::Midi {
            truth.pop();
            found.truncate(truth.len());
        }
        assert_eq!(found, truth, "{}", format.name());
        assert_eq!(chart.title, "A Song", "{}", format.name());
        let named = |name: &str| {
            chart
                .bars
                .iter()
                .any(|it| it.section.as_deref() == Some(name))
        };
        assert!(named("Verse") && named("Chorus"), "{}", format.name());
    }
}

#[test]
fn our_text_charts_are_read_but_for_beats_that_they_leave_out() {
    let mut bytes = Vec::new();
    Format::Text
        .write_track(&mut bytes, &song(), &Options::default())
        .unwrap();
    let chart = parse(std::str::from_utf8(&bytes).unwrap()).unwrap();
    assert_eq!(chart.bars.len(), 20);
    assert_eq!(
        (chart.title.as_str(), chart.tempo_bpm),
        ("A Song", Some(120.0))
    );
    assert_eq!(
        shape(&chart).split(" | ").take(5).collect::<Vec<_>>(),
        ["A:min 4", "F:maj 2 C:maj/3 2", "G:7 4", "G:7 4", "A:min 4"]
    );
}

#[test]
fn bars_as_people_type_them() {
    for (text, bars) in [
        (
            "| Am | F C | G | % |",
            "A:min 4 | F:maj 2 C:maj 2 | G:maj 4 | G:maj 4",
        ),
        ("Am | F | C", "A:min 4 | F:maj 4 | C:maj 4"),
        (
            "|: Am | F :| x3",
            "A:min 4 | F:maj 4 | A:min 4 | F:maj 4 | A:min 4 | F:maj 4",
        ),
        ("||: Am | F :||", "A:min 4 | F:maj 4 | A:min 4 | F:maj 4"),
        ("| Am | F | x2", "A:min 4 | F:maj 4 | A:min 4 | F:maj 4"),
        (
            "|: C :|: G :| D |",
            "C:maj 4 | C:maj 4 | G:maj 4 | G:maj 4 | D:maj 4",
        ),
        ("| C . G . | F / / C |", "C:maj 2 G:maj 2 | F:maj 3 C:maj 1"),
        ("| C G Am |", "C:maj 2 G:maj 1 A:min 1"),
        ("| A:min7/b3 | N.C. | N |", "A:min7/b3 4 | N 4 | N 4"),
        (
            "|: C | 1. F :| 2. G | Am |",
            "C:maj 4 | F:maj 4 | C:maj 4 | G:maj 4 | A:min 4",
        ),
        ("3/4\n| C | G7 |", "C:maj 3 | G:7 3"),
    ] {
        assert_eq!(read(text), bars, "{text}");
    }
}

#[test]
fn sections_and_heads_of_plain_text() {
    let chart = parse(
        "A Title\nSomebody\nEb major | 6/8 | dotted quarter = 60\n\n[Intro]\n| Cm |\nA: | Fm | G7 |\n\nChorus:\nAb | Bb\n",
    )
    .unwrap();
    assert_eq!(chart.title, "A Title");
    assert_eq!(chart.composer, "Somebody");
    assert_eq!(chart.key.unwrap().to_string(), "Eb:maj");
    assert_eq!(chart.tempo_bpm, Some(90.0));
    let sections: Vec<_> = chart.bars.iter().map(|it| it.section.as_deref()).collect();
    assert_eq!(
        sections,
        [Some("Intro"), Some("A"), None, Some("Chorus"), None]
    );
    assert!(chart.bars.iter().all(|it| it.beats() == 3.0 && it.measured));
}

#[test]
fn chords_above_lyrics_have_no_lengths() {
    let chart =
        parse("{title: Song}\n{soc}\n[Am]Some [F]words\n{eoc}\n[C/E]More\n{chorus}\n").unwrap();
    assert_eq!(
        shape(&chart),
        "A:min 4 | F:maj 4 | C:maj/3 4 | A:min 4 | F:maj 4"
    );
    assert!(chart.bars.iter().all(|it| !it.measured));
    assert_eq!(
        read("Am F\nwords and words\nC G7"),
        "A:min 4 | F:maj 4 | C:maj 4 | G:7 4"
    );
}

#[test]
fn times_become_proportions() {
    assert_eq!(
        read("0 1 N\n1 2.5 C:maj\n2.5 3 G:7\n3 4 N\n"),
        "C:maj 3 | G:7 1"
    );
}

#[test]
fn the_older_link_of_ireal_is_read() {
    let link = "irealbook://A%20Song=Doe%20John=Medium%20Swing=C=n=[*AT44C^7   |A-7   |D-9 G7#5 ]{*BF6 F-6 |N1C/E   }|N2Co7 W/G Z";
    let found = read(link);
    assert_eq!(
        found,
        "C:maj7 4 | A:min7 4 | D:min9 2 G:aug7 2 | F:maj6 2 F:min6 2 | C:maj/3 4 | F:maj6 2 F:min6 2 | C:dim7 4"
    );
}

#[test]
fn what_is_no_chart_is_named() {
    for (text, message) in [
        ("", "no chords in the chart"),
        ("some words", "no chords in the chart"),
        ("| Am | Hx7 | F | C |", "line 1: \"Hx7\" is not a chord"),
        ("irealb://nothing", "the link for iReal Pro holds no chart"),
        ("<score-partwise><part></", "not a MusicXML file"),
        ("0 1 C:maj\n1 x C\n", "line 2"),
    ] {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.starts_with(message), "{text}: {error}");
    }
    assert!(matches!(parse_midi(b"MThd"), Err(ChartError::Midi(_))));
    let many = format!("|: C | {}", ":| x99 |: C | ".repeat(200));
    assert!(matches!(parse(&many), Err(ChartError::TooManyBars)));
}

proptest! {
    #[test]
    fn no_text_panics(text in "[|:A-G #bm7%x.,/{}\\[\\]a-z0-9\n<>*=]{0,200}") {
        if let Ok(chart) = parse(&text) {
            prop_assert!(!chart.bars.is_empty());
            for bar in &chart.bars {
                prop_assert!(!bar.chords.is_empty() && bar.beats().is_finite());
                prop_assert!(bar.chords.iter().all(|it| it.beats > 0.0));
            }
        }
    }

    #[test]
    fn no_link_panics(music in "[A-GWxn*NTZ^ho#bs0-9 ,|{}<>()\\[\\]/-]{0,200}") {
        let _ = parse(&format!("irealbook://T=C=S=C=n={music}"));
    }
}
