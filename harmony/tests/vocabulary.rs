//! Vocabularies: their order, and mapping down to them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{any_label, label};
use harmony::label::{Encoded, Label};
use harmony::vocabulary::{Vocabulary, inversions, large, majmin};
use proptest::prelude::*;

#[test]
fn the_order_of_the_paper() {
    for (index, text) in [
        (0, "C:min"),
        (1, "C:maj"),
        (2, "C:dim"),
        (3, "C:aug"),
        (4, "C:min6"),
        (5, "C:maj6"),
        (6, "C:min7"),
        (7, "C:minmaj7"),
        (8, "C:maj7"),
        (9, "C:7"),
        (10, "C:dim7"),
        (11, "C:hdim7"),
        (12, "C:sus2"),
        (13, "C:sus4"),
        (14, "C#:min"),
        (15, "Db:maj"),
        (167, "B:sus4"),
        (168, "X"),
        (169, "N"),
    ] {
        assert_eq!(large::label_of(index), label(text));
        assert_eq!(large::index_of(&label(text)), index);
    }
    assert_eq!(majmin::label_of(0), label("C:maj"));
    assert_eq!(majmin::label_of(1), label("C:min"));
    assert_eq!(majmin::label_of(19), label("A:min"));
    assert_eq!(majmin::label_of(24), label("N"));
    assert_eq!(majmin::index_of(&label("X")), None);
    assert_eq!(majmin::index_of(&label("C:sus4")), None);
}

#[test]
fn every_class_is_its_own() {
    for index in 0..large::LEN {
        assert_eq!(large::index_of(&large::label_of(index)), index);
    }
    for index in 0..majmin::LEN {
        assert_eq!(majmin::index_of(&majmin::label_of(index)), Some(index));
    }
    for class in 0..large::UNKNOWN {
        for bass in 0..12 {
            let inversion = inversions::label_of(class, Some(bass));
            assert_eq!(
                inversions::class_and_bass(&inversion).1,
                Some(bass),
                "{inversion}"
            );
        }
    }
}

#[test]
fn mapping_down() {
    for (text, majmin, large, inversions) in [
        ("N", "N", "N", "N"),
        ("X", "X", "X", "X"),
        ("C:maj7/3", "C:maj", "C:maj7", "C:maj7/3"),
        ("Gb:7", "Gb:maj", "Gb:7", "Gb:7"),
        // A seventh in the bass is a note of the chord.
        ("C:maj/b7", "C:maj", "C:7", "C:7/b7"),
        ("A:min/b7", "A:min", "A:min7", "A:min7/b7"),
        // A foreign bass is not: mir_eval's majmin rule leaves the chord out.
        ("C:maj/2", "X", "C:maj", "C:maj/2"),
        ("C:maj/9", "X", "C:maj", "C:maj/2"),
        ("C:9", "C:maj", "C:7", "C:9"),
        ("C:9/5", "C:maj", "C:7", "C:9/5"),
        ("C:7(9,13)", "C:maj", "C:7", "C:13"),
        ("C:maj11", "C:maj", "C:maj7", "C:maj9"),
        ("C:min13", "C:min", "C:min7", "C:min13"),
        ("C:7(b9)", "C:maj", "C:7", "C:7"),
        ("C:maj(9)", "C:maj", "C:maj", "C:maj"),
        ("C:7(6)", "C:maj", "C:7", "C:7"),
        ("Bb:sus4(b7)", "X", "Bb:sus4", "Bb:sus4"),
        ("C:aug7", "X", "C:aug", "C:aug"),
        ("C:aug/#5", "X", "C:aug", "C:aug/#5"),
        ("C:dim7/6", "X", "C:dim7", "C:dim7/bb7"),
        ("C:(1,b3,b5,b7)", "X", "C:hdim7", "C:hdim7"),
        ("C:min7(*5,b5)", "X", "C:hdim7", "C:hdim7"),
        ("C:5", "X", "X", "X"),
        ("C:1", "X", "X", "X"),
        ("C:maj(2)", "X", "X", "X"),
    ] {
        let simple =
            Vocabulary::ALL.map(|vocabulary| vocabulary.simplify(&label(text)).to_string());
        assert_eq!(simple, [majmin, large, inversions], "{text}");
    }
}

#[test]
fn names_parse() {
    for vocabulary in Vocabulary::ALL {
        assert_eq!(vocabulary.name().parse(), Ok(vocabulary));
    }
    assert!("huge".parse::<Vocabulary>().is_err());
}

proptest! {
    #[test]
    fn simplifying_twice_changes_nothing(label in any_label()) {
        for vocabulary in Vocabulary::ALL {
            let once = vocabulary.simplify(&label);
            prop_assert_eq!(vocabulary.simplify(&once), once);
        }
    }

    #[test]
    fn a_simpler_label_keeps_root_and_triad(label in any_label()) {
        let full = Encoded::new(&label, false);
        for vocabulary in [Vocabulary::MajMin, Vocabulary::Inversions] {
            let simple = vocabulary.simplify(&label);
            if simple == Label::Unknown {
                continue;
            }
            let simple = Encoded::new(&simple, false);
            prop_assert_eq!(simple.root, full.root);
            prop_assert_eq!(simple.mask & 0xFF, full.mask & 0xFF);
        }
    }

    #[test]
    fn the_inversions_refine_the_170(label in any_label()) {
        let inverted = Vocabulary::Inversions.simplify(&label);
        prop_assert_eq!(large::index_of(&inverted), large::index_of(&label));
        if inverted != Label::Unknown {
            prop_assert_eq!(
                inversions::class_and_bass(&inverted),
                inversions::class_and_bass(&label)
            );
        }
    }
}
