//! A labelled example: a song, arranged, ready to be rendered.

use rand::Rng;
use rand::SeedableRng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use crate::arrange::{self, Arrangement, Bus, Note, Parts, Track, programs};
use crate::pop909::{Pop909, Pop909Error, Voice};
use crate::progression::{self, ProgressionSettings};
use crate::score::{Harmony, Score, Span};

/// What a random stream is for: each stage has its own, so that a change in one
/// leaves the choices of the others alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Writing chords.
    Compose = 1,
    /// Arranging.
    Arrange = 2,
    /// Mixing and effects.
    Mix = 3,
    /// Noise samples.
    Noise = 4,
    /// Who plays the parts.
    Band = 5,
}

/// The random stream of a seed for one purpose.
#[must_use]
pub fn stream(seed: u64, stream: Stream) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream as u64);
    rng
}

/// A song as it will be played, with its chords.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// Beats and chords.
    pub score: Score,
    /// The instruments, times in seconds.
    pub tracks: Vec<Track>,
    /// Stretches of noise in seconds.
    pub noise: Vec<(f64, f64)>,
    /// Spell roots with flats.
    pub flats: bool,
    /// Length in seconds.
    pub duration_s: f64,
    /// Chords last until they are not heard any more, into the silence behind them.
    pub rings: bool,
}

impl Example {
    /// A song of POP909 in a random key (-6 to +6 semitones) with random
    /// instruments, sometimes joined by a generated rhythm section.
    ///
    /// # Errors
    /// The song cannot be read.
    pub fn pop909(corpus: &Pop909, id: &str, seed: u64) -> Result<Self, Pop909Error> {
        let song = corpus.song(id)?;
        let mut rng = stream(seed, Stream::Arrange);
        let shift: i32 = rng.random_range(-6..=6);
        let mut score = song.score;
        for span in &mut score.spans {
            if let Harmony::Chord(chord) = &mut span.harmony {
                *chord = chord.transposed(shift);
            }
        }
        let shifted = |tonic: u8| (i32::from(tonic) + shift).rem_euclid(12) as u8;
        score.key.0 = shifted(score.key.0);
        for span in &mut score.keys {
            span.key.0 = shifted(span.key.0);
        }

        let parts = Parts::additions(&mut rng);
        let mut arrangement = arrange::arrange(&mut rng, &score, parts);
        for (voice, notes) in song.tracks {
            let notes: Vec<Note> = notes
                .into_iter()
                .map(|note| Note {
                    key: (i32::from(note.key) + shift).clamp(0, 127) as u8,
                    ..note
                })
                .collect();
            let (bus, program) = match voice {
                Voice::Melody => (Bus::Lead, programs::pick(&mut rng, programs::LEAD)),
                Voice::Bridge if rng.random_bool(0.5) => {
                    (Bus::Lead, programs::pick(&mut rng, programs::LEAD))
                }
                Voice::Bridge => (Bus::Chords, programs::pick(&mut rng, programs::HELD)),
                Voice::Piano if rng.random_bool(0.85) => {
                    (Bus::Chords, programs::pick(&mut rng, programs::STRUCK))
                }
                Voice::Piano => (Bus::Chords, programs::pick(&mut rng, programs::HELD)),
            };
            // Another band plays the same chords, and the piano stays at home.
            if voice == Voice::Piano && parts.comping > 0 && rng.random_bool(0.35) {
                continue;
            }
            // A song without its melody is a backing track, and there are many.
            if voice == Voice::Melody && rng.random_bool(0.15) {
                continue;
            }
            if voice == Voice::Piano && rng.random_bool(0.2) {
                let double = programs::pick(&mut rng, programs::HELD);
                let copy = notes.clone();
                arrangement
                    .tracks
                    .push(arrange::finish(&mut rng, Bus::Chords, double, copy));
            }
            arrangement
                .tracks
                .push(arrange::finish(&mut rng, bus, program, notes));
        }
        Ok(Self::assembled(score, arrangement))
    }

    /// A written progression played by a band.
    #[must_use]
    pub fn progression(seed: u64, settings: &ProgressionSettings) -> Self {
        let score = progression::compose(&mut stream(seed, Stream::Compose), settings);
        let mut rng = stream(seed, Stream::Arrange);
        let parts = Parts::band(&mut rng);
        let arrangement = arrange::arrange(&mut rng, &score, parts);
        Self::assembled(score, arrangement)
    }

    fn assembled(score: Score, arrangement: Arrangement) -> Self {
        Self {
            flats: prefers_flats(score.key),
            duration_s: score.time_s(score.end()),
            score,
            tracks: arrangement.tracks,
            noise: arrangement.noise,
            rings: false,
        }
    }

    /// At most `length_s` seconds from `start_s` on, times counted from there;
    /// notes that have begun before are left out.
    #[must_use]
    pub fn excerpt(&self, start_s: f64, length_s: f64) -> Self {
        let end_s = (start_s + length_s).min(self.duration_s);
        let score = &self.score;
        // Positions stay in the old beats; the times of the beats move.
        let beats = score
            .beats
            .iter()
            .map(|beat| crate::score::Beat {
                time_s: beat.time_s - start_s,
                ..*beat
            })
            .collect();
        let spans = score
            .spans
            .iter()
            .filter(|span| score.time_s(span.end) > start_s && score.time_s(span.start) < end_s)
            .map(|span| Span { ..*span })
            .collect();
        let tracks = self
            .tracks
            .iter()
            .map(|track| Track {
                notes: track
                    .notes
                    .iter()
                    .filter(|note| note.start >= start_s && note.start < end_s)
                    .map(|note| Note {
                        start: note.start - start_s,
                        end: note.end - start_s,
                        ..*note
                    })
                    .collect(),
                ..track.clone()
            })
            .collect();
        let noise = self
            .noise
            .iter()
            .filter(|(from, to)| *to > start_s && *from < end_s)
            .map(|(from, to)| ((from - start_s).max(0.0), to - start_s))
            .collect();
        Self {
            score: Score {
                beats,
                spans,
                ..score.clone()
            },
            tracks,
            noise,
            flats: self.flats,
            duration_s: end_s - start_s,
            rings: self.rings,
        }
    }

    /// An excerpt of at most `length_s` seconds at a random downbeat.
    #[must_use]
    pub fn random_excerpt(&self, length_s: f64, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let starts: Vec<f64> = self
            .score
            .beats
            .iter()
            .filter(|beat| beat.downbeat && beat.time_s + length_s <= self.duration_s)
            .map(|beat| beat.time_s)
            .collect();
        let start = starts.choose(&mut rng).copied().unwrap_or(0.0);
        self.excerpt(start, length_s)
    }
}

/// Flat keys by the circle of fifths; minor keys by their relative major.
fn prefers_flats((tonic, minor): (u8, bool)) -> bool {
    let major = if minor { (tonic + 3) % 12 } else { tonic };
    matches!(major, 1 | 3 | 5 | 8 | 10)
}
