//! The networks of an instance: the built-in ones, or files of weights.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use recognizer::inference::PitchClassModel;
use recognizer::models::{self, EmbeddedError, LoadError, NetworkFile};
use serde::{Deserialize, Serialize};

/// Which networks a project wants; `None` is the built-in one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NetworkChoice {
    /// The network for the display.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live: Option<NetworkFile>,
    /// The network for the confirmed track.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub windowed: Option<NetworkFile>,
}

/// The networks of a choice.
pub(crate) struct Networks {
    pub live: Arc<PitchClassModel>,
    pub windowed: Arc<PitchClassModel>,
    /// Whether `windowed` is a chosen file's, which decides alone, and not the built-in one.
    pub own_windowed: bool,
    /// Why built-in networks replace chosen ones.
    pub refused: Vec<LoadError>,
}

/// The built-in networks, and those of files while they are in use: however many instances
/// choose a file, it is read once.
pub(crate) struct Library {
    live: Arc<PitchClassModel>,
    windowed: Arc<PitchClassModel>,
    /// By the file's hash, and whether the network is for the display.
    read: Mutex<HashMap<(String, bool), Weak<PitchClassModel>>>,
}

impl Library {
    /// With the built-in networks.
    pub(crate) fn new() -> Result<Self, EmbeddedError> {
        Ok(Self {
            live: models::live()?,
            windowed: models::windowed()?,
            read: Mutex::default(),
        })
    }

    /// The networks of `choice`. A file that is missing, has changed or holds something else
    /// is refused, and the built-in network is used instead.
    pub(crate) fn get(&self, choice: &NetworkChoice) -> Networks {
        let mut refused = Vec::new();
        let mut of = |file: &Option<NetworkFile>, built_in: &Arc<PitchClassModel>, causal| {
            let Some(file) = file else {
                return Arc::clone(built_in);
            };
            self.read(file, causal).unwrap_or_else(|error| {
                refused.push(error);
                Arc::clone(built_in)
            })
        };
        let live = of(&choice.live, &self.live, true);
        let windowed = of(&choice.windowed, &self.windowed, false);
        Networks {
            live,
            own_windowed: !Arc::ptr_eq(&windowed, &self.windowed),
            windowed,
            refused,
        }
    }

    fn read(&self, file: &NetworkFile, causal: bool) -> Result<Arc<PitchClassModel>, LoadError> {
        let mut read = self.read.lock();
        read.retain(|_, network| network.strong_count() > 0);
        let key = (file.sha256.clone(), causal);
        if let Some(network) = read.get(&key).and_then(Weak::upgrade) {
            return Ok(network);
        }
        let network = file.load(causal)?;
        read.insert(key, Arc::downgrade(&network));
        Ok(network)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_once_and_what_is_refused_has_a_stand_in() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.safetensors");
        std::fs::write(&path, models::LIVE).unwrap();
        let (file, _) = NetworkFile::choose(&path, true).unwrap();
        let choice = NetworkChoice {
            live: Some(file.clone()),
            windowed: Some(file),
        };
        let library = Library::new().unwrap();
        let networks = library.get(&choice);
        assert!(!Arc::ptr_eq(&networks.live, &library.live));
        // A live network cannot be used for the track.
        assert!(Arc::ptr_eq(&networks.windowed, &library.windowed) && !networks.own_windowed);
        let [refused] = &networks.refused[..] else {
            panic!("{:?}", networks.refused);
        };
        assert!(
            refused.to_string().contains("mine.safetensors"),
            "{refused}"
        );
        let again = library.get(&choice);
        assert!(Arc::ptr_eq(&networks.live, &again.live));
        // Nothing uses it any more, and the file was replaced meanwhile.
        drop((networks, again));
        std::fs::write(&path, models::WINDOWED).unwrap();
        let networks = library.get(&choice);
        assert!(Arc::ptr_eq(&networks.live, &library.live));
        assert_eq!(networks.refused.len(), 2);
        let (file, _) = NetworkFile::choose(&path, false).unwrap();
        let choice = NetworkChoice {
            live: None,
            windowed: Some(file),
        };
        let networks = library.get(&choice);
        assert!(networks.own_windowed && networks.refused.is_empty());
    }
}
