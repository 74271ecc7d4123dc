//! Saved chord tracks that this version cannot read, kept as they are: they belong to the
//! musician, and a newer version wrote them, or can mend them.

use super::saved::{SavedSession, StateError};

/// How many are kept beside the track. More come only of projects that go to and fro between
/// versions, each time with chords heard in between.
const ASIDE_MOST: usize = 8;

/// What the project holds and this version cannot read.
#[derive(Default)]
pub(super) struct Refused {
    /// What is in the place of the track, with the reason.
    text: Option<(String, StateError)>,
    /// Whether anything was edited since.
    edited: bool,
    /// What was refused before, and had made way for a track that was heard or edited.
    aside: Vec<String>,
    /// The newest of those that can be read, which this version may do where another did not.
    readable: Option<usize>,
}

impl Refused {
    /// What was loaded in the place of the track is refused.
    pub(super) fn new(text: &str, error: StateError) -> Self {
        Self {
            text: Some((text.to_owned(), error)),
            ..Self::default()
        }
    }

    /// Puts back what was kept beside the track.
    pub(super) fn set_aside(&mut self, texts: Vec<String>) {
        self.aside = texts;
        self.aside
            .drain(..self.aside.len().saturating_sub(ASIDE_MOST));
        let readable = |text: &String| SavedSession::from_json(text).is_ok();
        self.readable = self.aside.iter().rposition(readable);
    }

    /// Puts something more beside the track, unless it is there. Whether anything new is.
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

    /// All that is kept in the place of the track and beside it.
    pub(super) fn into_texts(self) -> Vec<String> {
        let mut texts = self.aside;
        texts.extend(self.text.map(|(text, _)| text));
        texts
    }

    /// Whether something beside the track can be read.
    pub(super) fn is_readable(&self) -> bool {
        self.readable.is_some()
    }

    /// Takes what can be read from beside the track and leaves the rest, with `instead`.
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

    /// Whether somebody has edited since, as far as it was not taken back.
    pub(super) fn set_edited(&mut self, edited: bool) {
        self.edited = edited;
    }

    /// What stays in the place of the track, `has_chords` saying whether any were heard: the
    /// refused text, until there is something else.
    pub(super) fn in_place(&self, has_chords: bool) -> Option<&str> {
        let (text, _) = self.text.as_ref()?;
        (!has_chords && !self.edited).then_some(text)
    }

    /// What is kept beside the track, oldest first.
    pub(super) fn beside(&self, has_chords: bool) -> Vec<&str> {
        let made_way = match (self.in_place(has_chords), &self.text) {
            (None, Some((text, _))) => Some(text.as_str()),
            _ => None,
        };
        let aside = self.aside.iter().map(String::as_str);
        let mut kept: Vec<&str> = aside.filter(|text| Some(*text) != made_way).collect();
        kept.extend(made_way);
        // The oldest goes first.
        kept.drain(..kept.len().saturating_sub(ASIDE_MOST));
        kept
    }
}
