//! Decoding of a song on a separate thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use recognizer::audio::{AudioError, Warning};

use crate::error::Error;
use crate::songs::Song;

/// How many blocks are decoded ahead.
const AHEAD: usize = 64;

/// How often waiting for a pipe checks whether to stop.
const LOOK: Duration = Duration::from_millis(50);

enum Part {
    Block(u32, Vec<f32>),
    End(Result<Option<Warning>, AudioError>),
}

/// A song decoded on a separate thread, so that piped audio is analysed as it arrives and stopping
/// does not wait for the rest.
pub(super) struct Stream {
    parts: Receiver<Part>,
    decoder: Option<JoinHandle<()>>,
    stop: Arc<AtomicBool>,
    end: Result<Option<Warning>, AudioError>,
}

impl Stream {
    /// Starts to decode a song, until `stop` is set.
    pub(super) fn start(song: Song, stop: Arc<AtomicBool>) -> Self {
        let (sender, parts) = sync_channel(AHEAD);
        let decoder = thread::spawn(move || {
            let decoded = song.decode(&mut |rate, block| {
                pass(&sender, Part::Block(rate, block.to_vec()));
            });
            pass(&sender, Part::End(decoded.map(|it| it.warning)));
        });
        Self {
            parts,
            decoder: Some(decoder),
            stop,
            end: Ok(None),
        }
    }

    /// The next mono samples and their rate in Hz; `None` at the end.
    pub(super) fn next_block(&mut self) -> Option<(u32, Vec<f32>)> {
        while !self.stop.load(Ordering::Relaxed) {
            match self.parts.recv_timeout(LOOK) {
                Ok(Part::Block(rate, block)) => return Some((rate, block)),
                Ok(Part::End(end)) => {
                    self.end = end;
                    return None;
                }
                // A pipe without data for now.
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    // A panic of the decoder must not look like the end of the song.
                    if let Some(Err(panic)) = self.decoder.take().map(JoinHandle::join) {
                        std::panic::resume_unwind(panic);
                    }
                    return None;
                }
            }
        }
        None
    }

    /// How decoding ended, once there is no next block.
    ///
    /// # Errors
    /// As [`Song::decode`].
    pub(super) fn end(self) -> Result<Option<Warning>, Error> {
        Ok(self.end?)
    }
}

/// Sends a part. Decoding cannot be interrupted: if the receiver is gone, the thread sleeps until
/// the program ends.
fn pass(sender: &SyncSender<Part>, part: Part) {
    if sender.send(part).is_err() {
        loop {
            thread::park();
        }
    }
}
