//! The speed of rendering labelled audio, and the cost of each part.
//!
//! `cargo run --release -p trainer --example render_speed -- SOUNDFONTS [POP909] [EXAMPLES]`

use std::path::Path;
use std::time::Instant;

use renderer::example::Example;
use renderer::pop909::Pop909;
use renderer::progressions::ProgressionSettings;
use renderer::render::{RenderSettings, render};
use renderer::soundfont::{SoundFonts, Split};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = arguments.first().map_or("data/soundfonts", String::as_str);
    let corpus = arguments.get(1).map_or("../shared/pop909", String::as_str);
    let count: u64 = arguments.get(2).map_or(Ok(12), |text| text.parse())?;
    let started = Instant::now();
    let fonts = SoundFonts::load(Path::new(folder), Split::Train)?;
    println!(
        "loading {fonts:?}: {:.1} s",
        started.elapsed().as_secs_f64()
    );

    let written: Vec<Example> = (0..count)
        .map(|seed| Example::progression(seed, &ProgressionSettings::default()))
        .collect();
    let mut sources = vec![("progressions", written)];
    match Pop909::open(Path::new(corpus)) {
        Ok(corpus) => {
            let songs: Result<Vec<Example>, _> = corpus
                .ids()
                .iter()
                .step_by(37)
                .zip(0..count)
                .map(|(id, seed)| {
                    let song = Example::pop909(&corpus, id, seed)?;
                    Ok::<_, renderer::pop909::Pop909Error>(song.random_excerpt(60.0, seed))
                })
                .collect();
            sources.push(("POP909", songs?));
        }
        Err(error) => eprintln!("{error}"),
    }
    let dry = RenderSettings::dry();
    let effects = RenderSettings {
        codec_share: 0.0,
        ..RenderSettings::default()
    };
    let codec = RenderSettings {
        codec_share: 1.0,
        ..RenderSettings::default()
    };
    let settings = [
        ("synthesizer alone", dry),
        ("with effects", effects),
        ("with effects and codec always", codec),
        ("as in training", RenderSettings::default()),
    ];
    for (source, examples) in &sources {
        for (name, settings) in &settings {
            for threads in [1, 2] {
                let started = Instant::now();
                let share = examples.len().div_ceil(threads);
                let seconds: f64 = std::thread::scope(|scope| {
                    let workers: Vec<_> = examples
                        .chunks(share)
                        .map(|chunk| {
                            let fonts = &fonts;
                            scope.spawn(move || {
                                chunk
                                    .iter()
                                    .zip(0..)
                                    .map(|(example, seed)| {
                                        render(example, fonts, settings, seed)
                                            .map(|audio| audio.samples.len() as f64 / 22_050.0)
                                    })
                                    .sum::<Result<f64, _>>()
                            })
                        })
                        .collect();
                    workers
                        .into_iter()
                        .map(|worker| worker.join().expect("a render does not panic"))
                        .sum::<Result<f64, _>>()
                })?;
                let wall = started.elapsed().as_secs_f64();
                println!(
                    "{source}, {name}, {threads} threads: {:.0} x real time",
                    seconds / wall
                );
            }
        }
    }
    Ok(())
}
