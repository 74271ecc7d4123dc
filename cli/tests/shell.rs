//! Version, completions and manual of the command.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod support;

use std::fs;

use support::changes_in;

#[test]
fn the_version_says_what_it_was_built_from() {
    let here = tempfile::tempdir().unwrap();
    let text = changes_in(here.path(), &["--version"]).clean().text();
    let rest = text
        .trim()
        .strip_prefix(concat!("changes ", env!("CARGO_PKG_VERSION"), " ("));
    let rest = rest.unwrap_or_else(|| panic!("{text}"));
    assert!(
        rest == "built from source)" || rest.starts_with("commit "),
        "{text}"
    );
}

#[test]
fn shells_complete_commands_and_options() {
    let here = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = changes_in(here.path(), &["completions", shell])
            .clean()
            .text();
        for word in ["transcribe", "vocabulary", "half-tempo"] {
            assert!(script.contains(word), "no {word} for {shell}");
        }
    }
    let refused = changes_in(here.path(), &["completions", "tcsh"]).refused(2);
    assert!(refused.contains("bash"), "{refused}");
}

#[test]
fn the_manual_has_a_page_of_each_command() {
    let here = tempfile::tempdir().unwrap();
    changes_in(here.path(), &["man", "pages/man1"]).clean();
    let mut names: Vec<String> = fs::read_dir(here.path().join("pages/man1"))
        .unwrap()
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    for name in ["changes.1", "changes-live.1", "changes-transcribe.1"] {
        assert!(names.iter().any(|it| it == name), "{names:?}");
    }
    assert!(!names.iter().any(|it| it.contains("man")), "{names:?}");
    let page = fs::read_to_string(here.path().join("pages/man1/changes-transcribe.1")).unwrap();
    assert!(page.starts_with(".ie") && page.contains(".TH"), "{page}");
    assert!(page.contains("vocabulary"), "{page}");
}
