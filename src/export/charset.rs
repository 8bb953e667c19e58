//! Characters for formats with an alphabet of their own: ISO-8859-15, windows-1252, CP437.
//!
//! A character that the charset lacks is replaced by its nearest neighbour in ASCII, or by `?`, and every
//! replacement is counted and reported with its first place. Nothing is written as another byte.

use std::collections::BTreeMap;
use std::fmt;

/// A set of characters and their bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// Everything.
    Utf8,
    /// ISO-8859-15, Western Europe with the euro sign.
    Latin9,
    /// Windows, Western Europe.
    Windows1252,
    /// The IBM PC's.
    Cp437,
}

/// 80h to FFh of CP437.
const CP437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";
/// Where ISO-8859-15 differs from ISO-8859-1.
const LATIN9: [(char, u8); 8] =
    [('€', 0xa4), ('Š', 0xa6), ('š', 0xa8), ('Ž', 0xb4), ('ž', 0xb8), ('Œ', 0xbc), ('œ', 0xbd), ('Ÿ', 0xbe)];
/// 80h to 9Fh of windows-1252; a blank where the byte is unused.
const WINDOWS: &str = "€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ";

/// Neighbours in ASCII of the letters À to ÿ, then Ā to ſ; `_` where the neighbour has two letters.
const NEAR_LATIN1: &str = "AAAAAA_CEEEEIIIIDNOOOOOxOUUUUY__aaaaaa_ceeeeiiiidnooooo/ouuuuy_y";
const NEAR_EXTENDED: &str = "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIi__JjKkkLlLlLlLlLlNnNnNnnNnOoOoOo__RrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzs";
/// The others that have one.
const NEAR: [(char, &str); 28] = [
    ('Æ', "AE"),
    ('æ', "ae"),
    ('Þ', "TH"),
    ('þ', "th"),
    ('ß', "ss"),
    ('Œ', "OE"),
    ('œ', "oe"),
    ('Ĳ', "IJ"),
    ('ĳ', "ij"),
    ('€', "EUR"),
    ('–', "-"),
    ('—', "-"),
    ('‐', "-"),
    ('‑', "-"),
    ('−', "-"),
    ('‘', "'"),
    ('’', "'"),
    ('‚', ","),
    ('“', "\""),
    ('”', "\""),
    ('„', "\""),
    ('…', "..."),
    ('•', "*"),
    ('\u{a0}', " "),
    ('\u{202f}', " "),
    ('\u{2009}', " "),
    ('«', "\""),
    ('»', "\""),
];

impl Charset {
    /// What people call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Charset::Utf8 => "UTF-8",
            Charset::Latin9 => "ISO-8859-15",
            Charset::Windows1252 => "windows-1252",
            Charset::Cp437 => "CP437",
        }
    }

    /// Appends a character; `false` where the charset lacks it.
    fn push(self, c: char, out: &mut Vec<u8>) -> bool {
        if self == Charset::Utf8 {
            let mut bytes = [0; 4];
            out.extend_from_slice(c.encode_utf8(&mut bytes).as_bytes());
            return true;
        }
        let byte = if c.is_ascii() { u8::try_from(c).ok() } else { self.high_byte(c) };
        out.extend(byte);
        byte.is_some()
    }

    fn high_byte(self, c: char) -> Option<u8> {
        let latin1 = || u8::try_from(u32::from(c)).ok().filter(|byte| *byte >= 0xa0);
        let at =
            |table: &str| table.chars().position(|known| known == c).and_then(|place| u8::try_from(place + 0x80).ok());
        match self {
            Charset::Utf8 => None,
            Charset::Cp437 => at(CP437),
            Charset::Windows1252 => latin1().or_else(|| at(WINDOWS).filter(|_| c != ' ')),
            Charset::Latin9 => {
                let own = LATIN9.iter().find(|row| row.0 == c).map(|row| row.1);
                own.or_else(|| latin1().filter(|byte| LATIN9.iter().all(|row| row.1 != *byte)))
            }
        }
    }
}

/// The neighbour of a character in ASCII.
fn neighbour(c: char) -> String {
    if let Some((_, near)) = NEAR.iter().find(|row| row.0 == c) {
        return (*near).to_owned();
    }
    let within = |first: u32, table: &str| {
        let place = u32::from(c).checked_sub(first)? as usize;
        table.chars().nth(place).filter(|near| *near != '_')
    };
    within(0xc0, NEAR_LATIN1)
        .filter(|_| u32::from(c) <= 0xff)
        .or_else(|| within(0x100, NEAR_EXTENDED))
        .unwrap_or('?')
        .to_string()
}

/// What a format does with the characters that it cannot take in a text: `None` leaves it, a text replaces it.
pub(super) type Forbidden = fn(char) -> Option<&'static str>;

/// Where a text stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct TextPlace<'a> {
    /// The number of the entry, or 0.
    pub(super) entry: u64,
    /// The source file.
    pub(super) file: &'a str,
    /// The line in it.
    pub(super) line: u64,
}

/// Why a text was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    Lacking(char),
    Forbidden(char),
    Shortened,
}

/// Every change of a text, counted, with the first place of each.
#[derive(Clone, Debug, Default)]
pub struct Replacements(BTreeMap<Change, (u64, String, String)>);

/// Replacements that are told one by one.
const TOLD: usize = 12;

impl Replacements {
    fn note(&mut self, change: Change, by: &str, place: TextPlace<'_>) {
        let (count, ..) = self.0.entry(change).or_insert_with(|| {
            let line = if place.line > 0 { format!(":{}", place.line) } else { String::new() };
            let at = match (place.entry, place.file) {
                (0, file) => file.to_owned(),
                (entry, "") => format!("entry {entry}"),
                (entry, file) => format!("entry {entry}, {file}{line}"),
            };
            (0, by.to_owned(), at)
        });
        *count += 1;
    }

