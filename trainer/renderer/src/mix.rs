//! Mixing and mastering: draws which effects an example gets, and applies them.

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use crate::arranger::Bus;
use crate::effects::{
    codec, dynamics, dynamics::Compressor, filters, filters::Filter, modulation, noise, room,
    room::Room, tape,
};

/// Level (RMS without silence) that every bus is brought to before it is mixed.
pub(crate) const BUS_LEVEL: f32 = 0.1;

/// Draws from two random streams, so that the amount of noise does not change other choices.
pub(crate) struct Mixer {
    pub rng: ChaCha8Rng,
    pub noise: ChaCha8Rng,
    pub rate_hz: f32,
    /// Scales every probability, 0 to 1.
    pub effects: f64,
}

impl Mixer {
    pub(crate) fn chance(&mut self, share: f64) -> bool {
        self.rng.random_bool(share * self.effects)
    }

    pub(crate) fn between(&mut self, low: f32, high: f32) -> f32 {
        self.rng.random_range(low..=high)
    }

    /// A log-uniform number.
    fn between_log(&mut self, low: f32, high: f32) -> f32 {
        self.between(low.ln(), high.ln()).exp()
    }

    /// Applies the insert effects of a bus at [`BUS_LEVEL`].
    pub(crate) fn treat(&mut self, bus: Bus, samples: &mut [f32]) {
        let rate = self.rate_hz;
        let (drive, chorus, double, tremolo, echo, compress, equalize) = match bus {
            Bus::Chords => (0.12, 0.25, 0.2, 0.06, 0.06, 0.25, 0.6),
            Bus::Guitars => (0.0, 0.1, 0.4, 0.03, 0.06, 0.2, 0.5),
            Bus::Bass => (0.25, 0.08, 0.03, 0.0, 0.0, 0.5, 0.5),
            Bus::Lead => (0.1, 0.15, 0.2, 0.04, 0.3, 0.4, 0.5),
            Bus::Drums => (0.2, 0.0, 0.05, 0.0, 0.05, 0.4, 0.5),
        };
        if self.chance(compress) {
            self.compressor().apply(samples, rate);
        }
        // The guitars' amplifier is part of the instrument: without effects they are clean.
        if bus == Bus::Guitars && self.effects > 0.0 {
            self.amplifier(samples, 3.0, 80.0);
        } else if self.chance(drive) {
            self.amplifier(samples, 1.5, 25.0);
        }
        if self.chance(chorus) {
            let lfo = self.between_log(0.2, 3.0);
            let depth = self.between(0.0005, 0.003);
            let mix = self.between(0.2, 0.5);
            modulation::chorus(samples, rate, lfo, depth, mix);
        }
        if self.chance(double) {
            // A stereo widener or a double-tracked part, summed to mono: some of it cancels.
            let delay = self.between_log(0.001, 0.03);
            let gain = self.between(0.3, 0.9) * if self.rng.random_bool(0.4) { -1.0 } else { 1.0 };
            let wander = self.between(0.0, 0.0006);
            modulation::double(samples, rate, delay, wander, gain);
        }
        if self.chance(tremolo) {
            let lfo = self.between(2.0, 7.0);
            let depth = self.between(0.2, 0.7);
            modulation::tremolo(samples, rate, lfo, depth);
        }
        if self.chance(echo) {
            let delay = self.between(0.1, 0.5);
            let feedback = self.between(0.1, 0.5);
            let mix = self.between(0.1, 0.4);
            modulation::echo(samples, rate, delay, feedback, mix);
        }
        if self.chance(equalize) {
            self.equalize(samples, 8.0);
        }
        // Records have more below 100 Hz than the samples of a SoundFont.
        if matches!(bus, Bus::Bass | Bus::Drums) && self.chance(0.6) {
            let hz = self.between_log(60.0, 150.0);
            let most_db = if bus == Bus::Bass { 12.0 } else { 6.0 };
            let db = self.between(0.0, most_db);
            filters::apply(samples, rate, Filter::LowShelf { hz, db });
            if bus == Bus::Bass {
                let hz = self.between_log(300.0, 4000.0);
                filters::apply(samples, rate, Filter::LowPass { hz });
            }
        }
    }

