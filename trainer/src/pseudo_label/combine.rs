//! Combines pseudo-labels: teachers run once, and their output can be combined in many ways.
//!
//! The chord and bass probabilities of all folders are combined by a [`Rule`]. A *witness* can
//! cast doubt on them: where its likeliest chord has another root or third than the combined
//! one, the row is flattened, `p^(1/T)`, so that it has less weight in training. Where its own
//! chords and those of the first folder are the same major or minor chord, its classes can get a
//! least share of the probability ([`Witness::agreed`]), so that these frames teach more.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use anyhow::{Context, Result, ensure};
use half::f16;
use harmony::export::atomic;
use harmony::import;
use harmony::score::Metric;
use harmony::timeline::Segment;
use harmony::vocabulary::large;
use recognizer::decode::viterbi::argmax;
use recognizer::features::SAMPLE_RATE;
use teachers::HOP_SAMPLES;
use teachers::mixture::{Rule, decode};
use teachers::posteriors::{BASSES, FORMAT, Origin, Posteriors, lab_path_of, path_of};
use teachers::sha256;

use super::lab;
use crate::corpus::{Corpus, Split};
use crate::evaluate::agreement::Agreement;
use crate::objective::softened;
use crate::parallel;
use crate::pseudo_label::queue::{Shard, queue};

/// The inputs and the rule of a combination.
#[derive(Debug, Clone)]
pub struct Combination {
    /// Folders of posteriors, at least one; the extensions come from the first that has them.
    pub folders: Vec<PathBuf>,
    /// The rule.
    pub rule: Rule,
    /// Another teacher's opinion of the result.
    pub witness: Option<Witness>,
}

/// A teacher that is not combined, but heard.
#[derive(Debug, Clone)]
pub struct Witness {
    /// Its posteriors and chords.
    pub folder: PathBuf,
    /// Temperature T for the rows that it doubts.
    pub temperature: f32,
    /// The least share of the probability, 0 to 1, for the chord that it and the first folder have
    /// decoded; none is given if `None`.
    pub agreed: Option<f32>,
}

/// The results for the tracks.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Combined {
    /// Tracks written.
    pub tracks: usize,
    /// Tracks missing in a folder or from the witness.
    pub missing: usize,
    /// Frames written.
    pub frames: u64,
    /// Frames with which the witness disagrees.
    pub doubted: u64,
    /// Frames in which the agreed chord had too little probability.
    pub sharpened: u64,
}

/// Writes posteriors and chords of all tracks of `splits` (all if empty) that are in every
/// folder.
///
/// # Errors
/// If folders are about different audio, files are damaged or cannot be written, or it is
/// interrupted.
pub fn combine(
    combination: &Combination,
    corpus: &Corpus,
    splits: &[Split],
    out: &Path,
    threads: usize,
    interrupted: &AtomicBool,
) -> Result<Combined> {
    ensure!(!combination.folders.is_empty(), "no folder of posteriors");
    std::fs::create_dir_all(out).with_context(|| format!("making {}", out.display()))?;
    let tracks = queue(corpus, splits, Shard::default());
    let bar = parallel::bar(tracks.len() as u64, "{bar:30} {pos}/{len} tracks {eta}")?;
    let same = SameThird::new();
    let outcomes = parallel::map_until(tracks.len(), threads, interrupted, |index| {
        let made = track(combination, &same, &tracks[index].id, out)?;
        bar.inc(1);
        Ok(made)
    })?;
    bar.finish_and_clear();
    let mut combined = Combined::default();
    for outcome in outcomes {
        match outcome {
            Some(one) => {
                combined.tracks += 1;
                combined.frames += one.frames;
                combined.doubted += one.doubted;
                combined.sharpened += one.sharpened;
            }
            None => combined.missing += 1,
        }
    }
    Ok(combined)
}

