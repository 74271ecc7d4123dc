//! `trainer combine`: combines the pseudo-labels of several teachers.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use crate::corpus::{Corpus, Split};
use crate::pseudo_label::{Combination, Witness, combine, index};
use anyhow::{Result, ensure};
use clap::{Args, ValueEnum};
use teachers::mixture::Rule;

#[derive(Debug, Args)]
pub(super) struct CombineArguments {
    /// Folder with a teacher's output (`trainer pseudo-label`); given once for each.
    #[arg(long, required = true)]
    posteriors: Vec<PathBuf>,
    /// The rule of combination.
    #[arg(long, value_enum, default_value_t = RuleName::Product)]
    rule: RuleName,
    /// Folder with a witness's output: where its root or third differs, the others are trusted
    /// less.
    #[arg(long)]
    witness: Option<PathBuf>,
    /// Temperature applied where the witness disagrees.
    #[arg(long, default_value_t = 2.0, requires = "witness")]
    doubt: f32,
    /// The least share of the probability, 0 to 1, for a major or minor chord on which the decoded
    /// chords of the witness and of the first teacher agree [default: as the teachers have it].
    #[arg(long, requires = "witness")]
    agreed: Option<f32>,
    /// Manifest of the corpus, or its folder.
    #[arg(long)]
    corpus: PathBuf,
    /// Folder for the posteriors and the chords; created if missing.
    #[arg(short, long)]
    out: PathBuf,
    /// Only tracks of this split; may be given again.
    #[arg(long, value_enum)]
    split: Vec<Split>,
    /// Number of tracks processed in parallel.
    #[arg(short, long, default_value_t = 2)]
    threads: usize,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RuleName {
    /// The mean of the probabilities.
    Average,
    /// Their geometric mean.
    Product,
    /// The share of teachers for which a class is the most likely.
    Vote,
}

impl From<RuleName> for Rule {
    fn from(name: RuleName) -> Self {
        match name {
            RuleName::Average => Self::Average,
            RuleName::Product => Self::Product,
            RuleName::Vote => Self::Vote,
        }
    }
}

/// Combines.
pub(super) fn run(arguments: &CombineArguments, interrupted: &AtomicBool) -> Result<()> {
    ensure!(
        arguments.doubt.is_finite() && arguments.doubt >= 1.0,
        "--doubt {} is not 1 or more",
        arguments.doubt
    );
    if let Some(share) = arguments.agreed {
        ensure!(
            share > 0.0 && share < 1.0,
            "--agreed {share} is not between 0 and 1"
        );
    }
    let corpus = Corpus::open(&arguments.corpus)?;
    let combination = Combination {
        folders: arguments.posteriors.clone(),
        rule: arguments.rule.into(),
        witness: arguments.witness.clone().map(|folder| Witness {
            folder,
            temperature: arguments.doubt,
            agreed: arguments.agreed,
        }),
    };
    let combined = combine(
        &combination,
        &corpus,
        &arguments.split,
        &arguments.out,
        arguments.threads,
        interrupted,
    )?;
    index(&corpus, &arguments.split, &arguments.out)?;
    println!(
        "{}: {} tracks, {} not in all folders",
        arguments.out.display(),
        combined.tracks,
        combined.missing
    );
    if combination.witness.is_some() {
        let share = |frames: u64| 100.0 * frames as f64 / combined.frames.max(1) as f64;
        println!("doubted: {:.1} % of the frames", share(combined.doubted));
        if arguments.agreed.is_some() {
            println!("raised: {:.1} %", share(combined.sharpened));
        }
    }
    Ok(())
}
