//! From an input to its statements: bytes, charset, format by content, reader.

use std::io::Read;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use sha2::{Digest, Sha256};

use super::aeb43::read_aeb43;
use super::camt::read_camt;
use super::cfonb::read_cfonb;
use super::csv::read_csv;
use super::fault::{BankError, BankFault};
use super::mt940::read_mt940;
use super::ofx::read_ofx;
use super::statement::{BankFormat, BankStatement};
use crate::config::CsvMapping;
use crate::domain::DocumentId;
use crate::parse::{Fault, Input, Warning};

/// Largest statement that is read: a hundred thousand lines of the wordiest format are half of it.
const BANK_BYTES_MAX: u64 = 512 << 20;
/// Most entries in one file; real ones have thousands.
pub(super) const ENTRIES_MAX: usize = 5_000_000;
/// Characters of an unknown file that the message shows.
const HEAD_SHOWN: usize = 80;

/// How bank files are read.
#[derive(Clone, Debug, Default)]
pub struct BankReader {
    /// The charset of what is not UTF-8, a label of the encoding standard.
    pub encoding: Option<String>,
    /// How tables are read.
    pub csv: CsvMapping,
}

/// A bank file that was read.
#[derive(Clone, Debug)]
pub struct BankFile {
    /// The hash of its bytes.
    pub id: DocumentId,
    /// Its format.
    pub format: BankFormat,
    /// Its statements, in the order of the file.
    pub statements: Vec<BankStatement>,
    /// What is worth saying about it.
    pub warnings: Vec<Warning>,
}

/// A reader's view of one file.
pub(super) struct Source<'a> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
    pub(super) warnings: Vec<Warning>,
}

impl Source<'_> {
    /// Says something about a line.
    pub(super) fn warn(&mut self, code: &'static str, line: u64, message: impl Into<String>) {
        self.warnings.push(Warning { code, line: Some(line), message: message.into() });
    }

    /// A fault at a line.
    pub(super) fn fault(&self, line: u64, fault: BankFault) -> BankError {
        fault.at(self.file, line)
    }
}

/// Reads a statement file whole.
///
/// # Errors
/// [`BankError`] with its place; nothing of the file is taken then.
pub fn read_bank_file(input: &Input, reader: &BankReader) -> Result<BankFile, BankError> {
    let bytes = bytes_of(input)?;
    let id = DocumentId::new(Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    let (text, decoded) = decode(&bytes, reader.encoding.as_deref()).map_err(|fault| fault.at(input.name(), None))?;
    let mut source = Source { file: input.name(), text: &text, warnings: decoded.into_iter().collect() };
    let (format, statements) = read_text(&mut source, &reader.csv)?;
    Ok(BankFile { id, format, statements, warnings: source.warnings })
}

fn bytes_of(input: &Input) -> Result<Vec<u8>, BankError> {
    let failed = |fault: Fault| BankFault::File(Box::new(fault)).at(input.name(), None);
    let stream = input.open().map_err(failed)?;
    let mut bytes = Vec::new();
    stream.take(BANK_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|why| failed(why.into()))?;
    if bytes.len() as u64 > BANK_BYTES_MAX {
        return Err(BankFault::TooLarge { limit_mib: BANK_BYTES_MAX >> 20 }.at(input.name(), None));
    }
    Ok(bytes)
}

/// Decides by content; the first test that fits wins, and they exclude each other.
fn read_text(source: &mut Source<'_>, mapping: &CsvMapping) -> Result<(BankFormat, Vec<BankStatement>), BankError> {
    let format = identify(source.text);
    let read = match format {
        Some(BankFormat::Camt) => read_camt(source),
        Some(BankFormat::Ofx) => read_ofx(source),
        Some(BankFormat::Cfonb120) => read_cfonb(source),
        Some(BankFormat::Aeb43) => read_aeb43(source),
        Some(BankFormat::Mt940) => read_mt940(source),
        Some(BankFormat::Csv) => read_csv(source, mapping),
        None => {
            let head = source.text.trim_start().chars().take(HEAD_SHOWN);
            let head = head.map(|c| if c.is_control() { ' ' } else { c }).collect();
            return Err(BankFault::NotRecognised { head }.at(source.file, None));
        }
    };
    Ok((format.unwrap_or(BankFormat::Csv), read?))
}

/// What a text is.
fn identify(text: &str) -> Option<BankFormat> {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c.is_control());
    let head: String = text.chars().take(2_000).collect();
    if head.starts_with('<') && !head.to_uppercase().contains("<OFX") && !head.to_uppercase().contains("<?OFX") {
        return Some(BankFormat::Camt);
    }
    if head.to_uppercase().contains("OFXHEADER") || head.to_uppercase().contains("<OFX>") {
        return Some(BankFormat::Ofx);
    }
    if is_cfonb(text) {
        return Some(BankFormat::Cfonb120);
    }
    if is_aeb43(text) {
        return Some(BankFormat::Aeb43);
    }
    if is_mt940(text) {
        return Some(BankFormat::Mt940);
    }
    let table = |line: &str| [';', ',', '\t', '|'].iter().any(|separator| line.matches(*separator).count() >= 2);
    text.lines().take(60).any(table).then_some(BankFormat::Csv)
}

