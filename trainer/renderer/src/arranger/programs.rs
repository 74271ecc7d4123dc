//! Pools of General MIDI programs by role, counted from 0.
//!
//! Left out: programs whose samples sound intervals of their own (86, the lead
//! in fifths; 55, the orchestra hit) and effects without a pitch.

use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

/// Programs with their weights.
pub type Pool = &'static [(u8, u32)];

/// Instruments that strike or pluck chords.
pub const STRUCK: Pool = &[
    (0, 10),
    (1, 6),
    (2, 4),
    (3, 2),
    (4, 8),
    (5, 7),
    (6, 2),
    (7, 2),
    (8, 1),
    (11, 3),
    (12, 1),
    (15, 1),
    (24, 6),
    (25, 7),
    (26, 5),
    (27, 7),
    (28, 2),
    (29, 6),
    (30, 5),
    (46, 2),
    (45, 1),
];
/// Instruments that hold chords.
pub const HELD: Pool = &[
    (16, 5),
    (17, 4),
    (18, 5),
    (19, 4),
    (20, 1),
    (21, 3),
    (23, 1),
    (44, 1),
    (48, 8),
    (49, 7),
    (50, 5),
    (51, 4),
    (52, 4),
    (53, 3),
    (54, 2),
    (60, 2),
    (61, 4),
    (62, 3),
    (63, 3),
    (80, 1),
    (81, 2),
    (88, 3),
    (89, 5),
    (90, 4),
    (91, 3),
    (92, 2),
    (94, 3),
    (95, 2),
];
/// Guitars for strumming.
pub const GUITAR: Pool = &[(24, 6), (25, 9), (26, 3), (27, 6), (29, 4), (30, 4)];
/// Guitars and keys for power chords.
pub const DRIVEN: Pool = &[(29, 6), (30, 7), (18, 1), (81, 1)];
/// Basses.
pub const BASS: Pool = &[
    (32, 6),
    (33, 10),
    (34, 6),
    (35, 4),
    (36, 2),
    (37, 2),
    (38, 4),
    (39, 4),
    (58, 1),
    (43, 1),
];
/// Melody instruments; the choir and voice programs weigh most, since songs are sung.
pub const LEAD: Pool = &[
    (52, 9),
    (53, 9),
    (54, 5),
    (85, 5),
    (0, 4),
    (4, 2),
    (11, 2),
    (16, 1),
    (22, 2),
    (24, 1),
    (25, 2),
    (26, 2),
    (27, 3),
    (29, 3),
    (30, 3),
    (40, 4),
    (41, 2),
    (42, 2),
    (48, 2),
    (56, 4),
    (57, 2),
    (59, 2),
    (61, 1),
    (64, 2),
    (65, 4),
    (66, 4),
    (67, 1),
    (68, 2),
    (69, 1),
    (71, 3),
    (73, 4),
    (75, 2),
    (79, 1),
    (80, 3),
    (81, 4),
    (82, 2),
    (84, 1),
    (87, 1),
];
/// Drum kits.
pub const KITS: Pool = &[(0, 8), (8, 4), (16, 4), (24, 2), (25, 3), (32, 3), (40, 2)];

/// Choirs, voices and synthetic voices.
#[must_use]
pub fn is_voice(program: u8) -> bool {
    matches!(program, 52..=54 | 85 | 91)
}

/// Guitars that go through an amplifier.
#[must_use]
pub fn is_amplified(program: u8) -> bool {
    matches!(program, 26..=30)
}

/// Draws a program by weight.
#[must_use]
pub fn pick(rng: &mut ChaCha8Rng, pool: Pool) -> u8 {
    pool.choose_weighted(rng, |(_, weight)| *weight)
        .map_or(0, |(program, _)| *program)
}