    /// One sentence for each kind of change.
    #[must_use]
    pub fn sentences(&self, charset: Charset) -> Vec<String> {
        let mut lines: Vec<String> = self
            .0
            .iter()
            .take(TOLD)
            .map(|(change, (count, by, at))| {
                let shown = |c: &char| c.escape_debug().to_string();
                match change {
                    Change::Lacking(c) => {
                        format!(
                            "{} lacks `{}`; `{by}` stands for it, {count} times, first in {at}",
                            charset.name(),
                            shown(c)
                        )
                    }
                    Change::Forbidden(c) => {
                        format!(
                            "this format cannot take `{}` there; `{by}` stands for it, {count} times, first in {at}",
                            shown(c)
                        )
                    }
                    Change::Shortened => format!("{count} texts were too long and are shortened, the first in {at}"),
                }
            })
            .collect();
        if self.0.len() > TOLD {
            lines.push(format!("and {} more characters were replaced", self.0.len() - TOLD));
        }
        lines
    }
}

impl fmt::Display for Charset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Writes texts in one charset and remembers what it changed.
#[derive(Clone, Debug)]
pub(super) struct Scribe {
    charset: Charset,
    /// What was changed so far.
    pub(super) replaced: Replacements,
}

impl Scribe {
    /// A scribe who has changed nothing.
    #[must_use]
    pub(super) fn new(charset: Charset) -> Self {
        Self { charset, replaced: Replacements::default() }
    }

    /// Appends a text of at most `chars_max` characters.
    pub(super) fn push(
        &mut self,
        text: &str,
        forbidden: Forbidden,
        chars_max: usize,
        place: TextPlace<'_>,
        out: &mut Vec<u8>,
    ) {
        if text.len() <= chars_max
            && text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
            && text.chars().all(|c| forbidden(c).is_none())
        {
            out.extend_from_slice(text.as_bytes());
            return;
        }
        for (place_in_text, c) in text.chars().enumerate() {
            if place_in_text >= chars_max {
                self.replaced.note(Change::Shortened, "", place);
                return;
            }
            let control = if c.is_control() { Some(" ") } else { None };
            if let Some(by) = forbidden(c).or(control) {
                self.replaced.note(Change::Forbidden(c), by, place);
                out.extend_from_slice(by.as_bytes());
            } else if !self.charset.push(c, out) {
                let near: String =
                    neighbour(c).chars().map(|c| forbidden(c).unwrap_or("").chars().next().unwrap_or(c)).collect();
                self.replaced.note(Change::Lacking(c), &near, place);
                out.extend_from_slice(near.as_bytes());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOWHERE: TextPlace<'static> = TextPlace { entry: 3, file: "a.csv", line: 7 };

    fn bytes(charset: Charset, text: &str) -> (Vec<u8>, Vec<String>) {
        let mut scribe = Scribe::new(charset);
        let mut out = Vec::new();
        scribe.push(text, |c| (c == '|').then_some("/"), 40, NOWHERE, &mut out);
        (out, scribe.replaced.sentences(charset))
    }

    #[test]
    fn charsets_have_their_own_bytes() {
        assert_eq!(bytes(Charset::Latin9, "é€œ").0, [0xe9, 0xa4, 0xbd]);
        assert_eq!(bytes(Charset::Windows1252, "é€–’“").0, [0xe9, 0x80, 0x96, 0x92, 0x93]);
        assert_eq!(bytes(Charset::Cp437, "ÅÄÖåäöé").0, [0x8f, 0x8e, 0x99, 0x86, 0x84, 0x94, 0x82]);
        assert_eq!(CP437.chars().count(), 128);
        assert_eq!(WINDOWS.chars().count(), 32);
    }

    #[test]
    fn single_bytes_agree_with_another_implementation() {
        for (charset, other) in
            [(Charset::Latin9, encoding_rs::ISO_8859_15), (Charset::Windows1252, encoding_rs::WINDOWS_1252)]
        {
            for c in (0x20..0x3000).filter_map(char::from_u32).filter(|c| !c.is_control()) {
                let mut out = Vec::new();
                let text = c.to_string();
                let (expected, _, lacking) = other.encode(&text);
                assert_eq!(charset.push(c, &mut out), !lacking, "{c:?}");
                assert!(lacking || out == *expected, "{c:?}");
            }
        }
    }

    #[test]
    fn a_lacking_character_is_folded_and_reported_with_its_place() {
        let (out, told) = bytes(Charset::Latin9, "Kőszeg – Łódź 🎁");
        assert_eq!(out, b"Koszeg - L\xf3dz ?");
        assert_eq!(told.len(), 5);
        assert!(told.iter().all(|line| line.contains("entry 3, a.csv:7")), "{told:?}");
        assert_eq!(bytes(Charset::Cp437, "Øl für 5 €").0, b"Ol f\x81r 5 EUR");
        assert_eq!(NEAR_LATIN1.chars().count(), 64);
        assert_eq!(NEAR_EXTENDED.chars().count(), 128);
    }

    #[test]
    fn separators_and_controls_are_replaced_and_long_texts_shortened() {
        let (out, told) = bytes(Charset::Latin9, "a|b\tc\u{1}");
        assert_eq!(out, b"a/b c ");
        assert_eq!(told.len(), 3);
        let (out, told) = bytes(Charset::Windows1252, &"x".repeat(41));
        assert_eq!((out.len(), told.len()), (40, 1));
    }
}