    /// An overdriven amplifier with its cabinet, at the input's level.
    fn amplifier(&mut self, samples: &mut [f32], least: f32, most: f32) {
        let rate = self.rate_hz;
        let before = dynamics::active_rms(samples);
        let hz = self.between_log(40.0, 160.0);
        filters::apply(samples, rate, Filter::HighPass { hz });
        let drive = self.between_log(least, most);
        let asymmetry = self.between(0.0, 0.1);
        dynamics::saturate(samples, drive, asymmetry);
        filters::apply(samples, rate, Filter::HighPass { hz: 40.0 });
        // A cabinet removes the fizz and adds a nasal peak.
        let nose = Filter::Peak {
            hz: self.between_log(700.0, 3000.0),
            db: self.between(-6.0, 6.0),
            q: 1.0,
        };
        filters::apply(samples, rate, nose);
        let hz = self.between_log(2500.0, 6500.0);
        filters::apply(samples, rate, Filter::LowPass { hz });
        if let (Some(before), Some(after)) = (before, dynamics::active_rms(samples)) {
            let scale = before / after;
            samples.iter_mut().for_each(|sample| *sample *= scale);
        }
    }

    /// The gain of a bus and its share that goes to the room.
    pub(crate) fn levels(&mut self, bus: Bus, wet: bool) -> (f32, f32) {
        let (low_db, high_db, most) = match bus {
            Bus::Chords => (-8.0, 3.0, 0.8),
            Bus::Guitars => (-8.0, 2.0, 0.4),
            Bus::Bass => (-5.0, 6.0, 0.15),
            Bus::Lead => (-8.0, 6.0, 0.8),
            Bus::Drums => (-4.0, 8.0, 0.35),
        };
        let gain = 10_f32.powf(self.between(low_db, high_db) / 20.0);
        let send = self.between(0.0, 1.0) * most;
        (gain, if wet { send } else { 0.0 })
    }

    pub(crate) fn room(&mut self) -> Room {
        // Halls in which chords overlap are in every eighth mix.
        let (low, high) = if self.rng.random_bool(0.12) {
            (2.5, 6.0)
        } else {
            (0.15, 3.0)
        };
        Room {
            decay_s: self.between_log(low, high),
            damping: self.between(0.2, 0.9),
            predelay_s: self.between(0.0, 0.05),
        }
    }

    fn compressor(&mut self) -> Compressor {
        Compressor {
            threshold_db: self.between(-34.0, -18.0),
            ratio: self.between_log(1.5, 8.0),
            attack_s: self.between_log(0.002, 0.05),
            release_s: self.between_log(0.05, 0.5),
        }
    }

    fn equalize(&mut self, samples: &mut [f32], most_db: f32) {
        for _ in 0..2 {
            let filter = Filter::Peak {
                hz: self.between_log(60.0, 7000.0),
                db: self.between(-most_db, most_db),
                q: self.between_log(0.4, 2.5),
            };
            filters::apply(samples, self.rate_hz, filter);
        }
    }

    /// How far the kick lowers the other buses, and for how long in seconds.
    pub(crate) fn pump(&mut self) -> Option<(f32, f32)> {
        self.chance(0.1)
            .then(|| (self.between(0.3, 0.9), self.between_log(0.08, 0.35)))
    }

