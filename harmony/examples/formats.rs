//! Writes a saved track in every format:
//!
//! ```sh
//! cargo run -p harmony --example formats -- harmony/tests/readers/song.json FOLDER
//! ```

use std::error::Error;
use std::path::PathBuf;

use harmony::export::{Format, Options, save_track};
use harmony::track::Track;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(song), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err("usage: formats TRACK.json FOLDER".into());
    };
    let track = Track::from_json(&std::fs::read_to_string(song)?)?;
    std::fs::create_dir_all(&folder)?;
    for format in Format::ALL {
        let path = folder.join("song").with_extension(format.extension());
        save_track(&path, &track, &Options::default())?;
        println!("{}", path.display());
    }
    Ok(())
}
