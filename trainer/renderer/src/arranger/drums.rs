//! Drum grooves, fills and bare percussion.

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use super::{Note, Section, Texture, velocity};
use crate::song::Song;

const KICK: u8 = 36;
const STICK: u8 = 37;
const SNARE: u8 = 38;
const CLAP: u8 = 39;
const CLOSED_HAT: u8 = 42;
const PEDAL_HAT: u8 = 44;
const OPEN_HAT: u8 = 46;
const CRASH: u8 = 49;
const RIDE: u8 = 51;
const TAMBOURINE: u8 = 54;
const SHAKER: u8 = 70;

/// A bar as lines of sixteenths: `x` struck, `o` soft. Bars of three beats use
/// the first twelve.
type Groove = Vec<(u8, String)>;

const GROOVES: [&[(u8, &str)]; 12] = [
    // Rock in eighths.
    &[
        (KICK, "x.......x.x....."),
        (SNARE, "....x.......x..."),
        (CLOSED_HAT, "x.o.x.o.x.o.x.o."),
    ],
    // Four on the floor.
    &[
        (KICK, "x...x...x...x..."),
        (CLAP, "....x.......x..."),
        (OPEN_HAT, "..x...x...x...x."),
    ],
    // Half-time.
    &[
        (KICK, "x.....x........."),
        (SNARE, "........x......."),
        (CLOSED_HAT, "x.x.x.x.x.x.x.x."),
    ],
    // Ballad with a cross stick.
    &[
        (KICK, "x.......x......."),
        (STICK, "....x.......x..."),
        (RIDE, "x...o...x...o..."),
    ],
    // Swing on the ride.
    &[
        (RIDE, "x...x.o.x...x.o."),
        (PEDAL_HAT, "....x.......x..."),
        (KICK, "o.......o......."),
    ],
    // Sixteenths.
    &[
        (KICK, "x..x..x...x....."),
        (SNARE, "....x..o.o..x..o"),
        (CLOSED_HAT, "xoxoxoxoxoxoxoxo"),
    ],
    // Bossa nova.
    &[
        (KICK, "x..xx..xx..xx..x"),
        (STICK, "x..x..x...x..x.."),
        (SHAKER, "xoxoxoxoxoxoxoxo"),
    ],
    // Tambourine and kick.
    &[(KICK, "x.......x......."), (TAMBOURINE, "..x...x...x...x.")],
    // Disco.
    &[
        (KICK, "x...x...x...x..."),
        (SNARE, "....x.......x..."),
        (CLOSED_HAT, "xx.xxx.xxx.xxx.x"),
        (OPEN_HAT, "..x...x...x...x."),
    ],
    // Break.
    &[
        (KICK, "x.x.......xx...."),
        (SNARE, "....x..x.x..x..x"),
        (RIDE, "x.x.x.x.x.x.x.x."),
    ],
    // Shaker only.
    &[(SHAKER, "xoxoxoxoxoxoxoxo")],
    // Driving snare on every beat.
    &[
        (KICK, "x.x.x.x.x.x.x.x."),
        (SNARE, "..x...x...x...x."),
        (OPEN_HAT, "x...x...x...x..."),
    ],
];

const WALTZES: [&[(u8, &str)]; 3] = [
    &[
        (KICK, "x..........."),
        (SNARE, "....x...x..."),
        (CLOSED_HAT, "x.o.x.o.x.o."),
    ],
    &[
        (KICK, "x..........."),
        (STICK, "....o...x..."),
        (RIDE, "x...x.o.x..."),
    ],
    &[
        (KICK, "x.....x....."),
        (SNARE, "......x....."),
        (CLOSED_HAT, "x.x.x.x.x.x."),
    ],
];

