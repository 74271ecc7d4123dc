//! Charts as text, ChordPro and iReal Pro: tempo marks, meters, repeats, long songs, and segments
//! too short for a chord.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::label;
use harmony::chart::{Chart, ChartOptions};
use harmony::export::{Format, Options};
use harmony::label::Label;
use harmony::time::{Meter, MeterMap};
use harmony::timeline::{Segment, Timeline};
use harmony::track::{Info, Track};

fn written(format: Format, track: &Track) -> String {
    let mut bytes = Vec::new();
    format
        .write_track(&mut bytes, track, &Options::default())
        .unwrap();
    String::from_utf8(bytes).unwrap()
}

/// A track of chords with their lengths in quarter notes, at 120 a minute.
fn track(meter: &str, chords: &[(f64, &str)]) -> Track {
    let mut beat = 0.0;
    let segments = chords.iter().map(|(beats, name)| {
        let start = beat;
        beat += beats;
        Segment::new(start / 2.0, beat / 2.0, label(name))
    });
    let timeline = Timeline::from_segments(segments.collect::<Vec<_>>()).unwrap();
    let mut track = Options::default().track(&timeline).unwrap();
    track.set_meters(MeterMap::constant(meter.parse().unwrap()));
    track
}

/// `count` bars in a meter, no two neighbours alike.
fn bars(meter: &str, count: usize) -> Track {
    let names = ["C", "A:min", "F", "G:7", "D:min7", "E:7", "Bb"];
    let length = meter.parse::<Meter>().unwrap().bar_beats();
    let chords: Vec<(f64, &str)> = (0..count)
        .map(|bar| (length, names[(bar * bar + bar / 3) % names.len()]))
        .collect();
    track(meter, &chords)
}

#[test]
fn the_tempo_counts_what_the_meter_counts() {
    for (meter, text, pdf) in [
        ("4/4", "120 bpm", "120 beats a minute"),
        ("3/4", "120 bpm", "120 beats a minute"),
        ("6/8", "dotted quarter = 80", "dotted quarter = 80"),
        ("12/8", "dotted quarter = 80", "dotted quarter = 80"),
        ("9/16", "dotted eighth = 160", "dotted eighth = 160"),
        ("2/2", "half = 60", "half = 60"),
        ("7/8", "eighth = 240", "eighth = 240"),
        ("5/16", "eighth = 240", "eighth = 240"),
        ("1/1", "half = 60", "half = 60"),
    ] {
        let track = bars(meter, 4);
        let chart = written(Format::Text, &track);
        let head = chart.lines().find(|line| line.contains(" | ")).unwrap();
        assert!(head.ends_with(&format!("{meter} | {text}")), "{head}");
        let svg = written(Format::Svg, &track);
        assert!(svg.contains(&format!("aria-label=\"{pdf}")), "{meter}");
        let count = text.split(' ').find_map(|word| word.parse::<u32>().ok());
        let tempo = format!("{{tempo: {}}}", count.unwrap());
        assert!(
            written(Format::ChordPro, &track).contains(&tempo),
            "{meter}"
        );
    }
}

#[test]
fn silence_of_a_few_milliseconds_is_no_chord() {
    let names = |track: &Track| {
        let chart = Chart::new(track, ChartOptions::default());
        let bars: Vec<String> = chart
            .bars
            .iter()
            .map(|bar| {
                let chords = bar.chords.iter().filter(|placed| !placed.held);
                let texts = chords.map(|placed| format!("{}@{}", placed.label, placed.offset));
                format!("{}: {}", bar.number, texts.collect::<Vec<_>>().join(" "))
            })
            .collect();
        bars.join(" | ")
    };
    // As far from the beat as a chart places chords by eighths.
    for lead in [0.0, 0.024, 0.1, 0.31, 0.45] {
        let mut chords = vec![(4.0 - lead, "C"), (4.0, "G"), (4.0, "C")];
        if lead > 0.0 {
            chords.insert(0, (lead, "N"));
        }
        assert_eq!(
            names(&track("4/4", &chords)),
            "1: C:maj@0 | 2: G:maj@0 | 3: C:maj@0",
            "{lead}"
        );
    }
    // Half a bar of silence is a rest, and three quarters of one lead to a pickup.
    let rest = track("4/4", &[(1.0, "N"), (3.0, "C"), (4.0, "G")]);
    assert_eq!(names(&rest), "1: N@0 C:maj@4 | 2: G:maj@0");
    let pickup = track("4/4", &[(3.0, "N"), (1.0, "C"), (4.0, "G")]);
    assert_eq!(names(&pickup), "0: C:maj@0 | 1: G:maj@0");
    let anticipated = track("4/4", &[(3.5, "N"), (4.5, "C"), (4.0, "G")]);
    assert_eq!(names(&anticipated), "0: C:maj@0 | 1:  | 2: G:maj@0");
    // Between chords and after the last; a very short chord is dropped too.
    let torn = track(
        "4/4",
        &[
            (0.1, "E"),
            (3.59, "C"),
            (0.05, "D"),
            (0.26, "C"),
            (3.9, "G"),
            (0.2, "X"),
            (4.0, "C"),
            (0.1, "B"),
            (0.02, "N"),
        ],
    );
    assert_eq!(names(&torn), "1: C:maj@0 | 2: G:maj@0 | 3: C:maj@0");
    // Formats with seconds keep every segment.
    assert_eq!(written(Format::Lab, &torn).lines().count(), 9);
    let moment = track("4/4", &[(0.2, "C")]);
    assert!(Chart::new(&moment, ChartOptions::default()).bars.len() <= 1);
    let silent = track("4/4", &[(8.0, "N")]);
    assert_eq!(Chart::new(&silent, ChartOptions::default()).bars, []);
    assert!(
        torn.timeline()
            .into_iter()
            .any(|it| it.label == Label::NoChord)
    );
}

