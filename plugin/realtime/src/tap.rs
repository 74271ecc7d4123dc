//! The path of the audio from the host's thread to the worker.
//!
//! [`TapInput`] belongs to the audio thread. Every buffer behind it is allocated when the tap
//! is made; [`TapInput::push`] copies into rings and stores atomics, and never allocates,
//! frees, locks, logs, waits or makes a system call. [`TapOutput`] belongs to the worker,
//! which polls for samples, so that the audio thread need not wake anybody.
//!
//! Two rings run in parallel, and a third for incoming notes: samples, and [`Mark`]s, which hold
//! what is special about a sample (host time jumped, a setting changed, samples before it were
//! lost, the host asked for a reset). A mark is written before its sample, so a reader that first
//! checks how many samples there are has seen all their marks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use harmony::played::NoteChange;
use recognizer_mono::{Mix, MonoMix};
use rtrb::{Consumer, Producer, RingBuffer};

use crate::notes_in::NoteAt;
use crate::settings::Settings;
use crate::transport::HostPosition;

/// Room for marks. Ordinary playing needs a few a minute; a host that is never at its expected
/// position needs one every [`PLACE_EVERY_S`], which for all that a tap holds is fewer than
/// this. Only jumps can be more: a jump without room loses its block, and the loss is counted
/// and marked.
const MARKS: usize = 4096;

/// Where the host is off by less than a jump, one mark in this many seconds corrects it.
/// Nothing moves far in that time, and the number of marks does not grow with the number of
/// blocks.
const PLACE_EVERY_S: f64 = 0.01;

/// The same for a host at its expected position that reports another tempo: where the tempo
/// glides or jitters, every block has a new one. The first change is marked at once.
const TEMPO_EVERY_S: f64 = 0.25;

/// Room for incoming notes. A pianist plays a few hundred a minute; notes without room, because
/// the worker is seconds behind, are left out of the analysis.
const NOTES: usize = 4096;

/// What is special about one sample.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mark {
    /// Which sample: its position among those that went through the ring.
    pub at: u64,
    /// Its position in the stream, which counts lost and skipped samples too.
    pub stream: u64,
    /// How many samples just before this one were lost because the ring was full.
    pub lost: u64,
    /// Whether the analysis must start afresh here: the host reset the plugin, or the samples
    /// before this one were skipped on purpose (bypass).
    pub reset: bool,
    /// Counts breaks: starts, stops and jumps of the song, resets, skipped samples.
    pub epoch: u8,
    /// How many saved states the host had loaded: what sounded before the last of them does
    /// not belong to its session. The analysis starts afresh where this changes.
    pub loads: u32,
    /// The host's time at this sample.
    pub host: HostPosition,
    /// The settings from this sample on, if any were given.
    pub settings: Option<Settings>,
}

/// Counters that both ends read without waiting for each other.
#[derive(Debug)]
pub struct TapCounters {
    /// Samples of the stream so far, lost ones included.
    stream: AtomicU64,
    /// Samples lost so far because the ring was full.
    lost: AtomicU64,
    /// Samples from the ring that the worker has finished with.
    heard: AtomicU64,
    /// How many samples had gone into the ring when the host last paused; [`NEVER`] at first.
    paused: AtomicU64,
}

const NEVER: u64 = u64::MAX;

impl TapCounters {
    /// Samples of the stream so far, lost ones included.
    pub fn stream(&self) -> u64 {
        self.stream.load(Ordering::Relaxed)
    }

    /// Samples lost so far because the ring was full.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

/// A preallocated path from the audio thread to the worker.
pub struct Tap;

impl Tap {
    /// A tap that holds `capacity` mono samples at `sample_rate` in Hz.
    #[expect(clippy::new_ret_no_self, reason = "a tap is its two ends")]
    pub fn new(capacity: usize, sample_rate: f64) -> (TapInput, TapOutput) {
        Self::of(
            RingBuffer::new(capacity),
            RingBuffer::new(MARKS),
            RingBuffer::new(NOTES),
            sample_rate,
        )
    }