/// Combines one track. Returns what was done to it, or `None` if it is not in all folders.
fn track(
    combination: &Combination,
    same: &SameThird,
    id: &str,
    out: &Path,
) -> Result<Option<Combined>> {
    let witness = combination.witness.as_ref();
    let paths: Vec<PathBuf> = combination
        .folders
        .iter()
        .chain(witness.iter().map(|witness| &witness.folder))
        .map(|folder| path_of(folder, id))
        .collect();
    if !paths.iter().all(|path| path.is_file()) {
        return Ok(None);
    }
    let mut said = paths
        .iter()
        .map(|path| Posteriors::load(path))
        .collect::<Result<Vec<_>>>()?;
    for (one, path) in said.iter().zip(&paths) {
        ensure!(
            one.origin.track_sha256 == said[0].origin.track_sha256,
            "{} is about another file than {}",
            path.display(),
            paths[0].display()
        );
    }
    let heard = match witness {
        None => None,
        Some(witness) => {
            let trusted = match witness.agreed {
                None => None,
                Some(share) => Some((agreed(&combination.folders[0], &witness.folder, id)?, share)),
            };
            said.pop().map(|posteriors| Opinion {
                posteriors,
                temperature: witness.temperature,
                trusted,
            })
        }
    };
    let (posteriors, mut done) = together(combination.rule, &said, heard.as_ref(), same);
    done.frames = posteriors.len() as u64;
    let floats = |values: &[f16]| values.iter().map(|p| p.to_f32()).collect::<Vec<f32>>();
    let timeline = decode(
        &floats(&posteriors.chord),
        posteriors.bass.as_deref().map(floats).as_deref(),
    )?;
    atomic::write(&lab_path_of(out, id), lab(&timeline).as_bytes())?;
    posteriors.save(&path_of(out, id))?;
    Ok(Some(done))
}

/// What a witness has said of a track.
struct Opinion {
    posteriors: Posteriors,
    temperature: f32,
    /// The chords on which it agrees with the first folder, and their least share.
    trusted: Option<(Vec<Segment>, f32)>,
}

/// Where both folders have decoded the same major or minor chord of a track.
fn agreed(first: &Path, second: &Path, id: &str) -> Result<Vec<Segment>> {
    let read = |folder: &Path| {
        let path = lab_path_of(folder, id);
        import::load(&path).with_context(|| path.display().to_string())
    };
    let (first, second) = (read(first)?, read(second)?);
    Ok(Agreement::new(first.segments(), second.segments()).track)
}

/// Combines several posteriors over the frames that all have. Returns how many frames the witness
/// has changed, too.
fn together(
    rule: Rule,
    said: &[Posteriors],
    witness: Option<&Opinion>,
    same: &SameThird,
) -> (Posteriors, Combined) {
    let all = said
        .iter()
        .chain(witness.map(|witness| &witness.posteriors));
    let frames = all.map(Posteriors::len).min().unwrap_or(0);
    let part = |values: &[f16], classes: usize| -> Vec<f32> {
        let values = values.iter().take(frames * classes);
        values.map(|p| p.to_f32()).collect()
    };
    let chords: Vec<Vec<f32>> = said.iter().map(|p| part(&p.chord, large::LEN)).collect();
    let mut chord = rule.together(chords.iter(), large::LEN);
    let basses: Vec<Vec<f32>> = said
        .iter()
        .filter_map(|p| Some(part(p.bass.as_ref()?, BASSES)))
        .collect();
    let mut bass = (!basses.is_empty()).then(|| rule.together(basses.iter(), BASSES));
    let mut done = Combined::default();
    if let Some(witness) = witness {
        let heard = part(&witness.posteriors.chord, large::LEN);
        for (n, heard) in heard.chunks_exact(large::LEN).enumerate() {
            let row = &mut chord[n * large::LEN..][..large::LEN];
            if same.on(argmax(row), argmax(heard)) {
                continue;
            }
            done.doubted += 1;
            flatten(row, witness.temperature);
            if let Some(bass) = &mut bass {
                flatten(&mut bass[n * BASSES..][..BASSES], witness.temperature);
            }
        }
        if let Some((agreed, share)) = &witness.trusted {
            done.sharpened = trust(&mut chord, agreed, *share);
        }
    }
    let halves = |values: Vec<f32>| values.into_iter().map(f16::from_f32).collect::<Vec<_>>();
    let extension = |of: fn(&Posteriors) -> Option<&Vec<f16>>| {
        let (first, rows) = said.iter().find_map(|p| Some((of(p)?, p.len())))?;
        let classes = first.len() / rows.max(1);
        Some(first[..frames * classes].to_vec())
    };
    let posteriors = Posteriors {
        origin: origin(rule, said, witness),
        chord: halves(chord),
        bass: bass.map(halves),
        ninth: extension(|p| p.ninth.as_ref()),
        eleventh: extension(|p| p.eleventh.as_ref()),
        thirteenth: extension(|p| p.thirteenth.as_ref()),
    };
    (posteriors, done)
}

