//! Saved chord tracks that this version cannot read, kept unchanged: they belong to the
//! musician, and a newer version can perhaps read them.

use super::saved::{SavedSession, StateError};

/// How many are kept beside the track. More come only from projects that change back and forth
/// between versions, each time with chords heard in between.
const ASIDE_MOST: usize = 8;

/// The saved tracks in the project that this version cannot read.
#[derive(Default)]
pub(super) struct Refused {
    /// The text in the place of the track, and the reason why it cannot be read.
    text: Option<(String, StateError)>,
    /// Whether anything was edited since.
    edited: bool,
    /// Earlier ones, which made way for a track that was heard or edited.
    aside: Vec<String>,
    /// The newest of those that this version can read after all.
    readable: Option<usize>,
}

impl Refused {
    /// The text loaded in the place of the track cannot be read.
    pub(super) fn new(text: &str, error: StateError) -> Self {
        Self {
            text: Some((text.to_owned(), error)),
            ..Self::default()
        }
    }

    /// Restores what was kept beside the track.
    pub(super) fn set_aside(&mut self, texts: Vec<String>) {
        self.aside = texts;
        self.aside
            .drain(..self.aside.len().saturating_sub(ASIDE_MOST));
        let readable = |text: &String| SavedSession::from_json(text).is_ok();
        self.readable = self.aside.iter().rposition(readable);
    }

    /// Puts more texts beside the track, except those already there. Returns whether any was
    /// new.
    pub(super) fn put_aside(&mut self, texts: Vec<String>) -> bool {
        let known = self.aside.len();
        for text in texts {
            if !self.aside.contains(&text) {
                self.aside.push(text);
            }
        }
        let new = self.aside.len() > known;
        let aside = std::mem::take(&mut self.aside);
        self.set_aside(aside);
        new
    }

    /// All texts in the place of the track and beside it.
    pub(super) fn into_texts(self) -> Vec<String> {
        let mut texts = self.aside;
        texts.extend(self.text.map(|(text, _)| text));
        texts
    }

    /// Whether something beside the track can be read.
    pub(super) fn is_readable(&self) -> bool {
        self.readable.is_some()
    }

    /// Takes the readable track from beside the current one; `instead` takes its place there.
    pub(super) fn swap(&mut self, instead: Option<String>) -> Option<SavedSession> {
        let mut aside = std::mem::take(&mut self.aside);
        let text = self.readable.take().map(|index| aside.remove(index));
        aside.extend(instead);
        self.set_aside(aside);
        text.and_then(|text| SavedSession::from_json(&text).ok())
    }

    /// Why the track could not be read.
    pub(super) fn reason(&self) -> Option<&StateError> {
        self.text.as_ref().map(|(_, error)| error)
    }

    /// Sets whether anything was edited since, and not undone.
    pub(super) fn set_edited(&mut self, edited: bool) {
        self.edited = edited;
    }

    /// The text to save in the place of the track: the unreadable one, until there is anything
    /// else. `has_chords` says whether chords were heard.
    pub(super) fn in_place(&self, has_chords: bool) -> Option<&str> {
        let (text, _) = self.text.as_ref()?;
        (!has_chords && !self.edited).then_some(text)
    }

    /// The texts kept beside the track, oldest first.
    pub(super) fn beside(&self, has_chords: bool) -> Vec<&str> {
        let made_way = match (self.in_place(has_chords), &self.text) {
            (None, Some((text, _))) => Some(text.as_str()),
            _ => None,
        };
        let aside = self.aside.iter().map(String::as_str);
        let mut kept: Vec<&str> = aside.filter(|text| Some(*text) != made_way).collect();
        kept.extend(made_way);
        // The oldest are dropped first.
        kept.drain(..kept.len().saturating_sub(ASIDE_MOST));
        kept
    }
}