/// The lines of the grids of a ChordPro file, with the shape that holds for each.
fn grid_lines(text: &str) -> Vec<(String, String)> {
    let mut shape = String::new();
    let mut lines = Vec::new();
    for line in text.lines() {
        if let Some(at) = line.find("shape=\"") {
            shape = line[at + 7..].split('"').next().unwrap().to_owned();
        } else if line.starts_with('|') {
            lines.push((shape.clone(), line.to_owned()));
        }
    }
    lines
}

/// The cells of a shape, and those of its right margin.
fn room(shape: &str) -> (usize, usize) {
    let parts: Vec<&str> = shape.split('+').collect();
    let (cells, right) = match parts[..] {
        [cells] => (cells, 0),
        [_, cells, right] => (cells, right.parse().unwrap()),
        _ => panic!("{shape}"),
    };
    let (measures, beats) = cells.split_once('x').unwrap();
    (
        measures.parse::<usize>().unwrap() * beats.parse::<usize>().unwrap(),
        right,
    )
}

#[test]
fn chordpro_grids_have_room_for_what_they_hold() {
    let line: [(f64, &str); 4] = [(4.0, "C"), (4.0, "F"), (4.0, "G:7"), (4.0, "C")];
    let mut chords = vec![(3.0, "N"), (1.0, "G:7")];
    for _ in 0..4 {
        chords.extend(line);
    }
    chords.extend([
        (4.0, "D:min"),
        (2.0, "G"),
        (2.0, "E"),
        (4.0, "A:min"),
        (4.0, "B"),
        (4.0, "C"),
    ]);
    let mut track = track("4/4", &chords);
    track
        .set_section(4.0, Some("[A] {x} \"#1\" \\ <b>"))
        .unwrap();
    track.set_section(68.0, Some("B")).unwrap();
    let text = written(Format::ChordPro, &track);
    let lines = grid_lines(&text);
    assert!(
        lines.iter().any(|(_, line)| line.ends_with(":| 4x")),
        "{text}"
    );
    for (shape, line) in &lines {
        let (cells, right) = room(shape);
        let held = line
            .split(' ')
            .filter(|word| !word.contains('|') && *word != "4x" && !word.is_empty())
            .count();
        assert!(held <= cells, "{shape}: {line}");
        assert_eq!(right > 0, line.ends_with("4x"), "{shape}: {line}");
    }
    assert!(text.contains("label=\"(A) (x) '#1' / <b>\""), "{text}");
}

#[test]
fn chordpro_texts_end_no_directive() {
    let mut track = bars("4/4", 4);
    track.set_info(Info {
        title: "{Live} [1] # a: b".to_owned(),
        composer: "}{".to_owned(),
        bars_per_line: 4,
    });
    track.set_section(0.0, Some("[C] # {")).unwrap();
    for format in [Format::ChordPro, Format::ChordProInline] {
        let text = written(format, &track);
        assert!(
            text.starts_with("{title: (Live) [1] # a: b}\n{composer: )(}\n"),
            "{text}"
        );
    }
    let inline = written(Format::ChordProInline, &track);
    assert!(inline.contains("{comment: (C) # (}"), "{inline}");
}