/// Classes with less probability than this together are not raised: no factor could do it in
/// half precision.
const LEAST_SHARE: f32 = 1e-4;

/// Gives the classes that are the agreed chord at least `share` of each row's probability, those
/// within and without in proportion. Returns the number of rows changed.
fn trust(rows: &mut [f32], agreed: &[Segment], share: f32) -> u64 {
    let hop_s = HOP_SAMPLES as f64 / f64::from(SAMPLE_RATE);
    let mut changed = 0;
    for segment in agreed {
        let is_it: Vec<bool> = (0..large::LEN)
            .map(|class| Metric::MajMin.compare(&segment.label, &large::label_of(class)))
            .map(|same| same == Some(true))
            .collect();
        let (from, to) = (segment.start_s / hop_s, segment.end_s / hop_s);
        let frames = from.ceil() as usize..(to.ceil() as usize).min(rows.len() / large::LEN);
        for frame in frames {
            let row = &mut rows[frame * large::LEN..][..large::LEN];
            let total: f32 = row.iter().sum();
            let inside: f32 = row
                .iter()
                .zip(&is_it)
                .filter(|it| *it.1)
                .map(|it| it.0)
                .sum();
            let inside = inside / total;
            if inside.is_nan() || inside >= share || inside < LEAST_SHARE {
                continue;
            }
            changed += 1;
            let outside = (1.0 - share) / (1.0 - inside);
            for (p, is_it) in row.iter_mut().zip(&is_it) {
                *p *= if *is_it { share / inside } else { outside };
            }
        }
    }
    changed
}

/// Flattens the row with a temperature.
fn flatten(row: &mut [f32], temperature: f32) {
    let mut flat = Vec::with_capacity(row.len());
    softened(row.iter().copied(), temperature, &mut flat);
    row.copy_from_slice(&flat);
}

/// The origin of the result: a name and a hash of all inputs.
fn origin(rule: Rule, said: &[Posteriors], witness: Option<&Opinion>) -> Origin {
    let names: Vec<&str> = said.iter().map(|p| p.origin.teacher.as_str()).collect();
    let mut name = names.join("+");
    if said.len() > 1 {
        name = format!("{}:{name}", rule.name());
    }
    let mut hashes: Vec<&str> = said
        .iter()
        .map(|p| p.origin.teacher_sha256.as_str())
        .collect();
    if let Some(witness) = witness {
        let Origin { teacher, .. } = &witness.posteriors.origin;
        name = format!("{name} doubted by {teacher} ({})", witness.temperature);
        if let Some((_, share)) = witness.trusted {
            name = format!("{name} where agreed at least {share}");
        }
        hashes.push(&witness.posteriors.origin.teacher_sha256);
    }
    let all = said
        .iter()
        .chain(witness.map(|witness| &witness.posteriors));
    let max_length_s = all.map(|p| p.origin.max_length_s).min().unwrap_or(0);
    Origin {
        format: FORMAT.to_owned(),
        teacher_sha256: sha256::of_bytes(format!("{name}:{}", hashes.concat()).as_bytes()),
        teacher: name,
        track: said[0].origin.track.clone(),
        track_sha256: said[0].origin.track_sha256.clone(),
        max_length_s,
    }
}

/// Which classes share root and third (mir_eval's `thirds`).
struct SameThird(Vec<bool>);

impl SameThird {
    fn new() -> Self {
        let pairs = (0..large::LEN).flat_map(|a| (0..large::LEN).map(move |b| (a, b)));
        let same = pairs.map(|(a, b)| {
            let (a, b) = (large::label_of(a), large::label_of(b));
            Metric::Thirds.compare(&a, &b) == Some(true)
        });
        Self(same.collect())
    }