    /// The same, with all of its memory touched. The system provides memory only when it is
    /// first written to, which would hold up the audio thread once in 4 KiB.
    pub fn touched(capacity: usize, sample_rate: f64) -> (TapInput, TapOutput) {
        let (mut input, mut output) = RingBuffer::new(capacity);
        if let Ok(chunk) = input.write_chunk_uninit(capacity) {
            chunk.fill_from_iter(std::iter::repeat_n(0.0, capacity));
        }
        if let Ok(chunk) = output.read_chunk(capacity) {
            chunk.commit_all();
        }
        let (mut notes_in, mut notes_out) = RingBuffer::new(NOTES);
        if let Ok(chunk) = notes_in.write_chunk_uninit(NOTES) {
            let note = NoteAt {
                stream: 0,
                change: NoteChange::AllOff,
            };
            chunk.fill_from_iter(std::iter::repeat_n(note, NOTES));
        }
        if let Ok(chunk) = notes_out.read_chunk(NOTES) {
            chunk.commit_all();
        }
        let (mut marks_in, mut marks_out) = RingBuffer::new(MARKS);
        if let Ok(chunk) = marks_in.write_chunk_uninit(MARKS) {
            chunk.fill_from_iter(std::iter::repeat_n(Mark::default(), MARKS));
        }
        if let Ok(chunk) = marks_out.read_chunk(MARKS) {
            chunk.commit_all();
        }
        let (samples, marks) = ((input, output), (marks_in, marks_out));
        Self::of(samples, marks, (notes_in, notes_out), sample_rate)
    }

    fn of(
        (samples_in, samples_out): (Producer<f32>, Consumer<f32>),
        (marks_in, marks_out): (Producer<Mark>, Consumer<Mark>),
        (notes_in, notes_out): (Producer<NoteAt>, Consumer<NoteAt>),
        sample_rate: f64,
    ) -> (TapInput, TapOutput) {
        let counters = Arc::new(TapCounters {
            stream: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            heard: AtomicU64::new(0),
            paused: AtomicU64::new(NEVER),
        });
        let input = TapInput {
            samples: samples_in,
            marks: marks_in,
            notes: notes_in,
            counters: Arc::clone(&counters),
            sample_rate,
            mix: MonoMix::new(sample_rate),
            position: 0,
            stream: 0,
            lost: 0,
            reset: true,
            anchor: None,
            settings: None,
            marked_settings: None,
            told_place: Told::default(),
            told_tempo: Told::default(),
            told_settings: Told::default(),
            epoch: 0,
            loads: 0,
            broken: false,
        };
        let output = TapOutput {
            samples: samples_out,
            marks: marks_out,
            notes: notes_out,
            counters,
            sample_rate,
            position: 0,
        };
        (input, output)
    }
}

/// The sample of the stream at which something was last marked.
#[derive(Clone, Copy, Debug, Default)]
struct Told(Option<u64>);

impl Told {
    /// Whether `every_s` seconds have passed at sample `now`, at `sample_rate` in Hz.
    fn is_over(self, now: u64, every_s: f64, sample_rate: f64) -> bool {
        self.0
            .is_none_or(|at| (now - at) as f64 >= every_s * sample_rate)
    }
}

/// The audio thread's end.
pub struct TapInput {
    samples: Producer<f32>,
    marks: Producer<Mark>,
    notes: Producer<NoteAt>,
    counters: Arc<TapCounters>,
    /// In Hz; to extrapolate the host's time.
    sample_rate: f64,
    /// Mixes two channels to one.
    mix: MonoMix,
    /// Samples written to the ring so far.
    position: u64,
    /// Samples seen so far.
    stream: u64,
    /// Samples lost since the last one written.
    lost: u64,
    /// Whether the next sample written starts the analysis afresh.
    reset: bool,
    /// The last host position that was written, and the stream sample it was for.
    anchor: Option<(u64, HostPosition)>,
    /// The current settings, and those of the last mark.
    settings: Option<Settings>,
    marked_settings: Option<Settings>,
    /// When a small deviation, another tempo and other settings were last marked: these are
    /// not marked with every block.
    told_place: Told,
    told_tempo: Told,
    told_settings: Told,
    /// Counts breaks.
    epoch: u8,
    /// Counts loaded states.
    loads: u32,
    /// Whether the last break has no mark yet.
    broken: bool,
}

impl TapInput {
    /// Copies `channels` (each at least `frames` long) into the ring as one: two as
    /// [`MonoMix`] mixes them, more as their mean. `host` is the host's time at the first
    /// frame. A block that does not fit is lost as a whole, and the loss is marked where it
    /// happened. Safe on the audio thread.
    pub fn push<C: AsRef<[f32]>>(&mut self, channels: &[C], frames: usize, host: HostPosition) {
        if frames == 0 || channels.is_empty() {
            return;
        }
        if self.samples.slots() < frames || !self.write_mark(host) {
            self.lost += frames as u64;
            self.counters
                .lost
                .fetch_add(frames as u64, Ordering::Relaxed);
            self.advance(frames);
            return;
        }
        if let [left, right] = channels {
            self.push_stereo(left.as_ref(), right.as_ref(), frames);
        } else if let Ok(chunk) = self.samples.write_chunk_uninit(frames) {
            let written = if let [mono] = channels {
                chunk.fill_from_iter(mono.as_ref().iter().copied())
            } else {
                let scale = 1.0 / channels.len() as f32;
                chunk.fill_from_iter((0..frames).map(|frame| {
                    let of = |channel: &C| channel.as_ref().get(frame).copied().unwrap_or_default();
                    channels.iter().map(of).sum::<f32>() * scale
                }))
            };
            self.position += written as u64;
        }
        self.advance(frames);
    }

