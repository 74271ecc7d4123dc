//! Caches what is slow to make, between runs.
//!
//! Rendered audio is cached under its settings and the program that rendered it, so that no
//! change of the renderer can leave stale audio behind; the renders of other builds are
//! removed. A teacher's output is cached under the samples and the teacher's identity. Any
//! file may be deleted at any time.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use harmony::export::atomic;
use harmony::timeline::Segment;
use recognizer::audio::Audio;
use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize};
use sha2::{Digest, Sha256};

use super::piece::Piece;

/// Rendered pieces on disk.
#[derive(Debug, Clone)]
pub struct RenderCache {
    folder: PathBuf,
}

impl RenderCache {
    /// Opens the renders of this program below `folder`, which is created if missing.
    ///
    /// # Errors
    /// If the folder cannot be created, or this program cannot be read.
    pub fn open(folder: &Path) -> Result<Self> {
        let program = std::env::current_exe().context("finding this program")?;
        let bytes = fs::read(&program).with_context(|| format!("reading {}", program.display()))?;
        Self::for_build(folder, &hash(&[&bytes]))
    }

    fn for_build(folder: &Path, build: &str) -> Result<Self> {
        let renders = folder.join("renders");
        let own = renders.join(build);
        fs::create_dir_all(&own).with_context(|| format!("making {}", own.display()))?;
        let others = fs::read_dir(&renders)
            .with_context(|| format!("listing {}", renders.display()))?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| *path != own);
        for other in others {
            // A file that cannot be removed only costs space.
            let _ = fs::remove_dir_all(other);
        }
        Ok(Self { folder: own })
    }

    /// The piece with these settings, made by `make` if it is not in the cache.
    ///
    /// # Errors
    /// If `make` fails, or a file cannot be written.
    pub fn piece(&self, settings: &str, make: impl FnOnce() -> Result<Piece>) -> Result<Piece> {
        let name = hash(&[settings.as_bytes()]);
        let path = self.folder.join(format!("{name}.render"));
        // A missing or damaged file is made again.
        if let Ok(piece) = read(&path) {
            return Ok(piece);
        }
        let bytes = bytes(&make()?)?;
        atomic::write(&path, &bytes)?;
        // JSON drops the last bits of times: the first run must get the same values as later
        // ones.
        parse(&bytes).with_context(|| format!("reading {} again", path.display()))
    }
}

fn bytes(piece: &Piece) -> Result<Vec<u8>> {
    let samples: Vec<u8> = piece
        .audio
        .samples
        .iter()
        .flat_map(|s| s.to_le_bytes())
        .collect();
    let view = TensorView::new(Dtype::F32, vec![piece.audio.samples.len()], &samples)?;
    let about = HashMap::from([
        ("name".to_owned(), piece.name.clone()),
        (
            "sample_rate".to_owned(),
            piece.audio.sample_rate.to_string(),
        ),
        (
            "reference".to_owned(),
            serde_json::to_string(&piece.reference)?,
        ),
    ]);
    Ok(serialize([("samples", view)], Some(about))?)
}

fn read(path: &Path) -> Result<Piece> {
    parse(&fs::read(path)?)
}

fn parse(bytes: &[u8]) -> Result<Piece> {
    let (_, header) = SafeTensors::read_metadata(bytes)?;
    let about = header.metadata().clone().unwrap_or_default();
    let entry = |name: &str| about.get(name).with_context(|| format!("no {name}"));
    let tensors = SafeTensors::deserialize(bytes)?;
    let samples = tensors.tensor("samples")?;
    ensure!(samples.dtype() == Dtype::F32, "samples that are not f32");
    Ok(Piece {
        name: entry("name")?.clone(),
        group: None,
        audio: Audio::new(
            samples
                .data()
                .chunks_exact(4)
                .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                .collect(),
            entry("sample_rate")?.parse()?,
        ),
        reference: serde_json::from_str(entry("reference")?)?,
        confident: None,
    })
}

/// A slow listener's tracks, on disk.
#[derive(Debug, Clone)]
pub struct TrackCache {
    folder: PathBuf,
}

impl TrackCache {
    /// Opens the tracks below `folder`, which is created if missing.
    ///
    /// # Errors
    /// If the folder cannot be created.
    pub fn open(folder: &Path) -> Result<Self> {
        let folder = folder.join("tracks");
        fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        Ok(Self { folder })
    }

    /// The track of the listener of this identity for the audio, made by `listen` if it is not
    /// in the cache.
    ///
    /// # Errors
    /// If `listen` fails, or a file cannot be written.
    pub fn track(
        &self,
        identity: &str,
        audio: &Audio,
        listen: impl FnOnce() -> Result<Vec<Segment>>,
    ) -> Result<Vec<Segment>> {
        let samples: Vec<u8> = audio.samples.iter().flat_map(|s| s.to_le_bytes()).collect();
        let rate = audio.sample_rate.to_le_bytes();
        let name = hash(&[identity.as_bytes(), &rate, &samples]);
        let path = self.folder.join(format!("{name}.json"));
        let kept = fs::read(&path).ok();
        if let Some(track) = kept.and_then(|text| serde_json::from_slice(&text).ok()) {
            return Ok(track);
        }
        let text = serde_json::to_vec(&listen()?)?;
        atomic::write(&path, &text)?;
        // As above: returns the value as cached.
        Ok(serde_json::from_slice(&text)?)
    }
}

/// SHA-256 of the parts, each preceded by its length, hexadecimal.
fn hash(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::bail;

    fn piece() -> Piece {
        Piece {
            name: "one".into(),
            group: None,
            audio: Audio::new(vec![0.25, -1.0, 0.0], 22_050),
            reference: vec![Segment::new(0.0, 0.1, "C:maj/3".parse().unwrap())],
            confident: None,
        }
    }

    #[test]
    fn a_piece_is_made_once_a_build() {
        let folder = tempfile::tempdir().unwrap();
        let cache = RenderCache::for_build(folder.path(), "a").unwrap();
        assert_eq!(cache.piece("x", || Ok(piece())).unwrap(), piece());
        assert_eq!(cache.piece("x", || bail!("again")).unwrap(), piece());
        assert!(cache.piece("y", || bail!("never made")).is_err());
        let damaged = fs::read_dir(&cache.folder)
            .unwrap()
            .next()
            .unwrap()
            .unwrap();
        fs::write(damaged.path(), b"no").unwrap();
        assert_eq!(cache.piece("x", || Ok(piece())).unwrap(), piece());
        RenderCache::for_build(folder.path(), "b").unwrap();
        assert!(!cache.folder.exists());
    }

    #[test]
    fn a_track_is_kept_by_samples_and_listener() {
        let folder = tempfile::tempdir().unwrap();
        let cache = TrackCache::open(folder.path()).unwrap();
        let track = piece().reference;
        let mut audio = piece().audio;
        let said = cache.track("one", &audio, || Ok(track.clone())).unwrap();
        assert_eq!(said, track);
        let kept = cache.track("one", &audio, || bail!("asked again"));
        assert_eq!(kept.unwrap(), track);
        assert!(cache.track("two", &audio, || bail!("asked")).is_err());
        audio.samples[0] = 0.5;
        assert!(cache.track("one", &audio, || bail!("asked")).is_err());
    }
}
