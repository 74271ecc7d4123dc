//! The chordnet teacher compared with the original in Python (goldens/make_chordnet.py).

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::convert::Infallible;

use support::{clip, formula, golden, largest_difference, numbers};
use teachers::chordnet::features::{ALL_BINS, hybrid_cqt};
use teachers::chordnet::heads::Heads;
use teachers::chordnet::network::{HEADS, Network, OUTPUTS};
use teachers::chordnet::{ChordNet, check, classes, decode};
use teachers::{HOP_SAMPLES, Teacher};

fn random_network() -> Network {
    let tensor = |name: &str, shape: &[usize]| -> Result<Vec<f32>, Infallible> {
        let inputs: usize = if shape.len() > 1 {
            shape[1..].iter().product()
        } else {
            64
        };
        let reach = (3.0 / inputs as f32).sqrt();
        Ok(formula(name, shape.iter().product(), reach))
    };
    Network::from_tensors(tensor).unwrap()
}

#[test]
fn features_equal_librosas() {
    let ours = hybrid_cqt(&clip(3));
    let theirs = numbers("chordnet_cqt.f32");
    let largest = theirs.iter().copied().fold(0.0, f32::max);
    let difference = largest_difference(&ours, &theirs);
    assert!(difference < 1e-5 * largest, "{difference} of {largest}");
}

#[test]
fn a_network_with_random_weights_equals_pytorchs() {
    let teacher = ChordNet::from_folds(vec![random_network()], "random".into());
    let heads = teacher.heads(&numbers("chordnet_cqt.f32"));
    let theirs = numbers("chordnet_random.f32");
    let difference = largest_difference(heads.as_slice(), &theirs);
    assert!(difference < 2e-5, "{difference}");
    // Constant outputs would make the comparison meaningless.
    let spread = |place: usize| {
        let column = theirs.chunks_exact(OUTPUTS).map(|row| row[place]);
        column.clone().fold(0.0, f32::max) - column.fold(1.0, f32::min)
    };
    assert!((0..OUTPUTS).filter(|&place| spread(place) > 1e-3).count() > 50);
}

#[test]
fn chords_are_decoded_as_by_the_original() {
    let heads = Heads::new(numbers("chordnet_decode.f32"));
    let theirs = std::fs::read_to_string(golden("chordnet_decode.lab")).unwrap();
    assert!(theirs.lines().count() > 5);
    assert_eq!(decode::lab(&decode::decode(&heads)), theirs);
}

#[test]
fn all_mass_reaches_the_students_classes() {
    let heads = Heads::new(numbers("chordnet_decode.f32"));
    let heard = classes::heard(&heads);
    assert_eq!(heard.chord.len(), heads.len().div_ceil(2) * 170);
    for row in heard.chord.chunks_exact(170) {
        assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5);
    }
    let extensions = heard.extensions.unwrap();
    for (part, classes) in [
        (&heard.bass.unwrap(), 13),
        (&extensions.ninth, 4),
        (&extensions.eleventh, 3),
        (&extensions.thirteenth, 3),
    ] {
        for row in part.chunks_exact(classes) {
            assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        }
    }
}

/// Heads that are certain of one chord.
fn certain(triad: usize, bass: usize, seventh: usize, thirteenth: usize) -> Heads {
    let mut row = vec![0.0; OUTPUTS];
    let mut first = 0;
    for (outputs, place) in HEADS
        .into_iter()
        .zip([triad, bass, seventh, 0, 0, thirteenth])
    {
        row[first + place] = 1.0;
        first += outputs;
    }
    Heads::new(row)
}

#[test]
fn each_chord_finds_its_class() {
    // (kind of triad, seventh, thirteenth) to the quality of a D.
    for ((kind, seventh, thirteenth), name) in [
        ((0, 0, 0), "D"),
        ((0, 1, 0), "D:maj7"),
        ((0, 2, 0), "D:7"),
        ((0, 3, 0), "D:maj6"),
        ((0, 0, 1), "D:maj6"),
        ((0, 2, 1), "D:7"),
        ((0, 0, 2), "D"),
        ((1, 0, 0), "D:min"),
        ((1, 1, 0), "D:minmaj7"),
        ((1, 2, 0), "D:min7"),
        ((1, 0, 1), "D:min6"),
        ((2, 2, 0), "D:sus4"),
        ((3, 0, 0), "D:sus2"),
        ((4, 0, 0), "D:dim"),
        ((4, 1, 0), "D:dim"),
        ((4, 2, 0), "D:hdim7"),
        ((4, 3, 0), "D:dim7"),
        ((5, 2, 0), "D:aug"),
    ] {
        let heard = classes::heard(&certain(1 + 12 * kind + 2, 3, seventh, thirteenth));
        let label: harmony::label::Label = name.parse().unwrap();
        let class = harmony::vocabulary::large::index_of(&label);
        assert_eq!(heard.chord[class], 1.0, "{name}");
        assert_eq!(heard.bass.unwrap()[2], 1.0, "{name}");
    }
    let heard = classes::heard(&certain(0, 0, 0, 0));
    assert_eq!(heard.chord[169], 1.0);
    assert_eq!(heard.bass.unwrap()[12], 1.0);
}

/// Part `first..` of twelve pitch classes in each row.
fn notes(heads: &Heads, first: usize) -> Vec<[f32; 12]> {
    let rows = heads.as_slice().chunks_exact(OUTPUTS);
    rows.map(|row| row[first..first + 12].try_into().unwrap())
        .collect()
}