    /// Writes two channels as [`MonoMix`] mixes them, in parts that are mixed alike.
    fn push_stereo(&mut self, left: &[f32], right: &[f32], frames: usize) {
        let frames = frames.min(left.len()).min(right.len());
        let (mut left, mut right) = (&left[..frames], &right[..frames]);
        while !left.is_empty() {
            let (count, mix) = self.mix.next(left, right);
            let (now_left, later_left) = left.split_at(count);
            let (now_right, later_right) = right.split_at(count);
            (left, right) = (later_left, later_right);
            let Ok(chunk) = self.samples.write_chunk_uninit(count) else {
                continue;
            };
            let pairs = now_left.iter().zip(now_right);
            let written = match mix {
                Mix::Mid => chunk.fill_from_iter(pairs.map(|(l, r)| 0.5 * (l + r))),
                mix => {
                    let pairs = pairs.enumerate();
                    chunk.fill_from_iter(pairs.map(|(n, (l, r))| mix.sample(n, *l, *r)))
                }
            };
            self.position += written as u64;
        }
    }

    /// Takes a change of the incoming notes at sample `timing` of the next block. Safe on the
    /// audio thread.
    pub fn note(&mut self, timing: u32, change: NoteChange) {
        let stream = self.stream + u64::from(timing);
        // Without room it is dropped.
        let _ = self.notes.push(NoteAt { stream, change });
    }

    /// Lets `frames` of the stream pass unheard, as when the plugin is bypassed. The analysis
    /// starts afresh after them. Safe on the audio thread.
    pub fn skip(&mut self, frames: usize) {
        self.reset();
        self.lost = 0;
        self.advance(frames);
    }

    /// Sets the worker's settings from the next sample on. Safe on the audio thread.
    pub fn set(&mut self, settings: Settings) {
        self.settings = Some(settings);
    }

    /// Sets how many saved states the host has loaded before the next sample. Safe on the audio
    /// thread.
    pub fn set_loads(&mut self, loads: u32) {
        if loads != self.loads {
            self.loads = loads;
            self.reset();
        }
    }

