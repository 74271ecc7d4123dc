//! Tunings as musicians write them.

use std::fmt;
use std::str::FromStr;

use super::{MAX_CENTS, Tuning};

/// As a musician writes it: `A = 432 Hz, −32 cents`.
impl fmt::Display for Tuning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cents = self.cents().round();
        let sign = if cents < 0.0 {
            "−"
        } else if cents > 0.0 {
            "+"
        } else {
            ""
        };
        let size = cents.abs();
        write!(f, "A = {:.0} Hz, {sign}{size:.0} cents", self.a4_hz())
    }
}

/// A text that is not a tuning, or one out of range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a tuning: expected the frequency of A from {} to {} Hz (432), or cents \
         within ±{MAX_CENTS} (-32c)", end_hz(-MAX_CENTS), end_hz(MAX_CENTS))]
pub struct ParseTuningError {
    text: String,
}

fn end_hz(cents: f32) -> f64 {
    Tuning::from_cents(cents).a4_hz().round()
}

/// The frequency of A as `432` or `A=432 Hz`, cents as `-32c`, or both as it is written.
impl FromStr for Tuning {
    type Err = ParseTuningError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = text.trim().to_lowercase().replace('−', "-");
        // If both are given, the cents suffice.
        let plain = plain.rsplit(',').next().unwrap_or_default().trim();
        let cents = plain.strip_suffix("cents").or(plain.strip_suffix('c'));
        let tuning = match cents {
            Some(cents) => {
                let cents: Option<f32> = cents.trim().parse().ok();
                let near = cents.filter(|cents| cents.abs() <= MAX_CENTS);
                near.map(Self::from_cents)
            }
            None => {
                let named = plain.strip_prefix('a').map(|rest| {
                    // `a4 = 440`, but `a440` as well.
                    let of_four = rest.strip_prefix('4');
                    let of_four =
                        of_four.filter(|it| !it.starts_with(|c: char| c.is_ascii_digit()));
                    of_four.unwrap_or(rest).trim_start_matches([' ', '='])
                });
                let hz = named.unwrap_or(plain);
                let hz = hz.strip_suffix("hz").unwrap_or(hz).trim();
                hz.parse().ok().and_then(Self::from_a4_hz)
            }
        };
        tuning.ok_or_else(|| ParseTuningError {
            text: text.chars().take(40).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tuning_is_written_as_musicians_write_it_and_read_again() {
        for (cents, text) in [
            (-31.77, "A = 432 Hz, −32 cents"),
            (0.0, "A = 440 Hz, 0 cents"),
            (19.56, "A = 445 Hz, +20 cents"),
        ] {
            assert_eq!(Tuning::from_cents(cents).to_string(), text);
            let read: Tuning = text.parse().unwrap();
            assert_eq!(read.to_string(), text);
        }
        assert_eq!(
            Tuning::from_a4_hz(432.0).map(|it| it.cents().round()),
            Some(-32.0)
        );
        assert_eq!(Tuning::from_a4_hz(300.0), None);
        assert_eq!(Tuning::from_a4_hz(f64::NAN), None);
        assert_eq!(Tuning::from_cents(f32::NAN), Tuning::CONCERT);
    }

    #[test]
    fn what_is_no_tuning_is_refused() {
        for text in [
            "",
            "auto",
            "300",
            "60.1c",
            "nan",
            "infc",
            "A=, 70 cents",
            ",",
        ] {
            let error = text.parse::<Tuning>().unwrap_err().to_string();
            assert!(error.contains("from 425 to 456 Hz"), "{error}");
        }
    }
}
