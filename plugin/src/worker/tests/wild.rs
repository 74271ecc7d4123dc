//! Hosts that report anything at all, and users who edit meanwhile.

use harmony::edit::{Command, Snap};

use super::*;

/// Steps of one session, each a block with a position, a jump, an edit or a state.
const STEPS: u32 = 700;

/// Repeatable noise.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// A number that a host should not say, or one that it should.
fn wild(n: u64) -> f64 {
    const TABLE: [f64; 16] = [
        0.0,
        -0.0,
        1e-9,
        1.0,
        -1.0,
        4.0,
        1e3,
        -1e3,
        1e6,
        1e9,
        -1e9,
        1e12,
        1e17,
        1e300,
        -1e300,
        f64::MAX,
    ];
    TABLE[(n % 16) as usize] + ((n >> 8) % 1000) as f64 / 250.0
}

/// The host's idea of the song.
struct Host {
    place: f64,
    tempo: f64,
}

impl Host {
    fn says(&mut self, n: u64, m: u64) -> HostPosition {
        const TEMPOS: [f64; 8] = [1.0, 2000.0, 4.0, 3.9, 1000.0, 60.0, 120.0, 121.0];
        match n % 11 {
            0 => self.place = wild(n >> 4),
            1 => self.tempo = TEMPOS[(n >> 5) as usize % 8],
            2 => self.place -= 4.0,
            _ => {}
        }
        let place = self.place;
        HostPosition {
            playing: !m.is_multiple_of(5),
            tempo_bpm: (m >> 3 & 7 != 0).then_some(self.tempo),
            signature: match m >> 6 & 3 {
                0 => None,
                1 => Some((4, 4)),
                2 => Some((1 + (m >> 8 & 63) as u16, 1 + (m >> 14 & 63) as u16)),
                _ => Some((7, 8)),
            },
            samples: None,
            seconds: match m >> 20 & 7 {
                0 => None,
                1 => Some(wild(m >> 23)),
                _ => Some(place * 0.5),
            },
            beats: match m >> 30 & 7 {
                0 => None,
                1 => Some(wild(m >> 33)),
                _ => Some(place),
            },
            bar_start_beats: match m >> 40 & 3 {
                0 => None,
                1 => Some(wild(m >> 42)),
                _ => Some((place / 4.0).floor() * 4.0),
            },
            bar_number: match m >> 50 & 3 {
                0 => None,
                1 => Some(i32::MAX),
                2 => Some(i32::MIN),
                _ => Some(3),
            },
            loop_beats: None,
        }
    }
}

/// One user action, or none.
fn meddle(n: u64, place: f64, frames: usize, input: &mut TapInput, instance: &Instance) {
    let session = instance.session();
    let edit = |command: &Command| {
        // Most of them refer to what does not exist.
        let _ = session.edit(command);
    };
    match n >> 20 & 63 {
        0 => input.reset(),
        1 => input.pause(),
        2 => input.skip(frames),
        3 => drop(session.undo()),
        4 => drop(session.redo()),
        5 => edit(&Command::SetChord {
            at_s: place * 0.5,
            label: "C:maj".parse().unwrap(),
        }),
        6 => edit(&Command::MoveBoundary {
            from_s: place * 0.5,
            to_s: place * 0.5 + 0.3,
            snap: Snap::Beat,
        }),
        7 => edit(&Command::Clear),
        8 => {
            let saved = session.save().unwrap();
            session.load(&saved);
            assert_eq!(session.message(), None, "what was saved is refused");
            input.set_loads(session.loads());
        }
        9 => edit(&Command::SetMeter {
            beat: place,
            meter: "7/8".parse().unwrap(),
        }),
        _ => {}
    }
}

/// A session of `audio` (a value and a number of frames make a block) with such a host.
fn session(
    worker: &Worker,
    rate: f64,
    noise: &mut Noise,
    audio: impl Fn(f32, usize) -> Vec<f32>,
    frames_most: usize,
) {
    let (instance, mut input) = tapped(400_000, rate);
    worker.adopt(&instance);
    let mut host = Host {
        place: 0.0,
        tempo: 120.0,
    };
    for _ in 0..STEPS {
        let (n, m) = (noise.next(), noise.next());
        let says = host.says(n, m);
        let frames = 1 + (n >> 40) as usize % frames_most;
        meddle(n, host.place, frames, &mut input, &instance);
        let block = audio(0.1 * (1 + (n >> 50) % 6) as f32, frames);
        while !input.has_room(frames) {
            assert_ne!(instance.snapshot().status, Status::Failed);
            std::thread::sleep(Duration::from_millis(1));
        }
        input.push(&[block], frames, says);
        host.place += frames as f64 / rate * host.tempo / 60.0;
    }
    let started = Instant::now();
    while !input.is_heard() {
        assert_ne!(instance.snapshot().status, Status::Failed);
        assert!(started.elapsed() < Duration::from_secs(300));
        std::thread::sleep(Duration::from_millis(2));
    }
    assert_ne!(instance.snapshot().status, Status::Failed);
    assert_eq!(instance.snapshot().lost, 0);
    let track = instance.session().track();
    let segments = track.timeline().segments();
    for pair in segments.windows(2) {
        assert_eq!(pair[0].end_s, pair[1].start_s);
    }
    assert!(
        segments
            .iter()
            .all(|it| it.start_s >= 0.0 && it.end_s > it.start_s)
    );
}

#[test]
fn a_host_that_says_anything_at_all_ends_no_analysis() {
    let worker = worker();
    let mut noise = Noise(12_345);
    for _ in 0..8 {
        session(
            &worker,
            RATE,
            &mut noise,
            |value, frames| vec![value; frames],
            500,
        );
    }
}

#[test]
fn nor_does_it_with_the_engines_of_the_plugin() {
    let worker = Worker::start(crate::engine::load().unwrap()).unwrap();
    let mut noise = Noise(54_321);
    let tone = |value: f32, frames: usize| -> Vec<f32> {
        let sample = |n: usize| value * ((n as f32) * 0.03 * (1.0 + value)).sin();
        (0..frames).map(sample).collect()
    };
    for _ in 0..2 {
        session(&worker, 48_000.0, &mut noise, tone, 2000);
    }
}