pub(super) fn write(
    rng: &mut ChaCha8Rng,
    song: &Song,
    sections: &[Section],
    silent: &[(f64, f64)],
) -> Vec<Note> {
    let loudness = rng.random_range(75..=110);
    let fills = rng.random_bool(0.75);
    let waltz = song
        .bars()
        .first()
        .is_some_and(|(start, end)| (end - start - 3.0).abs() < 0.1);
    let usual: [Groove; 2] = std::array::from_fn(|_| {
        let known: &[&[(u8, &str)]] = if waltz { &WALTZES } else { &GROOVES };
        if rng.random_bool(0.5) {
            chance(rng, waltz)
        } else {
            known
                .choose(rng)
                .unwrap_or(&GROOVES[0])
                .iter()
                .map(|(key, line)| (*key, (*line).to_owned()))
                .collect()
        }
    });
    let mut notes = Vec::new();
    for section in sections {
        if section.texture == Texture::Sparse || rng.random_bool(0.08) {
            continue;
        }
        let groove = usual.choose(rng).unwrap_or(&usual[0]);
        if rng.random_bool(0.5) {
            hit(rng, section.start, CRASH, loudness, &mut notes);
        }
        for (index, (start, end)) in section.bars.iter().enumerate() {
            let last = index + 1 == section.bars.len();
            let fill_from = if fills && last && end - start >= 2.0 {
                end - rng.random_range(1..=2) as f64
            } else {
                *end
            };
            for (key, line) in groove {
                for (step, mark) in line.bytes().enumerate() {
                    let at = start + step as f64 * 0.25;
                    if mark == b'.' || at >= fill_from - 1e-6 {
                        continue;
                    }
                    let loud = if mark == b'x' {
                        loudness
                    } else {
                        loudness - 30
                    };
                    hit(rng, at, *key, loud, &mut notes);
                }
            }
            let mut at = fill_from;
            while at < end - 1e-6 {
                let drum = *[SNARE, 50, 48, 47, 45, 43].choose(rng).unwrap_or(&SNARE);
                hit(rng, at, drum, loudness, &mut notes);
                at += *[0.25, 0.25, 0.5].choose(rng).unwrap_or(&0.25);
            }
        }
    }
    notes.retain(|note| {
        !silent
            .iter()
            .any(|(start, end)| note.start >= start - 1e-6 && note.start < end - 1e-6)
    });
    notes
}

/// A random groove: a kick of some density, a snare on the usual beats with ghost notes around
/// it, and something in the right hand.
fn chance(rng: &mut ChaCha8Rng, waltz: bool) -> Groove {
    let steps = if waltz { 12 } else { 16 };
    let dense = rng.random_range(0.05..0.7);
    let ghosts = *[0.0, 0.0, 0.15].choose(rng).unwrap_or(&0.0);
    let kick = (0..steps)
        .map(|step| match step {
            0 => 'x',
            // Sixteenths between the eighths only in busy grooves.
            _ if step % 2 == 1 && rng.random_bool(1.0 - dense * 0.6) => '.',
            _ if rng.random_bool(dense) => 'x',
            _ => '.',
        })
        .collect();
    let backbeat: &[usize] = if waltz {
        &[4, 8]
    } else {
        [&[4_usize, 12] as &[usize], &[8], &[4, 10], &[2, 6, 10, 14]]
            .choose(rng)
            .copied()
            .unwrap_or(&[4, 12])
    };
    let snare = (0..steps)
        .map(|step| match step {
            _ if backbeat.contains(&step) => 'x',
            _ if rng.random_bool(ghosts) => 'o',
            _ => '.',
        })
        .collect();
    let every = *[1_usize, 2, 2, 4].choose(rng).unwrap_or(&2);
    let hand = *[
        CLOSED_HAT, CLOSED_HAT, OPEN_HAT, RIDE, CRASH, SHAKER, TAMBOURINE,
    ]
    .choose(rng)
    .unwrap_or(&CLOSED_HAT);
    let line = (0..steps)
        .map(|step| match step {
            _ if step % every != 0 => '.',
            _ if step % 4 == 0 => 'x',
            _ => *['x', 'o', 'o', '.'].choose(rng).unwrap_or(&'o'),
        })
        .collect();
    let drum = *[SNARE, SNARE, STICK, CLAP].choose(rng).unwrap_or(&SNARE);
    vec![(KICK, kick), (drum, snare), (hand, line)]
}

/// Congas, cowbell, claps and the like over stretches without a chord.
pub(super) fn percussion(rng: &mut ChaCha8Rng, stretches: &[(f64, f64)]) -> Vec<Note> {
    let mut notes = Vec::new();
    for (start, end) in stretches {
        let drums = [
            KICK, SNARE, CLAP, 62, 63, 64, 56, TAMBOURINE, SHAKER, 60, 61, 45, 47,
        ];
        let chosen: Vec<u8> = drums.choose_multiple(rng, 3).copied().collect();
        let mut at = *start;
        while at < *end {
            if rng.random_bool(0.6) {
                let drum = *chosen.choose(rng).unwrap_or(&KICK);
                hit(rng, at, drum, 90, &mut notes);
            }
            at += 0.25;
        }
    }
    notes
}

fn hit(rng: &mut ChaCha8Rng, at: f64, key: u8, loudness: i32, notes: &mut Vec<Note>) {
    notes.push(Note {
        start: at,
        end: at + 0.2,
        key,
        velocity: velocity(rng, loudness),
    });
}
