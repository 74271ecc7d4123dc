//! Messages on standard error.

use std::fmt::Write as _;
use std::io::{self, Write as _};

/// Prints a line on standard error. Control characters, which file names may contain, are escaped.
/// A closed standard error is ignored.
pub fn say(text: &dyn std::fmt::Display) {
    let line = format!("changes: {}\n", on_one_line(&text.to_string()));
    let _ = io::stderr().lock().write_all(line.as_bytes());
}

/// The text without control characters.
pub fn on_one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            let _ = write!(line, "{}", c.escape_default());
        } else {
            line.push(c);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_moves_the_cursor() {
        assert_eq!(on_one_line("a\n\x1b[2Jé"), "a\\n\\u{1b}[2Jé");
    }
}