/// What iReal Pro reads: each song's title and its chart.
fn songs(page: &str) -> Vec<(String, String)> {
    let link = page
        .split("href=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let mut bytes = Vec::new();
    let mut rest = link.strip_prefix("irealb://").unwrap().as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        if first == b'%' {
            let code = std::str::from_utf8(&after[..2]).unwrap();
            bytes.push(u8::from_str_radix(code, 16).unwrap());
            rest = &after[2..];
        } else {
            bytes.push(first);
            rest = after;
        }
    }
    let text = String::from_utf8(bytes).unwrap();
    let songs = text.split("===").filter(|song| song.contains("1r34LbKcu7"));
    songs
        .map(|song| {
            let title = song.split('=').next().unwrap().to_owned();
            let chart = song.split("1r34LbKcu7").nth(1).unwrap();
            let chart = chart.split("=Jazz").next().unwrap();
            (title, unscrambled(chart))
        })
        .collect()
}

/// As the app stores charts: done twice, nothing is changed.
fn unscrambled(text: &str) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    let mut from = 0;
    while characters.len() > from + 50 {
        if characters.len() - (from + 50) >= 2 {
            for index in (0..5).chain(10..24) {
                characters.swap(from + index, from + 49 - index);
            }
        }
        from += 50;
    }
    characters.into_iter().collect()
}

/// The cells that a chart takes on the app's page: chords and spaces.
fn cells(chart: &str) -> usize {
    let mut count = 0;
    let mut rest = chart;
    while let Some(first) = rest.chars().next() {
        rest = &rest[first.len_utf8()..];
        match first {
            ' ' => count += 1,
            '<' => rest = rest.split_once('>').unwrap().1,
            'T' => rest = &rest[2..],
            '*' => rest = &rest[1..],
            'A'..='G' | 'n' | 'x' | 'W' => {
                count += 1;
                let end = rest.find([' ', ',', '|', '[', ']', '{', '}', 'Z']);
                rest = &rest[end.unwrap_or(rest.len())..];
            }
            _ => {}
        }
    }
    count
}

#[test]
fn ireal_knows_the_meters_that_the_app_knows() {
    for (meter, code) in [
        ("2/4", "T24"),
        ("3/4", "T34"),
        ("4/4", "T44"),
        ("5/4", "T54"),
        ("6/4", "T64"),
        ("7/4", "T74"),
        ("2/2", "T22"),
        ("3/2", "T32"),
        ("5/8", "T58"),
        ("6/8", "T68"),
        ("7/8", "T78"),
        ("9/8", "T98"),
        ("12/8", "T12"),
        // Other meters are written by their number of beats, and named.
        ("3/8", "T34<3/8>"),
        ("4/8", "T44<4/8>"),
        ("7/16", "T78<7/16>"),
        ("6/16", "T68<6/16>"),
        ("11/8", "T44<11/8>"),
        ("1/4", "T44<1/4>"),
    ] {
        let page = written(Format::IReal, &bars(meter, 4));
        let (_, chart) = &songs(&page)[0];
        assert!(chart.starts_with(&format!("[{code}")), "{meter}: {chart}");
        assert_eq!(chart.contains('<'), code.contains('<'), "{meter}: {chart}");
        // A line of the page holds whole bars.
        let width = cells(chart) / 4;
        assert_eq!((cells(chart) % 4, 16 % width), (0, 0), "{meter}: {chart}");
    }
}