    /// The host pauses or ends: what was heard so far is final, and what follows is analysed
    /// afresh. Safe on the audio thread.
    pub fn pause(&mut self) {
        self.reset();
        self.counters.paused.store(self.position, Ordering::Release);
    }

    /// Whether a block of so many frames would be taken without loss or delay.
    pub fn has_room(&self, frames: usize) -> bool {
        self.samples.slots() >= frames && self.marks.slots() > 0
    }

    /// Samples in the ring that the worker has not taken yet.
    pub fn waiting(&self) -> usize {
        self.samples.buffer().capacity() - self.samples.slots()
    }

    /// Samples from the ring that the worker has finished with: its results for them are
    /// visible.
    pub fn heard(&self) -> u64 {
        self.counters.heard.load(Ordering::Acquire)
    }

    /// Whether the worker has finished with everything it was given.
    pub fn is_heard(&self) -> bool {
        self.heard() == self.position
    }

    /// Whether the reader is gone, so that nobody will read what is written.
    pub fn is_abandoned(&self) -> bool {
        self.samples.is_abandoned()
    }

    /// Starts the analysis afresh at the next sample. Safe on the audio thread.
    pub fn reset(&mut self) {
        self.reset = true;
        self.break_off();
    }

    /// Continues the count of breaks of the previous tap, whose notes may still sound.
    #[must_use]
    pub fn after(mut self, before: &Self) -> Self {
        self.epoch = before.epoch.wrapping_add(1);
        self
    }

    /// How many breaks there were, modulo 256: starts, stops and jumps of the song, resets,
    /// skipped samples. Marks carry the same count.
    pub fn epoch(&self) -> u8 {
        self.epoch
    }

    fn break_off(&mut self) {
        if !self.broken {
            self.epoch = self.epoch.wrapping_add(1);
            self.broken = true;
        }
    }

    /// The rate this tap was made for, in Hz.
    pub fn sample_rate(&self) -> f64 {
        self.sample_rate
    }

    fn advance(&mut self, frames: usize) {
        self.stream += frames as u64;
        self.counters.stream.store(self.stream, Ordering::Relaxed);
    }

    /// Writes a mark for the next sample if it needs one. Returns `false` if the mark is
    /// essential and there is no room.
    fn write_mark(&mut self, host: HostPosition) -> bool {
        let expected = self
            .anchor
            .map(|(at, anchor)| anchor.advanced(self.stream - at, self.sample_rate));
        let jumps = expected.is_some_and(|expected| !host.goes_on(&expected));
        if jumps {
            self.break_off();
        }
        let moved = expected.is_none_or(|expected| !host.continues(&expected));
        let only_tempo =
            moved && expected.is_some_and(|expected| host.continues_at_another_tempo(&expected));
        let other_settings = self.settings != self.marked_settings;
        let over = |told: Told, every_s| told.is_over(self.stream, every_s, self.sample_rate);
        // Without these the audio would lie at the wrong place in the song or the stream.
        let essential = self.reset || self.lost > 0 || jumps;
        let due = essential
            || other_settings && over(self.told_settings, PLACE_EVERY_S)
            || only_tempo && over(self.told_tempo, TEMPO_EVERY_S)
            || moved && !only_tempo && over(self.told_place, PLACE_EVERY_S);
        if !due {
            return true;
        }
        let mark = Mark {
            at: self.position,
            stream: self.stream,
            lost: self.lost,
            reset: self.reset,
            epoch: self.epoch,
            loads: self.loads,
            host,
            settings: self.settings,
        };
        if self.marks.push(mark).is_err() {
            // An inessential mark is tried again with the next block.
            return !essential;
        }
        let now = Told(Some(self.stream));
        if only_tempo {
            self.told_tempo = now;
        } else if moved && !essential {
            self.told_place = now;
        }
        if other_settings && self.marked_settings.is_some() {
            self.told_settings = now;
        }
        self.lost = 0;
        self.reset = false;
        self.broken = false;
        self.marked_settings = self.settings;
        self.anchor = Some((self.stream, host));
        true
    }
}

/// What a tap delivers, in order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tapped {
    /// A mark for the next sample.
    Mark(Mark),
    /// That many samples were written to the front of the buffer.
    Samples(usize),
}

