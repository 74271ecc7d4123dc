//! Key and tempo in the tags of audio files: ID3v2 (`TKEY`, `TBPM`), Vorbis comments (`INITIALKEY`,
//! `BPM`), MP4 atoms (`initialkey`, `tmpo`) and the corresponding tags of other kinds.

use std::hash::{DefaultHasher, Hasher};
use std::io::Cursor;
use std::path::Path;

use lofty::config::{ParseOptions, WriteOptions};
use lofty::error::{FileEncodingError, FileParseError};
use lofty::file::{AudioFile, FileType, TaggedFileExt};
use lofty::mp4::{Atom, AtomData, AtomIdent, DataType, Ilst, Mp4File};
use lofty::probe::Probe;
use lofty::tag::{ItemKey, Tag, TagExt, TagType};
use recognizer::audio::{AudioError, decode_stream};

/// Key and tempo in the form of tags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values {
    /// The key: `Eb`, `F#m`.
    pub key: Option<String>,
    /// Beats a minute.
    pub tempo: Option<String>,
}

/// Why tags could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TagError {
    /// A kind of file without writable tags.
    #[error("tags cannot be written into this kind of file")]
    Kind,
    /// Tags that cannot be read.
    #[error("its tags cannot be read: {0}")]
    Read(#[from] FileParseError),
    /// Tags that cannot be written.
    #[error("its tags cannot be written: {0}")]
    Write(#[from] FileEncodingError),
    /// The audio cannot be decoded again.
    #[error("its audio cannot be checked: {0}")]
    Check(#[from] AudioError),
    /// The audio would change.
    #[error("writing the tags would change its audio; the file was left unchanged")]
    Audio,
}

/// The bytes of an audio file with tags.
pub struct Tagged {
    bytes: Vec<u8>,
    kind: FileType,
}

impl Tagged {
    /// The file with these bytes; its kind is detected from them.
    ///
    /// # Errors
    /// [`TagError::Kind`].
    pub fn new(bytes: Vec<u8>) -> Result<Self, TagError> {
        let probe = Probe::new(Cursor::new(bytes.as_slice())).guess_file_type();
        let kind = probe.ok().and_then(|probe| probe.file_type());
        let kind = kind.ok_or(TagError::Kind)?;
        Ok(Self { bytes, kind })
    }

    /// The values in its tags.
    ///
    /// # Errors
    /// [`TagError::Read`].
    pub fn values(&self) -> Result<Values, TagError> {
        if self.kind == FileType::Mp4 {
            return Ok(self
                .atoms()?
                .as_ref()
                .map_or_else(Values::default, in_atoms));
        }
        let tagged = self.probe().read()?;
        let first = |keys: &[ItemKey]| {
            let tags = tagged.tags().iter();
            let mut found = tags.flat_map(|tag| keys.iter().filter_map(|key| tag.get_string(*key)));
            found.next().map(str::to_owned)
        };
        Ok(Values {
            key: first(&[ItemKey::InitialKey]),
            tempo: first(&[ItemKey::IntegerBpm, ItemKey::Bpm]),
        })
    }

    /// The file with the values of `new` in its tags; all other tags stay.
    ///
    /// # Errors
    /// Tags that cannot be read or written.
    pub fn with(&self, new: &Values) -> Result<Vec<u8>, TagError> {
        let mut file = Cursor::new(self.bytes.clone());
        let options = WriteOptions::default();
        if self.kind == FileType::Mp4 {
            let mut atoms = self.atoms()?.unwrap_or_default();
            put_atoms(&mut atoms, new);
            atoms.save_to(&mut file, options)?;
            return Ok(file.into_inner());
        }
        let tagged = self.probe().read()?;
        let kind = tagged.primary_tag_type();
        let mut tag = tagged
            .primary_tag()
            .cloned()
            .unwrap_or_else(|| Tag::new(kind));
        if let Some(key) = &new.key {
            tag.insert_text(ItemKey::InitialKey, key.clone());
        }
        if let Some(tempo) = &new.tempo {
            tag.insert_text(tempo_key(kind), tempo.clone());
        }
        // Keep ID3v2.3 for programs that read only that.
        let old = self.bytes.starts_with(b"ID3\x03");
        tag.save_to(&mut file, { options }.use_id3v23(old))?;
        Ok(file.into_inner())
    }

    /// As [`Self::with`], checking that every decoded sample is unchanged.
    ///
    /// # Errors
    /// Those of [`Self::with`], and [`TagError::Audio`].
    pub fn with_same_audio(&self, new: &Values, path: &Path) -> Result<Vec<u8>, TagError> {
        let written = self.with(new)?;
        if samples(self.bytes.clone(), path)? == samples(written.clone(), path)? {
            Ok(written)
        } else {
            Err(TagError::Audio)
        }
    }

    fn probe(&self) -> Probe<Cursor<&[u8]>> {
        let options = ParseOptions::new().read_properties(false);
        Probe::with_file_type(Cursor::new(self.bytes.as_slice()), self.kind).options(options)
    }

    /// The tags of an MP4 file, as atoms: lofty's common form stores tempos as text, which players
    /// do not read.
    fn atoms(&self) -> Result<Option<Ilst>, TagError> {
        let options = ParseOptions::new().read_properties(false);
        let file = Mp4File::read_from(&mut Cursor::new(self.bytes.as_slice()), options)?;
        Ok(file.ilst().cloned())
    }
}

/// The tempo field of a kind of tags.
fn tempo_key(kind: TagType) -> ItemKey {
    match ItemKey::IntegerBpm.map_key(kind) {
        Some(_) => ItemKey::IntegerBpm,
        None => ItemKey::Bpm,
    }
}

const TEMPO: AtomIdent<'static> = AtomIdent::Fourcc(*b"tmpo");

fn key_atom() -> AtomIdent<'static> {
    AtomIdent::Freeform {
        mean: "com.apple.iTunes".into(),
        name: "initialkey".into(),
    }
}

fn in_atoms(atoms: &Ilst) -> Values {
    let first = |ident: &AtomIdent<'_>| atoms.get(ident).and_then(|atom| atom.data().next());
    let key = match first(&key_atom()) {
        Some(AtomData::UTF8(text) | AtomData::UTF16(text)) => Some(text.clone()),
        _ => None,
    };
    let tempo = match first(&TEMPO) {
        Some(AtomData::SignedInteger(tempo)) => Some(tempo.to_string()),
        Some(AtomData::UnsignedInteger(tempo)) => Some(tempo.to_string()),
        Some(AtomData::Unknown { data, .. }) if data.len() <= 4 => {
            let number = data
                .iter()
                .fold(0_u32, |sum, byte| sum << 8 | u32::from(*byte));
            Some(number.to_string())
        }
        _ => None,
    };
    // A tempo of 0 means unset.
    let tempo = tempo.filter(|tempo| tempo != "0");
    Values { key, tempo }
}

fn put_atoms(atoms: &mut Ilst, new: &Values) {
    if let Some(key) = &new.key {
        atoms.replace_atom(Atom::new(key_atom(), AtomData::UTF8(key.clone())));
    }
    if let Some(tempo) = new
        .tempo
        .as_ref()
        .and_then(|tempo| tempo.parse::<u16>().ok())
    {
        // Two bytes, like iTunes: some players do not read a shorter value.
        let data = AtomData::Unknown {
            code: DataType::BeSignedInteger,
            data: tempo.to_be_bytes().to_vec(),
        };
        atoms.replace_atom(Atom::new(TEMPO, data));
    }
}

/// The number of samples of an audio file, and a hash of them and their rates.
fn samples(bytes: Vec<u8>, path: &Path) -> Result<(u64, u64), AudioError> {
    let (mut count, mut hash) = (0, DefaultHasher::new());
    decode_stream(Cursor::new(bytes), path, &mut |_| {}, &mut |rate, block| {
        hash.write_u32(rate);
        count += block.len() as u64;
        for sample in block {
            hash.write_u32(sample.to_bits());
        }
    })?;
    Ok((count, hash.finish()))
}