/// The chords of a chart in order, repeats written out.
fn chords(chart: &str) -> Vec<String> {
    let mut plain = String::new();
    let mut rest = chart;
    while let Some(first) = rest.chars().next() {
        rest = &rest[first.len_utf8()..];
        match first {
            '<' => rest = rest.split_once('>').unwrap().1,
            'T' => rest = &rest[2..],
            '*' => rest = &rest[1..],
            '|' | '[' | ']' | '{' | '}' | 'Z' | ',' => plain.push(' '),
            other => plain.push(other),
        }
    }
    plain.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn ireal_pages_hold_twelve_lines() {
    for (meter, count, parts) in [
        ("4/4", 48, 1),
        ("4/4", 49, 1),
        ("4/4", 96, 1),
        ("4/4", 97, 2),
        ("4/4", 500, 6),
        ("7/8", 60, 2),
        ("6/8", 96, 1),
    ] {
        let mut track = bars(meter, count);
        track.set_info(Info {
            title: "Long".to_owned(),
            ..Info::default()
        });
        let songs = songs(&written(Format::IReal, &track));
        assert_eq!(songs.len(), parts, "{count} bars of {meter}");
        for (index, (title, chart)) in songs.iter().enumerate() {
            assert!(
                cells(chart) <= 192,
                "{count} bars of {meter}: {}",
                cells(chart)
            );
            assert!(
                chart.starts_with(&format!("[T{}", meter.replace('/', ""))),
                "{chart}"
            );
            assert!(chart.ends_with('Z'), "{chart}");
            match parts {
                1 => assert_eq!(title, "Long"),
                _ => assert_eq!(*title, format!("Long ({}/{parts})", index + 1)),
            }
        }
        // Nothing is lost: as many bars, and the chords in order.
        let found: Vec<String> = songs.iter().flat_map(|(_, chart)| chords(chart)).collect();
        let chart = Chart::new(&track, ChartOptions::default());
        assert_eq!(found.len(), chart.bars.len(), "{count} bars of {meter}");
    }
}

#[test]
fn ireal_repeats_that_fit_no_page_are_written_out() {
    let line = |offset: usize| {
        let names = ["C", "A:min", "F", "G:7", "D:min7", "E:7", "Bb"];
        (0..64).map(move |bar| {
            (
                1.0,
                names[(bar * bar + bar / 3 + bar / 16 + offset) % names.len()],
            )
        })
    };
    // 64 bars of four beats, a chord on each beat, twice: two thirds more than a page holds.
    let mut chords_in: Vec<(f64, &str)> = Vec::new();
    for _ in 0..2 {
        for part in 0..4 {
            chords_in.extend(line(part));
        }
    }
    let track = track("4/4", &chords_in);
    let chart = Chart::new(&track, ChartOptions::default());
    assert!(chart.bars.iter().any(|bar| bar.repeat_times == 2));
    let songs = songs(&written(Format::IReal, &track));
    let mut count = 0;
    for (_, chart) in &songs {
        assert!(cells(chart) <= 192, "{}", cells(chart));
        assert_eq!(chart.contains('{'), chart.contains('}'), "{chart}");
        count += chords(chart).len();
    }
    // Neighbours that are equal are one chord.
    let mut names: Vec<&str> = chords_in.iter().map(|(_, name)| *name).collect();
    names.dedup();
    assert!(count >= names.len(), "{count} {}", names.len());
}

#[test]
fn ireal_takes_titles_of_any_script_and_comments_that_look_like_its_signs() {
    let mut track = bars("4/4", 4);
    track.set_info(Info {
        title: "Ночь = 東京 & \"שלום\" 🎷".to_owned(),
        composer: "Ωμέγα".to_owned(),
        bars_per_line: 4,
    });
    track.set_section(0.0, Some("LZ XyQ <Kcl> 夜")).unwrap();
    let page = written(Format::IReal, &track);
    let (title, chart) = &songs(&page)[0];
    assert_eq!(title, "Ночь   東京 &  שלום  🎷");
    assert!(chart.contains("<L Z X yQ  K cl  夜>"), "{chart}");
    assert!(page.is_char_boundary(0) && page.contains("charset=\"utf-8\""));
}

#[test]
fn ireal_cells_are_beats() {
    for (meter, chords, wanted) in [
        (
            "4/4",
            &[(1.5, "C"), (2.5, "F"), (4.0, "G")][..],
            "[T44C,F  |G   Z",
        ),
        ("4/4", &[(2.0, "C"), (0.5, "F"), (1.5, "G")], "[T44C F,GZ"),
        (
            "4/4",
            &[(3.0, "C"), (0.5, "F"), (0.5, "G")],
            "[T44C     F,GZ",
        ),
        (
            "3/4",
            &[(2.0, "C"), (1.0, "F"), (3.0, "G")],
            "[T34C F|G   Z",
        ),
        ("6/8", &[(1.5, "C"), (1.5, "F"), (3.0, "G")], "[T68C,F|G Z"),
        (
            "7/8",
            &[(2.0, "C"), (1.5, "F"), (3.5, "G")],
            "[T78C   F  |G       Z",
        ),
    ] {
        let (_, chart) = songs(&written(Format::IReal, &track(meter, chords))).remove(0);
        assert_eq!(chart, wanted);
    }
}

#[test]
fn ireal_sections_stand_behind_their_barlines() {
    // A star directly after a chord would be read as its quality.
    let mut chords = vec![(3.0, "N"), (1.0, "G:7")];
    for _ in 0..2 {
        chords.extend([(4.0, "C"), (4.0, "F"), (4.0, "G"), (3.0, "E"), (1.0, "F")]);
    }
    let mut track = track("4/4", &chords);
    track.set_section(4.0, Some("A")).unwrap();
    let (_, chart) = songs(&written(Format::IReal, &track)).remove(0);
    assert_eq!(chart, "[T44   G7{*AC   |F   |G   |E  F}Z");
    track.set_section(20.0, Some("B")).unwrap();
    let (_, chart) = songs(&written(Format::IReal, &track)).remove(0);
    assert_eq!(
        chart,
        "[T44   G7][*AC   |F   |G   |E  F][*BC   |F   |G   |E  FZ"
    );
}
