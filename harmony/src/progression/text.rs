//! Counts as a text that is read by people and kept under version control.
//!
//! Lines that begin with `#` are for the reader. `discount 0.9` comes first. Then a line for each
//! mode (`maj`, `min`) and the chords before, the latest first and `-` where the passage began, with
//! how often anything followed, a colon, and how often what did: `maj 5M 0M 57: 7M 20 0M 12`.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::{Before, Context, Counts, MOST_BEFORE, Progressions, Step};

/// A text that holds no progressions.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct ParseProgressionsError {
    /// Which line, from 1.
    pub line: usize,
    /// What is wrong in it.
    pub reason: String,
}

impl fmt::Display for Progressions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "discount {}", self.discount)?;
        for (context, counts) in &self.rows {
            f.write_str(if context.minor { "min" } else { "maj" })?;
            for before in context.before.iter().flatten() {
                match before {
                    Before::Start => f.write_str(" -")?,
                    Before::Step(step) => write!(f, " {step}")?,
                }
            }
            write!(f, " {}:", counts.total())?;
            for (step, count) in counts.iter() {
                write!(f, " {step} {count}")?;
            }
            f.write_str("\n")?;
        }
        Ok(())
    }
}

impl FromStr for Progressions {
    type Err = ParseProgressionsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let lines = text.lines().enumerate();
        let mut lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let refuse = |line: usize, reason: String| ParseProgressionsError {
            line: line + 1,
            reason,
        };
        let discount = lines.next().and_then(|(_, line)| {
            let discount: f64 = line.strip_prefix("discount ")?.parse().ok()?;
            (0.0..=1.0).contains(&discount).then_some(discount)
        });
        let discount =
            discount.ok_or_else(|| refuse(0, "expected a discount from 0 to 1".to_owned()))?;
        let mut rows = BTreeMap::new();
        for (line, text) in lines {
            let (context, counts) = row(text).map_err(|reason| refuse(line, reason))?;
            if rows.insert(context, counts).is_some() {
                return Err(refuse(line, "these chords had a line before".to_owned()));
            }
        }
        Ok(Self { discount, rows })
    }
}

fn row(text: &str) -> Result<(Context, Counts), String> {
    let (head, list) = text.split_once(':').ok_or("a colon is missing")?;
    let mut words = head.split_ascii_whitespace();
    let minor = match words.next() {
        Some("maj") => false,
        Some("min") => true,
        _ => return Err("expected maj or min".to_owned()),
    };
    let words: Vec<&str> = words.collect();
    let (total, chords) = words.split_last().ok_or("a total is missing")?;
    let total = number(total)?;
    if chords.len() > MOST_BEFORE {
        return Err(format!("more than {MOST_BEFORE} chords before"));
    }
    let mut before = [None; MOST_BEFORE];
    for (place, word) in before.iter_mut().zip(chords) {
        *place = Some(match *word {
            "-" => Before::Start,
            step => Before::Step(parse_step(step)?),
        });
    }
    let mut of = BTreeMap::new();
    let mut words = list.split_ascii_whitespace();
    while let Some(step) = words.next() {
        let count = number(words.next().ok_or("a count is missing")?)?;
        if of.insert(parse_step(step)?, count).is_some() {
            return Err(format!("{step} is there twice"));
        }
    }
    let counts = Counts::new(total, of).map_err(|error| error.to_string())?;
    Ok((Context { minor, before }, counts))
}

fn parse_step(text: &str) -> Result<Step, String> {
    text.parse().map_err(|error| format!("{error}"))
}

fn number(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| format!("{text:?} is no count"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOME: &str = "discount 0.75
maj 9: 0M 4 7M 3
maj 7M 5: 0M 3 9m 2
maj 7M - 1: 0M 1
min 0m 7D 3: 5m 2
";

    #[test]
    fn a_text_is_written_as_it_was_read() {
        let read: Progressions = SOME.parse().unwrap();
        assert_eq!(read.to_string(), SOME);
        let remarked = format!("# songs\n{SOME}\n# the end");
        assert_eq!(remarked.parse(), Ok(read));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        for (line, reason) in [
            ("maj 7M 5: 0M 3 9m", "a count is missing"),
            ("maj 7M 5: 0M 9", "9 of the 5 that there are were counted"),
            ("maj 7M 5: 0M 3 0M 1", "0M is there twice"),
            ("dur 7M 5: 0M 3", "expected maj or min"),
            ("maj: 0M 3", "a total is missing"),
            ("maj 0M 0M 0M 5: 0M 3", "more than 2 chords before"),
            (
                "maj 7M 5: 0K 3",
                "\"0K\" is no chord in a key: expected one like 0M, 9m or 7D",
            ),
            ("maj 7M 5: 0M 4294967296", "\"4294967296\" is no count"),
            ("maj 9: 0M 4", "these chords had a line before"),
        ] {
            let error = format!("{SOME}{line}\n")
                .parse::<Progressions>()
                .unwrap_err();
            assert_eq!((error.line, &*error.reason), (6, reason));
        }
        for head in ["", "discount 1.5\n", "discount\n", "maj 9: 0M 4\n"] {
            assert!(head.parse::<Progressions>().is_err(), "{head}");
        }
    }
}
