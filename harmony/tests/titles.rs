//! Titles, composers and sections in any script, and of any length, in drawn charts.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::path::PathBuf;

use common::label;
use harmony::export::{FontSearch, Format, Options};
use harmony::timeline::{Segment, Timeline};
use harmony::track::{Info, Track};
use proptest::prelude::*;

/// A few letters of Arabic, Hebrew, Devanagari, Han, kana and hangul.
fn fonts() -> FontSearch {
    FontSearch::Folder(PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fonts"
    )))
}

fn options(fonts: FontSearch) -> Options {
    Options {
        fonts,
        ..Options::default()
    }
}

fn track(title: &str, composer: &str) -> Track {
    let bars = (0..8).map(|bar| {
        let start_s = 2.0 * f64::from(bar);
        let name = ["C", "A:min", "F", "G:7"][bar as usize % 4];
        Segment::new(start_s, start_s + 2.0, label(name))
    });
    let timeline = Timeline::from_segments(bars).unwrap();
    let mut track = Options::default().track(&timeline).unwrap();
    track.set_info(Info {
        title: title.to_owned(),
        composer: composer.to_owned(),
        bars_per_line: 4,
    });
    track
}

fn written(format: Format, track: &Track, options: &Options) -> Vec<u8> {
    let mut bytes = Vec::new();
    format.write_track(&mut bytes, track, options).unwrap();
    bytes
}

/// The glyphs of a group of the drawing: their number, and the places from left to right.
fn drawn(svg: &str, label: &str) -> Vec<f32> {
    let start = svg.find(&format!("aria-label=\"{label}\"")).expect(label);
    let group = &svg[start..start + svg[start..].find("</g>").unwrap()];
    group
        .split("translate(")
        .skip(1)
        .map(|place| place.split(' ').next().unwrap().parse().unwrap())
        .collect()
}

const TITLES: [(&str, &str); 7] = [
    ("Greek", "Ο Ήλιος ο Ηλιάτορας"),
    ("Cyrillic", "Подмосковные вечера"),
    ("Vietnamese", "Diễm xưa"),
    ("Hebrew", "ירושלים של זהב (12)"),
    ("Arabic", "ليالي الأنس في فيينا"),
    ("Devanagari", "हिन्दी क्षत्रिय राग"),
    ("CJK", "東京の夜 서울의 밤"),
];

#[test]
fn titles_of_every_script_are_drawn() {
    for (script, title) in TITLES {
        let track = track(title, title);
        let options = options(fonts());
        assert_eq!(Format::Pdf.shortfall(&track, &options), None, "{script}");
        let svg = String::from_utf8(written(Format::Svg, &track, &options)).unwrap();
        let places = drawn(&svg, title);
        // Letters that join or stand above each other may be fewer or more glyphs.
        let letters = title.chars().filter(|c| !c.is_whitespace()).count();
        assert!(places.len() * 2 > letters, "{script}: {places:?}");
        let (left, right) = places
            .iter()
            .fold((f32::MAX, 0.0_f32), |(l, r), x| (l.min(*x), r.max(*x)));
        assert!(left > 40.0 && right < 555.0, "{script}: {left} {right}");
    }
}

#[test]
fn the_scripts_of_the_program_need_no_font_of_the_system() {
    let nowhere = options(FontSearch::Folder(PathBuf::from("no such folder")));
    for (script, title) in &TITLES[..3] {
        let track = track(title, "");
        assert_eq!(Format::Pdf.shortfall(&track, &nowhere), None, "{script}");
        let pdf = written(Format::Pdf, &track, &nowhere);
        assert_eq!(pdf, written(Format::Pdf, &track, &options(fonts())));
    }
    // So do decomposed letters, with their accents after them, as some file systems store them.
    let apart = track("Cafe\u{301} Mu\u{308}ller", "");
    assert_eq!(Format::Svg.shortfall(&apart, &nowhere), None);
}

#[test]
fn what_no_font_has_is_said() {
    let nowhere = options(FontSearch::Folder(PathBuf::from("no such folder")));
    let track = track("Raga हि", "");
    for format in [Format::Svg, Format::Pdf] {
        let said = format.shortfall(&track, &nowhere).unwrap();
        assert!(
            said.contains('ह') && said.contains("question mark"),
            "{said}"
        );
        assert_eq!(format.shortfall(&track, &options(fonts())), None);
    }
    assert_eq!(Format::MusicXml.shortfall(&track, &nowhere), None);
    let svg = String::from_utf8(written(Format::Svg, &track, &nowhere)).unwrap();
    assert!(svg.contains("U+0939"), "the sheet does not say it");
    assert!(svg.contains("aria-label=\"Raga हि\""));
    assert!(!written(Format::Pdf, &track, &nowhere).is_empty());
}