/// The worker's end.
pub struct TapOutput {
    samples: Consumer<f32>,
    marks: Consumer<Mark>,
    notes: Consumer<NoteAt>,
    counters: Arc<TapCounters>,
    sample_rate: f64,
    /// Samples read from the ring so far.
    position: u64,
}

impl TapOutput {
    /// The next mark, or samples up to the next mark or the end of `buffer`.
    /// `None` when nothing is waiting.
    pub fn read(&mut self, buffer: &mut [f32]) -> Option<Tapped> {
        // The samples are counted before the marks are read: see the module's documentation.
        let waiting = self.samples.slots().min(buffer.len());
        if waiting == 0 {
            return None;
        }
        let mut count = waiting;
        if let Ok(mark) = self.marks.peek().copied() {
            let ahead = mark.at.saturating_sub(self.position);
            if ahead == 0 {
                return self.marks.pop().ok().map(Tapped::Mark);
            }
            count = count.min(usize::try_from(ahead).unwrap_or(usize::MAX));
        }
        let (read, _) = self.samples.pop_partial_slice(&mut buffer[..count]);
        let read = read.len();
        self.position += read as u64;
        Some(Tapped::Samples(read))
    }

    /// The next change of the incoming notes before a sample of the stream.
    pub fn next_note(&mut self, before: u64) -> Option<NoteAt> {
        let next = self.notes.peek().ok()?;
        if next.stream >= before {
            return None;
        }
        self.notes.pop().ok()
    }

    /// Whether the writer is gone and everything was read.
    pub fn is_finished(&self) -> bool {
        // In this order: the writer may write and go between the two checks.
        self.samples.is_abandoned() && self.samples.is_empty()
    }

    /// Whether the host has paused or ended after the last sample that was read, and has not
    /// continued since.
    pub fn is_paused(&self) -> bool {
        self.counters.paused.load(Ordering::Acquire) == self.position
    }

    /// Reports that everything that was read is finished.
    pub fn done(&self) {
        self.counters.heard.store(self.position, Ordering::Release);
    }

    /// Samples waiting in the ring.
    pub fn waiting(&self) -> usize {
        self.samples.slots()
    }

    /// The counters that both ends share.
    pub fn counters(&self) -> &TapCounters {
        &self.counters
    }