fn is_cfonb(text: &str) -> bool {
    let digits = |from: usize, until: usize| {
        text.get(from..until).is_some_and(|piece| piece.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let length = text.chars().filter(|c| !matches!(c, '\r' | '\n' | '\u{1a}')).count();
    text.starts_with("01") && digits(2, 7) && length >= 120 && length.is_multiple_of(120)
}

fn is_aeb43(text: &str) -> bool {
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    let head = first.starts_with("11") && first.len() >= 47 && first.bytes().take(47).all(|byte| byte.is_ascii_digit());
    head && lines.next().is_some_and(|line| ["22", "33", "11"].iter().any(|record| line.starts_with(record)))
}

fn is_mt940(text: &str) -> bool {
    let tags = [":20:", ":61:", ":60F:", ":60M:", ":25:", ":940:", ":28C:", ":86:"];
    text.starts_with("{1:F01")
        || text.lines().take(200).any(|line| tags.iter().any(|tag| line.trim_start().starts_with(tag)))
}

/// UTF-16 by its mark, strict UTF-8, the charset that an XML text declares, the configured one, else
/// windows-1252: declared charsets lie, so UTF-8 that is sound is taken for what it is.
fn decode(bytes: &[u8], configured: Option<&str>) -> Result<(String, Option<Warning>), BankFault> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        let text = encoding.decode_without_bom_handling(bytes.get(mark..).unwrap_or_default()).0.into_owned();
        return Ok((text, None));
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok((text.to_owned(), None));
    }
    let fallback = match configured {
        Some(label) => Encoding::for_label(label.as_bytes())
            .ok_or_else(|| BankFault::UnknownCharset { label: label.to_owned() })?,
        None => declared(bytes).filter(|encoding| *encoding != UTF_8).unwrap_or(WINDOWS_1252),
    };
    let message = format!("it is not UTF-8 and was read as {}", fallback.name());
    let warning = Warning { code: "charset", line: None, message };
    Ok((fallback.decode_without_bom_handling(bytes).0.into_owned(), Some(warning)))
}

/// The charset that the head of a text declares: `encoding="…"` in XML, `CHARSET:…` in OFX.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(bytes.get(..300).unwrap_or(bytes)).into_owned();
    let after = |mark: &str| head.split_once(mark).map(|(_, rest)| rest.trim_start_matches(['"', '\'', ' ']));
    let label = after("encoding=").or_else(|| after("CHARSET:"))?;
    let label: String = label.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect();
    let label = if label == "1252" { "windows-1252".to_owned() } else { label };
    Encoding::for_label(label.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides_the_format() {
        let cfonb = format!("01{}", "0".repeat(118));
        for (text, format) in [
            (
                "<?xml version=\"1.0\"?><Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.02\">",
                BankFormat::Camt,
            ),
            ("OFXHEADER:100\nDATA:OFXSGML\n<OFX>", BankFormat::Ofx),
            ("<?xml version=\"1.0\"?><?OFX OFXHEADER=\"200\"?><OFX>", BankFormat::Ofx),
            (cfonb.as_str(), BankFormat::Cfonb120),
            ("\u{1}:20:MT940\r\n:25:X\r\n", BankFormat::Mt940),
            ("ABNANL2A\n940\nABNANL2A\n:20:X\n", BankFormat::Mt940),
            ("Datum;Betrag;Text\n", BankFormat::Csv),
        ] {
            assert_eq!(identify(text), Some(format), "{text}");
        }
        assert_eq!(identify("hello"), None);
    }

    #[test]
    fn a_charset_that_lies_is_found_out() {
        let (text, warning) = decode("<?xml encoding=\"ISO-8859-1\"?>é".as_bytes(), None).unwrap();
        assert!(text.ends_with('é') && warning.is_none());
        let (text, warning) = decode(b"<?xml encoding=\"UTF-8\"?>\xe9", None).unwrap();
        assert!(text.ends_with('é') && warning.is_some());
        assert_eq!(decode(b"\xe9", Some("iso-8859-2")).unwrap().0, "é");
        assert!(decode(b"\xe9", Some("klingon")).is_err());
    }
}