#[test]
fn hebrew_runs_from_right_to_left_and_numbers_do_not() {
    let svg = |title: &str| {
        let bytes = written(Format::Svg, &track(title, ""), &options(fonts()));
        String::from_utf8(bytes).unwrap()
    };
    // The same letters in the other order are the same picture the other way round.
    let (one, two) = ("של", "לש");
    let ids = |title: &str| {
        let svg = svg(title);
        let start = svg.find(&format!("aria-label=\"{title}\"")).unwrap();
        let group = svg[start..start + svg[start..].find("</g>").unwrap()].to_owned();
        let mut glyphs: Vec<(i32, String)> = group
            .split("href=\"#")
            .skip(1)
            .map(|glyph| {
                let id = glyph.split('"').next().unwrap().to_owned();
                let x = glyph.split("translate(").nth(1).unwrap();
                let x: f32 = x.split(' ').next().unwrap().parse().unwrap();
                ((x * 100.0) as i32, id)
            })
            .collect();
        glyphs.sort();
        glyphs.into_iter().map(|(_, id)| id).collect::<Vec<_>>()
    };
    let mut reversed = ids(two);
    reversed.reverse();
    assert_eq!(ids(one), reversed);
    // Figures keep their order, left of the letters before them.
    let mixed = ids("של 12");
    assert_eq!(mixed[..2], ids("12")[..]);
}

#[test]
fn arabic_letters_join() {
    let svg = |title: &str| {
        let bytes = written(Format::Svg, &track(title, ""), &options(fonts()));
        String::from_utf8(bytes).unwrap()
    };
    // Two lams in one word have other shapes than two separate ones.
    let apart = svg("ل ل");
    let joined = svg("لل");
    let ids = |svg: &str| {
        let paths = svg.split("<path id=\"g").skip(1);
        let ids: Vec<String> = paths
            .map(|path| path.split('"').next().unwrap().to_owned())
            .filter(|id| !id.starts_with(['0', '1', '2']))
            .collect();
        ids
    };
    assert_eq!(ids(&apart).len(), 1, "{:?}", ids(&apart));
    assert_eq!(ids(&joined).len(), 2, "{:?}", ids(&joined));
    assert!(ids(&apart) != ids(&joined));
}

#[test]
fn long_texts_stay_on_the_page() {
    let word = "Donaudampfschifffahrtsgesellschaft ";
    let endless = "W".repeat(200);
    for (title, composer) in [
        ("Short", word.repeat(5)),
        (&*word.repeat(5), word.repeat(2)),
        (&*endless, endless.clone()),
        (&*"東京の夜".repeat(50), "夜".repeat(200)),
    ] {
        let mut track = track(title, &composer);
        track.set_section(0.0, Some(&word.repeat(5))).unwrap();
        let svg = written(Format::Svg, &track, &options(fonts()));
        let svg = String::from_utf8(svg).unwrap();
        let places: Vec<f32> = svg
            .split("translate(")
            .skip(1)
            .map(|place| place.split(' ').next().unwrap().parse().unwrap())
            .collect();
        assert!(places.iter().all(|x| *x < 553.0), "{title} {composer}");
        assert!(places.iter().all(|x| *x >= 0.0), "{title} {composer}");
        assert!(!written(Format::Pdf, &track, &options(fonts())).is_empty());
    }
}

#[test]
fn a_long_composer_does_not_run_into_the_tempo() {
    let height = |composer: &str| {
        let bytes = written(Format::Svg, &track("T", composer), &options(fonts()));
        let svg = String::from_utf8(bytes).unwrap();
        let row = |label: &str| -> Vec<(f32, f32)> {
            let start = svg.find(&format!("aria-label=\"{label}")).expect(label);
            let group = &svg[start..start + svg[start..].find("</g>").unwrap()];
            let places = group.split("translate(").skip(1).map(|place| {
                let mut numbers = place.split([' ', ')']).map(|it| it.parse().unwrap());
                (numbers.next().unwrap(), numbers.next().unwrap())
            });
            places.collect()
        };
        (row("120 beats a minute"), row(composer))
    };
    for count in [1, 3, 8, 12, 20] {
        let composer = "Anonymous ".repeat(count).trim().to_owned();
        let (tempo, composer) = height(&composer);
        let end = tempo.iter().fold(0.0_f32, |end, (x, _)| end.max(*x)) + 8.0;
        let line = tempo[1].1;
        let clear = |(x, y): &(f32, f32)| (*y - line).abs() > 5.0 || *x > end;
        assert!(
            composer.iter().all(clear),
            "{count}: {tempo:?} {composer:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_text_is_drawn_on_the_page(
        title in prop_oneof![
            any::<String>(),
            proptest::collection::vec(any::<char>(), 0..60).prop_map(String::from_iter),
            proptest::collection::vec(
                proptest::sample::select("של ()ليالي الأن १२क्षिहंx\u{301}\u{200D}東京夜♭é".chars().collect::<Vec<_>>()),
                0..60
            ).prop_map(String::from_iter),
        ],
    ) {
        let mut track = track(&title, &title);
        track.set_section(0.0, Some(&title)).unwrap();
        let options = options(fonts());
        let svg = String::from_utf8(written(Format::Svg, &track, &options)).unwrap();
        for place in svg.split("translate(").skip(1) {
            let x: f32 = place.split(' ').next().unwrap().parse().unwrap();
            prop_assert!((0.0..570.0).contains(&x), "{}: {}", title, x);
        }
        let unfit = svg.contains(['\u{FFFE}', '\u{2028}']);
        prop_assert!(!unfit);
        let pdf = written(Format::Pdf, &track, &options);
        prop_assert_eq!(&pdf, &written(Format::Pdf, &track, &options));
        for format in Format::ALL {
            prop_assert!(!written(format, &track, &options).is_empty());
        }
    }
}
