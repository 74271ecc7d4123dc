//! `changes completions` and `changes man`: completions and manual for packages.

use std::fs;
use std::path::Path;

use clap::CommandFactory;

use crate::arguments::{Arguments, Completions, Man};
use crate::error::Error;
use crate::output::print;

/// Prints the completion script of a shell.
pub fn completions(options: &Completions) -> Result<(), Error> {
    let mut script = Vec::new();
    let mut command = Arguments::command();
    clap_complete::generate(options.shell, &mut command, "changes", &mut script);
    print(&script)
}

/// Writes the manual: a page for the program, and one for each command.
pub fn man(options: &Man) -> Result<(), Error> {
    let folder = &options.folder;
    let refused = |source| Error::Folder {
        path: folder.clone(),
        source,
    };
    fs::create_dir_all(folder).map_err(refused)?;
    let mut command = Arguments::command().disable_help_subcommand(true);
    command.build();
    page(&command, folder).map_err(refused)?;
    for command in command.get_subcommands().filter(|it| !it.is_hide_set()) {
        page(command, folder).map_err(refused)?;
    }
    Ok(())
}

fn page(command: &clap::Command, folder: &Path) -> std::io::Result<()> {
    let man = clap_mangen::Man::new(command.clone())
        .source(concat!("Changes ", env!("CARGO_PKG_VERSION")))
        .manual("Changes");
    let mut text = Vec::new();
    man.render(&mut text)?;
    fs::write(folder.join(man.get_filename()), text)
}
