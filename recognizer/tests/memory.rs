//! Memory does not grow with the length of a file, beyond the results.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::{self, Read};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use recognizer::beat::{Known, find};
use recognizer::decode::{EXTENSION_CLASSES, Posterior};
use recognizer::features::BINS;
use recognizer::inference::{InferenceError, WindowModel};
use recognizer::networks::{BASS_CLASSES, CHORD_CLASSES};
use recognizer::signal::Signal;
use recognizer::transcribe::Analysis;

/// Allocated bytes, and their maximum.
static NOW: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

struct Counting;

fn add(bytes: usize) {
    let now = NOW.fetch_add(bytes, Relaxed) + bytes;
    MOST.fetch_max(now, Relaxed);
}

// SAFETY: the system's allocator does the work; this only counts.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// A network with constant outputs, as large as those of ours.
struct Silent;

impl WindowModel for Silent {
    fn windows(&self, frames: &[f32]) -> Result<Vec<Posterior>, InferenceError> {
        let posterior = Posterior {
            chord: [-5.0; CHORD_CLASSES],
            bass: Some([-3.0; BASS_CLASSES]),
            extensions: Some([-1.0; EXTENSION_CLASSES]),
        };
        Ok(vec![posterior; frames.len() / BINS])
    }
}

/// A WAV of `seconds` of silence with a click every half second, as from a pipe.
fn wav(seconds: u64) -> impl Read + Send + 'static {
    let mut head = b"RIFF\xFF\xFF\xFF\xFFWAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
    head.extend(22_050_u32.to_le_bytes());
    head.extend(22_050_u32.to_le_bytes());
    head.extend(b"\x01\0\x08\0data\xFF\xFF\xFF\xFF");
    let mut block = vec![128; 11_025];
    block[..40].fill(200);
    let blocks = (0..seconds * 2).map(move |_| io::Cursor::new(block.clone()));
    io::Cursor::new(head).chain(Blocks(blocks, io::Cursor::new(Vec::new())))
}

struct Blocks<I>(I, io::Cursor<Vec<u8>>);

impl<I: Iterator<Item = io::Cursor<Vec<u8>>>> Read for Blocks<I> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.1.read(buffer)? {
                0 => match self.0.next() {
                    Some(next) => self.1 = next,
                    None => return Ok(0),
                },
                read => return Ok(read),
            }
        }
    }
}

/// Peak memory in megabytes while `seconds` are transcribed.
fn most_mb(seconds: u64) -> f64 {
    MOST.store(NOW.load(Relaxed), Relaxed);
    let (signal, warning) = Signal::read_stream(wav(seconds), "pipe", &mut |_| {}).unwrap();
    assert_eq!((signal.length_s(), warning), (seconds as f64, None));
    let analysis = Analysis::new(&signal, &Silent, |_| true).unwrap();
    let chords = analysis.timeline(None).unwrap();
    assert!(!chords.is_empty());
    let beats = find(&signal, &chords, Known::default());
    println!("{} beats", beats.map_or(0, |beats| beats.times_s.len()));
    MOST.load(Relaxed) as f64 / 1e6
}

#[test]
fn hours_of_audio_do_not_take_more_than_what_is_found_in_them() {
    let quarter = most_mb(900);
    let hour = most_mb(3600);
    println!("15 min: {quarter:.0} MB, 1 h: {hour:.0} MB");
    // A frame and a posterior take 1.8 kB, 11 times a second; the samples alone would be 318 MB.
    assert!(hour < 250.0, "{hour} MB");
    // Four hours keep below 400 MB.
    assert!(
        hour + (hour - quarter) * 4.0 < 400.0,
        "{quarter}, {hour} MB"
    );
}