    fn on(&self, a: usize, b: usize) -> bool {
        self.0[a * large::LEN + b]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(teacher: &str, classes: &[(usize, f32)], bass: Option<usize>) -> Posteriors {
        let row = |width: usize, class: usize, p: f32| {
            let mut row = vec![f16::from_f32((1.0 - p) / (width - 1) as f32); width];
            row[class] = f16::from_f32(p);
            row
        };
        Posteriors {
            origin: Origin {
                teacher: teacher.to_owned(),
                teacher_sha256: teacher.to_owned(),
                ..Origin::default()
            },
            chord: classes
                .iter()
                .flat_map(|(class, p)| row(large::LEN, *class, *p))
                .collect(),
            bass: bass.map(|bass| {
                classes
                    .iter()
                    .flat_map(|_| row(BASSES, bass, 0.9))
                    .collect()
            }),
            ..Posteriors::default()
        }
    }

    fn class(label: &str) -> usize {
        large::index_of(&label.parse().unwrap())
    }

    fn likeliest(posteriors: &Posteriors, frame: usize) -> (usize, f32) {
        let row = &posteriors.chord[frame * large::LEN..][..large::LEN];
        let row: Vec<f32> = row.iter().map(|p| p.to_f32()).collect();
        (argmax(&row), row[argmax(&row)])
    }

    #[test]
    fn the_product_over_the_frames_that_all_have() {
        let (c, a) = (class("C:maj"), class("A:min"));
        let one = said("one", &[(c, 0.6), (c, 0.6), (c, 0.6)], Some(0));
        let two = said("two", &[(c, 0.9), (a, 0.99)], None);
        let (both, done) = together(Rule::Product, &[one, two], None, &SameThird::new());
        assert_eq!((both.len(), done), (2, Combined::default()));
        assert_eq!(likeliest(&both, 0).0, c);
        assert_eq!(likeliest(&both, 1).0, a);
        assert_eq!(both.bass.as_ref().unwrap().len(), 2 * BASSES);
        assert_eq!(both.origin.teacher, "product:one+two");
    }

    #[test]
    fn a_witness_flattens_what_it_hears_otherwise() {
        let (c, c7, a) = (class("C:maj"), class("C:7"), class("A:min"));
        let one = said("one", &[(c, 0.8), (c, 0.8)], Some(0));
        let mut witness = Opinion {
            posteriors: said("crema", &[(c7, 0.7), (a, 0.7)], None),
            temperature: 2.0,
            trusted: None,
        };
        let alone = std::slice::from_ref(&one);
        let (kept, done) = together(Rule::Product, alone, Some(&witness), &SameThird::new());
        assert_eq!((done.doubted, done.sharpened), (1, 0));
        assert!((likeliest(&kept, 0).1 - 0.8).abs() < 0.01);
        let (same, flat) = likeliest(&kept, 1);
        assert!(same == c && flat < 0.4, "{flat}");
        assert_eq!(kept.origin.teacher, "one doubted by crema (2)");
        assert_ne!(kept.origin.teacher_sha256, one.origin.teacher_sha256);

        // Both have decoded C in the first frame: C and C7 share .95 there.
        let hop_s = HOP_SAMPLES as f64 / f64::from(SAMPLE_RATE);
        let agreed = Segment::new(0.0, 0.9 * hop_s, "C:maj".parse().unwrap());
        witness.trusted = Some((vec![agreed], 0.95));
        let (sure, done) = together(Rule::Product, alone, Some(&witness), &SameThird::new());
        assert_eq!((done.doubted, done.sharpened), (1, 1));
        let share = |of: &Posteriors| {
            let row = &of.chord[..large::LEN];
            let all: f32 = row.iter().map(|p| p.to_f32()).sum();
            (row[c].to_f32() / all, row[c7].to_f32() / row[c].to_f32())
        };
        let ((before, ratio), (after, kept_ratio)) = (share(&kept), share(&sure));
        assert!(before < 0.82 && after > 0.94, "{before} {after}");
        assert!((ratio - kept_ratio).abs() < 1e-3);
        assert_eq!(likeliest(&sure, 1), likeliest(&kept, 1));
        assert_eq!(
            sure.origin.teacher,
            "one doubted by crema (2) where agreed at least 0.95"
        );
    }
}