#[test]
fn a_view_of_the_audio_as_it_is_changes_nothing() {
    let plain = ChordNet::from_folds(vec![random_network()], "random".into());
    let viewed = ChordNet::from_folds(vec![random_network()], "random".into())
        .with_views("0".parse().unwrap());
    let clip = clip(3);
    assert_eq!(
        viewed.predict(&clip).unwrap(),
        plain.predict(&clip).unwrap()
    );
    assert_eq!((viewed.name(), viewed.sha256()), ("chordnet", "random"));
}

#[test]
fn a_transposed_view_gives_the_chords_at_their_own_pitch() {
    let transform = numbers("chordnet_cqt.f32");
    let heads = |transform: &[f32], views: &str| {
        ChordNet::from_folds(vec![random_network()], "random".into())
            .with_views(views.parse().unwrap())
            .heads(transform)
    };
    for semitones in [-6_isize, -1, 2, 6] {
        // The same music higher: what enters from below does not reach the network.
        let higher: Vec<f32> = transform
            .chunks_exact(ALL_BINS)
            .flat_map(|row| {
                let source = |bin: isize| usize::try_from(bin - 3 * semitones).ok();
                (0..ALL_BINS as isize).map(move |bin| source(bin).and_then(|b| row.get(b)))
            })
            .map(|x| x.copied().unwrap_or(0.0))
            .collect();
        let viewed = heads(&transform, &semitones.to_string());
        let plain = heads(&higher, "0");
        // The six kinds of triads and the bass.
        for first in [1, 13, 25, 37, 49, 61, 74] {
            let turned = notes(&plain, first).into_iter().map(|mut row| {
                row.rotate_left(semitones.rem_euclid(12) as usize);
                row
            });
            assert_eq!(notes(&viewed, first), turned.collect::<Vec<_>>());
        }
        for place in [0, 73].into_iter().chain(86..OUTPUTS) {
            let column = |heads: &Heads| -> Vec<f32> {
                let rows = heads.as_slice().chunks_exact(OUTPUTS);
                rows.map(|row| row[place]).collect()
            };
            assert_eq!(column(&viewed), column(&plain), "{place}");
        }
    }
}

#[test]
fn several_views_are_averaged_and_named() {
    let clip = clip(2);
    let teacher = |views: &str| {
        ChordNet::from_folds(vec![random_network()], "random".into())
            .with_views(views.parse().unwrap())
    };
    let [one, other, both] = ["1", "0h", "0h,1"].map(teacher);
    let chord = |teacher: &ChordNet| teacher.predict(&clip).unwrap().bass.unwrap();
    let (a, b) = (chord(&one), chord(&other));
    assert!(largest_difference(&a, &b) > 1e-3, "the views are the same");
    let mean: Vec<f32> = a.iter().zip(&b).map(|(a, b)| 0.5 * (a + b)).collect();
    assert!(largest_difference(&mean, &chord(&both)) < 1e-6);
    assert_eq!(both.name(), "chordnet (1,0h)");
    assert_ne!(both.sha256(), one.sha256());
}

#[test]
fn any_length_is_heard_and_the_same_twice() {
    let teacher = ChordNet::from_folds(vec![random_network()], "random".into());
    let clip = clip(3);
    for length in [0, 1, 511, 512, 1024, 5000, 22_050] {
        let heard = teacher.predict(&clip[..length]).unwrap();
        assert_eq!(
            heard.chord.len(),
            (1 + length / HOP_SAMPLES) * 170,
            "{length}"
        );
        assert!(heard.chord.iter().all(|p| p.is_finite()), "{length}");
        assert_eq!(teacher.predict(&clip[..length]).unwrap(), heard, "{length}");
    }
    let silence = teacher.predict(&vec![0.0; 30_000]).unwrap();
    assert!(silence.chord.iter().all(|p| p.is_finite()));
    let viewed = teacher.with_views("-6h,6".parse().unwrap());
    for length in [0, 1, 5000] {
        let heard = viewed.predict(&clip[..length]).unwrap();
        assert_eq!(heard.chord.len(), (1 + length / HOP_SAMPLES) * 170);
        assert!(heard.chord.iter().all(|p| p.is_finite()), "{length}");
    }
}

#[test]
fn the_real_ensemble_equals_the_original_where_it_was_fetched() {
    let folder = golden("../../../../data/teachers");
    if !folder.join(teachers::chordnet::FOLDER).is_dir() {
        eprintln!("not fetched (trainer teacher fetch chordnet): nothing to compare");
        return;
    }
    check(&folder).unwrap();
    let teacher = ChordNet::open(&folder).unwrap();
    let heads = teacher.heads(&hybrid_cqt(&clip(3)));
    let difference = largest_difference(heads.as_slice(), &numbers("chordnet_real.f32"));
    assert!(difference < 1e-4, "{difference}");
    let theirs = std::fs::read_to_string(golden("chordnet_real.lab")).unwrap();
    assert_eq!(decode::lab(&decode::decode(&heads)), theirs);
}

#[test]
fn files_that_are_no_weights_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let error = ChordNet::open(folder.path()).err().unwrap();
    assert!(format!("{error:#}").contains("_s0.best.sdict"), "{error:#}");
    let path = folder.path().join("fold.sdict");
    for bytes in [&b""[..], b"not a checkpoint", b"\x80\x02}q\x00."] {
        std::fs::write(&path, bytes).unwrap();
        let error = ChordNet::from_checkpoints(std::slice::from_ref(&path))
            .err()
            .unwrap();
        assert!(format!("{error:#}").contains("fold.sdict"), "{error:#}");
    }
}
