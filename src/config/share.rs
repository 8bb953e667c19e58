//! A part of the whole that takes turns: `1/30` or `3%`, so that as many turns together make the whole.

use std::fmt;
use std::str::FromStr;

/// More turns than ten years have days are a slip of the pen.
const PARTS_MAX: u32 = 3_660;

/// One part of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    parts: u32,
}

/// The text is not a share.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a share; expected for example 1/30 or 3%")]
pub struct NotAShare(String);

impl Share {
    /// Everything at once.
    pub const ALL: Share = Share { parts: 1 };

    /// How many turns make the whole.
    #[must_use]
    pub fn parts(self) -> u32 {
        self.parts
    }

    /// Whether it is the whole.
    #[must_use]
    pub fn is_all(self) -> bool {
        self.parts == 1
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1/{}", self.parts)
    }
}

impl FromStr for Share {
    type Err = NotAShare;

    /// `1/N`, or `N%`, which is read as the next larger part that divides the whole.
    fn from_str(text: &str) -> Result<Self, NotAShare> {
        let number = |digits: &str| digits.parse::<u32>().ok().filter(|number| *number > 0);
        let parts = match (text.strip_prefix("1/"), text.strip_suffix('%')) {
            (Some(parts), _) => number(parts),
            (None, Some(percent)) => number(percent).filter(|percent| *percent <= 100).map(|percent| 100 / percent),
            (None, None) => None,
        };
        let parts = parts.filter(|parts| *parts <= PARTS_MAX);
        parts.map(|parts| Self { parts }).ok_or_else(|| NotAShare(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_a_fraction_or_a_percentage() {
        for (text, parts) in [("1/30", 30), ("1/1", 1), ("3%", 33), ("100%", 1), ("60%", 1), ("1%", 100)] {
            assert_eq!(text.parse::<Share>().unwrap().parts(), parts, "{text}");
        }
        for text in ["", "0%", "101%", "1/0", "2/3", "1/99999", "x", "30", "-1%"] {
            assert!(text.parse::<Share>().is_err(), "{text}");
        }
    }
}
