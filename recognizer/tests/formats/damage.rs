//! Deterministically damaged files.

/// A linear congruential generator (Numerical Recipes), which needs no crate.
pub(crate) struct Damage(u32);

impl Damage {
    pub(crate) fn new(seed: u32) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.0
    }

    /// The upper eight bits, which are the most random.
    pub(crate) fn byte(&mut self) -> u8 {
        (self.next() >> 24) as u8
    }

    fn below(&mut self, below: usize) -> usize {
        (self.next() >> 8) as usize % below
    }

    /// `good` with up to `most` bytes changed (in every second round only within the header) and up
    /// to a half of it cut off.
    pub(crate) fn of(&mut self, good: &[u8], round: usize, most: usize) -> Vec<u8> {
        let mut bytes = good.to_vec();
        for _ in 0..=self.below(most) {
            let within = if round.is_multiple_of(2) {
                bytes.len()
            } else {
                400
            };
            let at = self.below(within);
            bytes[at] = self.below(256) as u8;
        }
        bytes.truncate(bytes.len() - self.below(bytes.len() / 2));
        bytes
    }
}
