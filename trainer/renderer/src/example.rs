//! A labelled example: a song, arranged, ready to be rendered.

use rand::Rng;
use rand::SeedableRng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use harmony::key::Key;

use crate::arranger::{self, Arrangement, Bus, Note, Parts, Track, programs};
use crate::pop909::{Pop909, Pop909Error, Voice};
use crate::progressions::{self, ProgressionSettings};
use crate::random::{Stream, stream};
use crate::song::{Harmony, Song, Span, is_minor, key_of};

/// A song as it will be played, with its chords.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// Beats and chords.
    pub song: Song,
    /// The instruments, times in seconds.
    pub tracks: Vec<Track>,
    /// Stretches of noise in seconds.
    pub noise: Vec<(f64, f64)>,
    /// Whether roots are spelled with flats.
    pub flats: bool,
    /// Length in seconds.
    pub duration_s: f64,
    /// Whether chords last until they are no longer audible, into the silence after them.
    pub rings: bool,
}

impl Example {
    /// A song of POP909 in a random key (-6 to +6 semitones) with random
    /// instruments, sometimes joined by a generated rhythm section.
    ///
    /// # Errors
    /// If the song cannot be read.
    pub fn pop909(corpus: &Pop909, id: &str, seed: u64) -> Result<Self, Pop909Error> {
        let performance = corpus.song(id)?;
        let mut rng = stream(seed, Stream::Arrange);
        let shift: i32 = rng.random_range(-6..=6);
        let mut song = performance.song;
        for span in &mut song.spans {
            if let Harmony::Chord(chord) = &mut span.harmony {
                *chord = chord.transposed(shift);
            }
        }
        let shifted = |key: Key| {
            let tonic = i32::from(key.tonic().pitch_class()) + shift;
            key_of(tonic.rem_euclid(12) as u8, is_minor(key))
        };
        song.key = shifted(song.key);
        for span in &mut song.keys {
            span.key = shifted(span.key);
        }

        let parts = Parts::additions(&mut rng);
        let mut arrangement = arranger::arrange(&mut rng, &song, parts);
        for (voice, notes) in performance.tracks {
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
            // Another band plays the same chords, without the piano.
            if voice == Voice::Piano && parts.comping > 0 && rng.random_bool(0.35) {
                continue;
            }
            // A song without its melody is a backing track, which is common.
            if voice == Voice::Melody && rng.random_bool(0.15) {
                continue;
            }
            if voice == Voice::Piano && rng.random_bool(0.2) {
                let double = programs::pick(&mut rng, programs::HELD);
                let copy = notes.clone();
                arrangement
                    .tracks
                    .push(arranger::finish(&mut rng, Bus::Chords, double, copy));
            }
            arrangement
                .tracks
                .push(arranger::finish(&mut rng, bus, program, notes));
        }
        Ok(Self::assembled(song, arrangement))
    }

    /// A generated progression played by a band.
    #[must_use]
    pub fn progression(seed: u64, settings: &ProgressionSettings) -> Self {
        let song = progressions::compose(&mut stream(seed, Stream::Compose), settings);
        let mut rng = stream(seed, Stream::Arrange);
        let parts = Parts::band(&mut rng);
        let arrangement = arranger::arrange(&mut rng, &song, parts);
        Self::assembled(song, arrangement)
    }

    fn assembled(song: Song, arrangement: Arrangement) -> Self {
        Self {
            flats: prefers_flats(song.key),
            duration_s: song.time_s(song.end()),
            song,
            tracks: arrangement.tracks,
            noise: arrangement.noise,
            rings: false,
        }
    }

    /// At most `length_s` seconds from `start_s` on, with times counted from there; notes that
    /// began before are left out.
    #[must_use]
    pub fn excerpt(&self, start_s: f64, length_s: f64) -> Self {
        let end_s = (start_s + length_s).min(self.duration_s);
        let song = &self.song;
        // Positions stay in the old beats; only the times of the beats move.
        let beats = song
            .beats
            .iter()
            .map(|beat| crate::song::Beat {
                time_s: beat.time_s - start_s,
                ..*beat
            })
            .collect();
        let spans = song
            .spans
            .iter()
            .filter(|span| song.time_s(span.end) > start_s && song.time_s(span.start) < end_s)
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
            song: Song {
                beats,
                spans,
                ..song.clone()
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
            .song
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
fn prefers_flats(key: Key) -> bool {
    let tonic = key.tonic().pitch_class();
    let major = if is_minor(key) {
        (tonic + 3) % 12
    } else {
        tonic
    };
    matches!(major, 1 | 3 | 5 | 8 | 10)
}
