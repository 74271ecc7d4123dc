//! Choosing a file of weights.

use std::path::Path;
use std::sync::{Arc, Weak};

use recognizer::models::NetworkFile;

use super::desk::Notice;
use super::files::Files;
use crate::instance::Instance;

/// The message when no file was chosen and there may have been no dialog.
const NO_DIALOG: &str = "Nothing chosen. If no dialog has opened, this system has none \
                         (xdg-desktop-portal or zenity).";

impl Files {
    /// Asks the user for a file of weights, of the display (`live`) or of the confirmed track.
    pub(super) fn choose_network(&self, instance: &Arc<Instance>, live: bool) {
        let instance = Arc::downgrade(instance);
        self.on_a_thread("Nothing was chosen", move |files| {
            let dialog = rfd::AsyncFileDialog::new()
                .set_title("Choose weights")
                .add_filter("Weights", &["safetensors"]);
            if let Some(file) = files.chosen(dialog.pick_file(), NO_DIALOG) {
                files.take_network(&instance, &file, live);
            }
        });
    }

    /// Gives the instance the network in a file, if it is of the right kind.
    fn take_network(&self, instance: &Weak<Instance>, path: &Path, live: bool) {
        let Some(instance) = instance.upgrade() else {
            return;
        };
        match NetworkFile::choose(path, live) {
            Ok((file, card)) => {
                let mut networks = instance.params.networks.write();
                if live {
                    networks.live = Some(file);
                } else {
                    networks.windowed = Some(file);
                }
                drop(networks);
                instance.tell_edited();
                self.tell(Notice {
                    text: format!("Listening with {}: {}", path.display(), card.name),
                    error: false,
                    file: None,
                });
            }
            Err(error) => self.tell_failure(format!("Not chosen: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use nice_plug_egui::RepaintNotifier;
    use recognizer::models;

    use super::*;
    use crate::params::ChangesParams;

    #[test]
    fn a_file_of_weights_is_chosen_if_it_is_of_the_kind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.safetensors");
        std::fs::write(&path, models::LIVE).unwrap();
        let instance = Arc::new(Instance::new(Arc::new(ChangesParams::default())));
        let files = Files::new(RepaintNotifier::default());
        let weak = Arc::downgrade(&instance);
        files.take_network(&weak, &path, false);
        assert!(
            files
                .take()
                .is_some_and(|it| it.error && it.text.contains("mine.safetensors"))
        );
        assert!(instance.params.networks.read().windowed.is_none());
        files.take_network(&weak, &path, true);
        assert!(files.take().is_some_and(|it| !it.error));
        let chosen = instance.params.networks.read().live.clone().unwrap();
        assert!(chosen.path == path && chosen.sha256.len() == 64);
    }
}