    /// The rate this tap was made for, in Hz.
    pub fn sample_rate(&self) -> f64 {
        self.sample_rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fewer under Miri, which interprets every instruction.
    const SAMPLES: u64 = if cfg!(miri) { 300 } else { 40_000 };

    fn rolling(sample: u64) -> HostPosition {
        HostPosition {
            playing: true,
            ..HostPosition::default()
        }
        .advanced(sample, 48_000.0)
    }

    /// Page faults of this thread so far.
    #[cfg(all(target_os = "linux", not(any(miri, tsan))))]
    fn page_faults() -> i64 {
        // SAFETY: a structure of numbers, for which zeros are valid, and its own address.
        unsafe {
            let mut usage: libc::rusage = std::mem::zeroed();
            libc::getrusage(libc::RUSAGE_THREAD, &raw mut usage);
            usage.ru_minflt
        }
    }

    #[test]
    #[cfg(all(target_os = "linux", not(any(miri, tsan))))]
    fn the_rings_memory_is_there_before_the_audio_is() {
        // Four megabytes: a thousand pages.
        let capacity = 1 << 20;
        let (mut input, output) = Tap::touched(capacity, 48_000.0);
        let block = [0.25; 512];
        let before = page_faults();
        for n in 0..capacity / block.len() {
            let at = (n * block.len()) as u64;
            input.push(&[&block], block.len(), rolling(at));
        }
        let found = page_faults() - before;
        assert_eq!(output.waiting(), capacity);
        assert!(found < 20, "{found} pages were found while audio came in");
    }

    fn drain(output: &mut TapOutput) -> (Vec<f32>, Vec<Mark>) {
        let (mut samples, mut marks) = (Vec::new(), Vec::new());
        let mut buffer = [0.0; 100];
        while let Some(tapped) = output.read(&mut buffer) {
            match tapped {
                Tapped::Mark(mark) => marks.push(mark),
                Tapped::Samples(count) => samples.extend_from_slice(&buffer[..count]),
            }
        }
        (samples, marks)
    }

    #[test]
    fn every_block_size_gives_the_same_samples_and_marks() {
        let audio: Vec<f32> = (0..SAMPLES).map(|i| (i as f32 * 0.37).sin()).collect();
        for block in [1, 2, 3, 63, 64, 127, 512, 1000, 8192, 16_384] {
            let (mut input, mut output) = Tap::new(audio.len(), 48_000.0);
            let mut at = 0;
            for chunk in audio.chunks(block) {
                input.push(&[chunk], chunk.len(), rolling(at));
                at += chunk.len() as u64;
            }
            let (samples, marks) = drain(&mut output);
            assert_eq!(samples, audio, "block {block}");
            assert_eq!(marks.len(), 1, "block {block}");
            assert!(marks[0].reset && marks[0].at == 0 && marks[0].lost == 0);
        }
    }

    #[test]
    fn channels_are_averaged() {
        let (mut input, mut output) = Tap::new(16, 48_000.0);
        input.push(&[[1.0f32, 2.0], [3.0, 6.0]], 2, rolling(0));
        input.push(&[[1.0f32], [2.0], [6.0]], 1, rolling(2));
        let (samples, _) = drain(&mut output);
        assert_eq!(samples, [2.0, 4.0, 3.0]);
    }

    #[test]
    fn a_channel_upside_down_is_heard_at_every_block_size() {
        let left: Vec<f32> = (0..SAMPLES).map(|i| (i as f32 * 0.03).sin()).collect();
        let right: Vec<f32> = left.iter().map(|x| -x).collect();
        let mut first = None;
        for block in [1, 64, 127, 512, 8192] {
            let (mut input, mut output) = Tap::new(left.len(), 48_000.0);
            let mut at = 0;
            for (left, right) in left.chunks(block).zip(right.chunks(block)) {
                input.push(&[left, right], left.len(), rolling(at));
                at += left.len() as u64;
            }
            let (samples, marks) = drain(&mut output);
            assert_eq!((samples.len(), marks.len()), (left.len(), 1));
            if SAMPLES > 20_000 {
                assert_eq!(samples[10_000..], left[10_000..], "block {block}");
            }
            assert_eq!(first.get_or_insert_with(|| samples.clone()), &samples);
        }
    }

    #[test]
    fn a_loss_is_counted_and_marked_where_it_happened() {
        let (mut input, mut output) = Tap::new(10, 48_000.0);
        let block = [[0.5f32; 4]];
        let mut at = 0;
        for _ in 0..5 {
            input.push(&block, 4, rolling(at));
            at += 4;
        }
        // Two blocks fit, three are lost.
        assert_eq!(output.counters().lost(), 12);
        let (samples, _) = drain(&mut output);
        assert_eq!(samples.len(), 8);
        input.push(&block, 4, rolling(at));
        let (samples, marks) = drain(&mut output);
        assert_eq!(samples.len(), 4);
        assert_eq!(marks.len(), 1);
        assert_eq!((marks[0].at, marks[0].stream, marks[0].lost), (8, 20, 12));
        assert!(!marks[0].reset);
    }

    #[test]
    fn a_full_ring_of_marks_loses_samples_rather_than_a_gap() {
        let (mut input, mut output) = Tap::new(1 << 16, 48_000.0);
        for block in 0..MARKS as u64 + 50 {
            input.reset();
            input.push(&[[1.0f32]], 1, rolling(block));
        }
        let (samples, marks) = drain(&mut output);
        assert_eq!((samples.len(), marks.len()), (MARKS, MARKS));
        input.push(&[[1.0f32]], 1, rolling(0));
        let (_, marks) = drain(&mut output);
        assert_eq!((marks[0].lost, marks[0].at), (50, MARKS as u64));
    }

    /// What a host reports at a sample of a song at 120 bpm, with an error of some beats and
    /// some bpm.
    fn off(sample: u64, beats: f64, bpm: f64) -> HostPosition {
        HostPosition {
            playing: true,
            tempo_bpm: Some(120.0 + bpm),
            seconds: Some(sample as f64 / 48_000.0),
            beats: Some(sample as f64 / 24_000.0 + beats),
            ..HostPosition::default()
        }
    }

    /// Fills a tap of the plugin's size in blocks of 32 samples while the worker stands still.
    /// Returns the number of marks and of lost samples.
    fn flood(host: impl Fn(u64) -> HostPosition) -> (usize, u64) {
        const BLOCK: usize = 32;
        // Less under Miri.
        let seconds = if cfg!(miri) { 1 } else { 33 };
        let capacity = seconds * 48_000;
        let (mut input, mut output) = Tap::new(capacity, 48_000.0);
        for at in (0..capacity).step_by(BLOCK) {
            input.push(&[[0.1; BLOCK]], BLOCK, host(at as u64));
        }
        let lost = output.counters().lost();
        let (samples, marks) = drain(&mut output);
        assert_eq!(samples.len() as u64 + lost, capacity as u64);
        // The loss is reported with the next block that fits.
        input.push(&[[0.1; BLOCK]], BLOCK, host(0));
        let after: u64 = drain(&mut output).1.iter().map(|it| it.lost).sum();
        assert_eq!(marks.iter().map(|it| it.lost).sum::<u64>() + after, lost);
        (marks.len(), lost)
    }

    #[test]
    fn a_host_with_another_tempo_or_place_in_every_block_loses_nothing() {
        let noise = |sample: u64| (sample as f64 * 0.37).sin();
        // The tempo alone; the tempo and what comes of it; the place.
        let (marks, lost) = flood(|at| off(at, 0.0, noise(at)));
        assert!(marks <= 500 && lost == 0, "{marks} marks");
        let ramp = |at: u64| 1e-3 * (at as f64 / 48_000.0).powi(2);
        let (marks, lost) = flood(|at| off(at, ramp(at), 60.0 * ramp(at)));
        assert!(lost == 0, "{marks} marks");
        let (marks, lost) = flood(|at| off(at, 0.01 * noise(at), 0.0));
        assert!(marks <= 3400 && lost == 0, "{marks} marks");
    }

    #[test]
    fn more_jumps_than_there_is_room_for_are_lost_and_counted() {
        let (marks, lost) = flood(|at| off(at, ((at / 32) % 7) as f64, 0.0));
        if !cfg!(miri) {
            assert_eq!(marks, MARKS);
            assert!(lost > 0);
        }
    }

    #[test]
    fn the_first_change_of_tempo_is_told_at_once_and_the_next_ones_in_turn() {
        let (mut input, mut output) = Tap::new(1 << 16, 48_000.0);
        let block = [[0.0f32; 480]];
        let mut told = Vec::new();
        for n in 0..100u64 {
            let at = n * 480;
            // From the fourth block on each has a tempo of its own, by very little.
            let bpm = n.saturating_sub(3) as f64 * 1e-4;
            input.push(&block, 480, off(at, 0.0, bpm));
            told.extend(drain(&mut output).1.iter().map(|it| it.at));
        }
        assert_eq!(told, [0, 4 * 480, 29 * 480, 54 * 480, 79 * 480]);
    }

    #[test]
    fn jumps_of_the_transport_become_marks() {
        let (mut input, mut output) = Tap::new(4096, 48_000.0);
        let at = |beats: f64| HostPosition {
            playing: true,
            tempo_bpm: Some(120.0),
            beats: Some(beats),
            ..HostPosition::default()
        };
        let block = [[0.0f32; 480]];
        for (index, beats) in [0.0, 0.02, 0.04, 0.0, 0.02].into_iter().enumerate() {
            input.push(&block, 480, at(beats));
            assert!(index < 5);
        }
        let (_, marks) = drain(&mut output);
        assert_eq!(marks.len(), 2);
        assert_eq!(
            (marks[1].at, marks[1].reset, marks[1].lost),
            (1440, false, 0)
        );
    }

    #[test]
    fn skipped_samples_move_the_stream_on() {
        let (mut input, mut output) = Tap::new(64, 48_000.0);
        input.push(&[[0.0f32; 8]], 8, rolling(0));
        input.skip(100);
        input.push(&[[0.0f32; 8]], 8, rolling(108));
        let (_, marks) = drain(&mut output);
        assert_eq!(
            (marks[1].at, marks[1].stream, marks[1].reset),
            (8, 108, true)
        );
    }

    #[test]
    fn settings_travel_with_the_samples_that_they_are_for() {
        let (mut input, mut output) = Tap::new(64, 48_000.0);
        let settings = |hold_s| Settings {
            write: true,
            sensitivity: 0.5,
            hold_s,
            tuning_cents: None,
        };
        for (block, hold_s) in [0.1, 0.1, 0.3, 0.3].into_iter().enumerate() {
            input.set(settings(hold_s));
            input.push(&[[0.0f32; 8]], 8, rolling(8 * block as u64));
        }
        let (_, marks) = drain(&mut output);
        let told: Vec<_> = marks.iter().map(|it| (it.at, it.settings)).collect();
        assert_eq!(told, [(0, Some(settings(0.1))), (16, Some(settings(0.3)))]);
    }

    #[test]
    fn a_pause_is_seen_behind_all_that_came_before_it_and_until_more_comes() {
        let (mut input, mut output) = Tap::new(64, 48_000.0);
        assert!(!output.is_paused());
        input.push(&[[0.0f32; 8]], 8, rolling(0));
        input.pause();
        assert!(!output.is_paused() && !input.is_heard());
        drain(&mut output);
        output.done();
        assert!(output.is_paused() && input.is_heard());
        input.push(&[[0.0f32; 8]], 8, rolling(8));
        let (_, marks) = drain(&mut output);
        assert!(marks[0].reset && !output.is_paused());
    }

    #[test]
    fn the_reader_keeps_order_against_a_writer_on_another_thread() {
        let (mut input, mut output) = Tap::new(2048, 48_000.0);
        let total = 5 * SAMPLES;
        let writer = std::thread::spawn(move || {
            let mut at = 0u64;
            while at < total {
                let frames = 1 + (at % 97) as usize;
                let block: Vec<f32> = (0..frames).map(|i| (at + i as u64) as f32).collect();
                input.push(&[block], frames, rolling(at));
                at += frames as u64;
            }
        });
        let mut buffer = [0.0; 333];
        let mut stream = 0u64;
        loop {
            match output.read(&mut buffer) {
                Some(Tapped::Mark(mark)) => {
                    assert_eq!(mark.stream, stream + mark.lost);
                    stream = mark.stream;
                }
                Some(Tapped::Samples(count)) => {
                    for sample in &buffer[..count] {
                        assert_eq!(*sample, stream as f32);
                        stream += 1;
                    }
                }
                None if output.is_finished() => break,
                None => std::thread::yield_now(),
            }
        }
        assert!(writer.join().is_ok());
    }
}