    pub(crate) fn master(&mut self, samples: &mut [f32]) {
        let rate = self.rate_hz;
        if self.chance(0.5) {
            self.equalize(samples, 6.0);
        }
        if self.chance(0.5) {
            let hz = self.between_log(80.0, 500.0);
            let db = self.between(-6.0, 9.0);
            filters::apply(samples, rate, Filter::LowShelf { hz, db });
        }
        if self.chance(0.6) {
            let hz = self.between_log(700.0, 5000.0);
            let db = self.between(-14.0, 6.0);
            filters::apply(samples, rate, Filter::HighShelf { hz, db });
        }
        if self.chance(0.25) {
            let low_hz = self.between_log(100.0, 300.0);
            let high_hz = self.between_log(1500.0, 4000.0);
            let bands = [self.compressor(), self.compressor(), self.compressor()];
            dynamics::multiband(samples, rate, (low_hz, high_hz), &bands);
        } else if self.chance(0.5) {
            self.compressor().apply(samples, rate);
        }
        if self.chance(0.2) {
            let drive = self.between_log(1.0, 5.0);
            let asymmetry = self.between(0.0, 0.1);
            dynamics::saturate(samples, drive, asymmetry);
            filters::apply(samples, rate, Filter::HighPass { hz: 20.0 });
        }
        // A telephone, a small loudspeaker, a cassette, a distant radio.
        if self.chance(0.15) {
            let hz = self.between_log(50.0, 300.0);
            filters::apply(samples, rate, Filter::HighPass { hz });
        }
        if self.chance(0.2) {
            let hz = self.between_log(1800.0, 8000.0);
            filters::apply(samples, rate, Filter::LowPass { hz });
        }
        if self.chance(0.06) {
            let depth_s = self.between_log(0.0001, 0.001);
            let hz = self.between_log(0.4, 6.0);
            tape::flutter(samples, rate, hz, depth_s);
        }
        if self.chance(0.04) {
            let bits = self.between(5.0, 9.0);
            tape::crush(samples, bits);
        }
        let rms = dynamics::active_rms(samples).unwrap_or(0.1);
        if self.chance(0.4) {
            let below_db = self.between(-60.0, -20.0);
            let colour = self.between(0.0, 0.95);
            let level = rms * 10_f32.powf(below_db / 20.0);
            noise::add_noise(samples, &mut self.noise, level, colour);
        }
        if self.chance(0.06) {
            let level = rms * 10_f32.powf(self.between(-30.0, 0.0) / 20.0);
            let a_second = self.between_log(2.0, 40.0);
            noise::add_crackle(samples, rate, &mut self.noise, level, a_second);
        }
        if self.chance(0.05) {
            let level = rms * 10_f32.powf(self.between(-28.0, -8.0) / 20.0);
            noise::add_crowd(samples, rate, &mut self.noise, level);
        }
        if self.chance(0.05) {
            let mains = *[50.0, 60.0].choose(&mut self.rng).unwrap_or(&50.0);
            let below_db = self.between(-50.0, -30.0);
            noise::add_hum(samples, rate, mains, rms * 10_f32.powf(below_db / 20.0));
        }
    }

    /// Adds the room by convolution.
    pub(crate) fn reverberate(&mut self, send: &[f32], sum: &mut [f32]) {
        let room = self.room();
        let response = room.response(&mut self.noise, self.rate_hz);
        for (out, tail) in sum.iter_mut().zip(room::convolve(send, &response)) {
            *out += tail;
        }
    }

    /// Applies a lossy codec at a quality drawn from bad to fair.
    pub(crate) fn encode(
        &mut self,
        samples: &[f32],
        rate: u32,
    ) -> Result<Vec<f32>, vorbis_rs::VorbisError> {
        let quality = self.rng.random_range(-0.1..0.3);
        codec::vorbis_round_trip(samples, rate, quality)
    }

    /// Sets the level of the finished file.
    pub(crate) fn finish(&mut self, samples: &mut [f32]) {
        let peak = if self.chance(0.9) {
            self.between_log(0.15, 0.99)
        } else {
            0.9
        };
        let push_db = if self.chance(0.35) {
            self.between(1.0, 9.0)
        } else {
            0.0
        };
        dynamics::limit(samples, peak, push_db);
    }
}
