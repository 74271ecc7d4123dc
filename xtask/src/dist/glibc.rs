//! The oldest supported system: the newest version of glibc that programs need.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use goblin::elf::Elf;

/// The version of Debian 12.
pub const NEWEST: (u32, u32) = (2, 36);

/// Fails where a program needs a newer glibc than [`NEWEST`]. Returns the version it needs.
pub fn check(program: &Path) -> Result<(u32, u32)> {
    let wanted = wanted(program)?;
    ensure!(
        wanted <= NEWEST,
        "{} needs glibc {}.{}, and Debian 12 has {}.{}",
        program.display(),
        wanted.0,
        wanted.1,
        NEWEST.0,
        NEWEST.1
    );
    Ok(wanted)
}

/// The newest version of glibc whose symbols a program is linked with.
fn wanted(program: &Path) -> Result<(u32, u32)> {
    let path = program.display();
    let bytes = fs::read(program).with_context(|| format!("cannot read {path}"))?;
    let elf = Elf::parse(&bytes).with_context(|| format!("{path} is not an ELF file"))?;
    let needs = elf.verneed.iter().flat_map(|section| section.iter());
    let names = needs.flat_map(|need| need.iter().map(|it| it.vna_name).collect::<Vec<_>>());
    let versions = names.filter_map(|name| version(elf.dynstrtab.get_at(name)?));
    versions
        .max()
        .with_context(|| format!("{path} is not linked with glibc"))
}

/// `GLIBC_2.34` as numbers.
fn version(name: &str) -> Option<(u32, u32)> {
    let mut parts = name.strip_prefix("GLIBC_")?.split('.');
    let major = parts.next()?.parse().ok()?;
    let minor = parts.next()?.parse().ok()?;
    Some((major, minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers_and_not_texts() {
        assert_eq!(version("GLIBC_2.2.5"), Some((2, 2)));
        assert_eq!(version("GLIBC_2.34"), Some((2, 34)));
        assert_eq!(version("GLIBC_PRIVATE"), None);
        assert_eq!(version("GCC_3.0"), None);
        assert!(version("GLIBC_2.9") < version("GLIBC_2.36"));
    }

    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[test]
    fn this_program_is_linked_with_glibc() {
        let wanted = wanted(&std::env::current_exe().unwrap()).unwrap();
        assert!(wanted > (2, 2) && wanted < (3, 0), "{wanted:?}");
    }
}
