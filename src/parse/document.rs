//! One input → one document: hash, text, kind, content.
//!
//! Settlement rows stream through a [`Receiver`], piece by piece and in order, so that ten million
//! rows need no more memory than ten thousand; the small kinds come back whole. Pieces are parsed by
//! several workers; what is handed on does not depend on their number.

use std::io::{self, Read};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use memchr::memmem;

use super::chunks::{Chunk, ChunkReader};
use super::disbursements::{Disbursement, read_disbursements};
use super::dispute::{DisputeObject, read_disputes};
use super::fault::{Fault, REPLACEMENT, ReadError, Warning};
use super::identify::{DocumentKind, foreign_bytes, identify};
use super::input::Input;
use super::json::{JSON_BYTES_MAX, JsonFault};
use super::notification::{ChargebackNotification, read_notification};
use super::passage::{Copy, Passage, Watch, Watched};
use super::pieces::{Parsed, parse_in_parallel};
use super::privacy::Privacy;
use super::settlement::{Layout, RowSink, SettlementHead, SettlementRow, read_head, read_rows};
use super::text::{Charset, TextReader};
use super::transactions::{TransactionRecord, read_transactions};
use crate::domain::DocumentId;

/// Bytes of text by which a document is identified.
const IDENTIFY_BYTES: usize = 64 << 10;
/// A file whose quotes confuse the cutting is read again in one piece, up to this size.
const ONE_PIECE_BYTES: usize = 1 << 30;

/// How to read.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// Workers for the rows of one large file.
    pub workers: NonZeroUsize,
    /// What becomes of personal data.
    pub privacy: Privacy,
    /// Who is told of the bytes read.
    pub watch: Watch,
}

/// A document that was read whole.
#[derive(Debug)]
pub struct Document {
    /// What it is.
    pub kind: DocumentKind,
    /// The SHA-256 of its unpacked bytes.
    pub id: DocumentId,
    /// Length of its unpacked bytes.
    pub bytes: u64,
    /// Rows, list items or notifications in it.
    pub rows: u64,
    /// What is worth saying about it.
    pub warnings: Vec<Warning>,
    /// Its content.
    pub content: Content,
}

/// What a document holds.
#[derive(Debug)]
pub enum Content {
    /// The rows went to the receiver.
    Settlement(SettlementHead),
    /// Everything else.
    Records(Records),
}

/// The content of the small kinds.
#[derive(Debug)]
pub enum Records {
    /// Rows of a transaction report, one for each state.
    Transactions(Vec<TransactionRecord>),
    /// A disbursement list.
    Disbursements(Vec<Disbursement>),
    /// A chargeback notification.
    Notification(Box<ChargebackNotification>),
    /// Objects of the Dispute API.
    Disputes(Vec<DisputeObject>),
}

/// A file that was refused; its kind and hash as far as they are known.
#[derive(Debug)]
pub struct Refused {
    /// What it seems to be.
    pub kind: DocumentKind,
    /// Its hash and length, where its bytes could be read to their end.
    pub id: Option<(DocumentId, u64)>,
    /// Why.
    pub error: ReadError,
}

/// Takes the rows of a settlement.
pub trait Receiver {
    /// Takes one piece.
    type Sink: RowSink;

    /// A settlement begins, or begins again because its charset was not what it seemed: whatever was
    /// taken before is void. Gives the maker of sinks, one for each piece.
    ///
    /// # Errors
    /// Ends the reading of this document.
    fn begin(&mut self, head: &SettlementHead) -> Result<Box<dyn Fn() -> Self::Sink + Send + Sync>, Fault>;

    /// Takes the pieces in the order of the file.
    ///
    /// # Errors
    /// Ends the reading of this document.
    fn take(&mut self, sink: Self::Sink) -> Result<(), Fault>;
}

/// Both receive every row, so that a file is read once.
impl<A: Receiver, B: Receiver> Receiver for (A, B)
where
    A::Sink: 'static,
    B::Sink: 'static,
{
    type Sink = (A::Sink, B::Sink);

    fn begin(&mut self, head: &SettlementHead) -> Result<Box<dyn Fn() -> Self::Sink + Send + Sync>, Fault> {
        let (first, second) = (self.0.begin(head)?, self.1.begin(head)?);
        Ok(Box::new(move || (first(), second())))
    }

    fn take(&mut self, (first, second): Self::Sink) -> Result<(), Fault> {
        self.0.take(first)?;
        self.1.take(second)
    }
}

/// A receiver that only looks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Skim;

impl RowSink for Skim {
    fn row(&mut self, _row: &SettlementRow<'_>) {}
}

impl Receiver for Skim {
    type Sink = Skim;

    fn begin(&mut self, _head: &SettlementHead) -> Result<Box<dyn Fn() -> Skim + Send + Sync>, Fault> {
        Ok(Box::new(|| Skim))
    }

    fn take(&mut self, _sink: Skim) -> Result<(), Fault> {
        Ok(())
    }
}

/// Reads one input whole. `copy` receives the unpacked bytes as they pass, from the beginning again
/// where a file has to be read twice.
///
/// # Errors
/// [`Refused`]: nothing of the document may be used then. So it is with a document of the archive whose bytes are
/// not what its name says.
pub fn read_document<R: Receiver>(
    input: &Input,
    options: &ReadOptions,
    receiver: &mut R,
    copy: Option<Arc<dyn Copy>>,
) -> Result<Document, Box<Refused>> {
    let read = read_any(input, options, receiver, copy);
    let (kind, id) = match &read {
        Ok(document) => (document.kind, Some((document.id.clone(), document.bytes))),
        Err(refused) => (refused.kind, refused.id.clone()),
    };
    match (input.stored_as(), id) {
        (Some(stated), Some((computed, bytes))) if stated != computed.as_str() => {
            let fault = Fault::StoredDamaged { computed: computed.clone() };
            Err(Box::new(Refused { kind, id: Some((computed, bytes)), error: fault.at(input.name(), None, None) }))
        }
        _ => read,
    }
}

fn read_any<R: Receiver>(
    input: &Input,
    options: &ReadOptions,
    receiver: &mut R,
    copy: Option<Arc<dyn Copy>>,
) -> Result<Document, Box<Refused>> {
    let attempt = |charset, piece, receiver: &mut R| {
        Attempt { input, options, copy: copy.clone() }.read(charset, piece, receiver)
    };
    let fallback = Charset::Legacy(input.charset().unwrap_or(encoding_rs::WINDOWS_1252));
    let read = |piece, receiver: &mut R| match attempt(Charset::Utf8, piece, receiver) {
        Err(refused) if matches!(refused.error.fault, Fault::NotUtf8) => attempt(fallback, piece, receiver),
        Ok(mut document) => {
            document.warnings.extend(contradiction(input));
            Ok(document)
        }
        refused => refused,
    };
    let piece = input.piece_bytes();
    let refused = match read(piece, receiver) {
        Err(refused) => refused,
        done => return done,
    };
    // A lone quote in an unquoted cell can mislead the cutting of a large file: read it in one piece
    // before believing the fault. This also makes the first fault the first in the file.
    let may_be_cut = matches!(
        refused.error.fault,
        Fault::CellCount { .. } | Fault::EndsInRow { .. } | Fault::EndsInQuotes | Fault::RowTooLong { .. }
    );
    let in_pieces = (piece as u64)..=(ONE_PIECE_BYTES as u64);
    let was_cut = refused.id.as_ref().is_some_and(|(_, bytes)| in_pieces.contains(bytes));
    if may_be_cut && was_cut { read(ONE_PIECE_BYTES, receiver) } else { Err(refused) }
}

struct Attempt<'a> {
    input: &'a Input,
    options: &'a ReadOptions,
    copy: Option<Arc<dyn Copy>>,
}

impl Attempt<'_> {
    fn read<R: Receiver>(&self, charset: Charset, piece: usize, receiver: &mut R) -> Result<Document, Box<Refused>> {
        let file = self.input.name();
        let mut kind = DocumentKind::Unknown;
        let refuse = |kind, error, id| Box::new(Refused { kind, id, error });
        let opened = open_text(self.input, self.options, self.copy.as_ref(), charset);
        let (mut text, charset, passage) = opened.map_err(|fault| refuse(kind, fault.at(file, None, None), None))?;
        let mut warnings = charset_warning(charset);
        let mut chunks = ChunkReader::new(&mut text, piece);
        let content = self.read_content(&mut kind, &mut chunks, receiver, &mut warnings);
        // Read to the end, so that the hash is of the whole file even where its content is refused.
        let drained = io::copy(&mut text, &mut io::sink());
        let id = drained.as_ref().ok().map(|_| passage.lock().unwrap_or_else(PoisonError::into_inner).id());
        match (content, drained, id) {
            (Ok((content, rows)), Ok(_), Some((id, bytes))) => {
                Ok(Document { kind, id, bytes, rows, warnings, content })
            }
            (Ok(_), drained, _) => {
                let fault = drained.err().map_or(Fault::EmptyFile, Fault::from);
                Err(refuse(kind, fault.at(file, None, None), None))
            }
            (Err(error), _, id) => Err(refuse(kind, error, id)),
        }
    }

    fn read_content<R: Receiver, T: Read + Send>(
        &self,
        kind: &mut DocumentKind,
        chunks: &mut ChunkReader<T>,
        receiver: &mut R,
        warnings: &mut Vec<Warning>,
    ) -> Result<(Content, u64), ReadError> {
        let file = self.input.name();
        let first = chunks.next_chunk().and_then(|chunk| chunk.ok_or(Fault::EmptyFile));
        let mut first = first.map_err(|fault| fault.at(file, None, None))?;
        if let Some(fault) = foreign_bytes(&first.text) {
            return Err(fault.at(file, None, None));
        }
        let head = utf8_head(&first.text).ok_or_else(|| Fault::NotUtf8.at(file, None, None))?;
        *kind = identify(head).map_err(|(seems, fault)| {
            *kind = seems;
            fault.at(file, None, None)
        })?;
        match kind {
            DocumentKind::Settlement => {
                let (head, layout) = read_head(file, &mut first, warnings)?;
                let rows = self.read_settlement(first, chunks, &head, &layout, receiver, warnings)?;
                Ok((Content::Settlement(head), rows))
            }
            DocumentKind::Disbursements | DocumentKind::ChargebackNotification | DocumentKind::Dispute => {
                let text = whole_text(first, chunks).map_err(|fault| fault.at(file, None, None))?;
                let records = read_json(*kind, &text, warnings);
                let records = records.map_err(|JsonFault { line, member, fault }| {
                    if matches!(fault, Fault::Foreign { .. }) {
                        *kind = DocumentKind::Unknown;
                    }
                    fault.at(file, line, member)
                })?;
                let rows = records.len() as u64;
                Ok((Content::Records(records), rows))
            }
            _ => {
                let mut all = std::iter::once(Ok(first)).chain(std::iter::from_fn(|| chunks.next_chunk().transpose()));
                let rows = read_transactions(file, *kind, &mut all, &self.options.privacy, warnings)?;
                let count = rows.len() as u64;
                Ok((Content::Records(Records::Transactions(rows)), count))
            }
        }
    }

    fn read_settlement<R: Receiver, T: Read + Send>(
        &self,
        first: Chunk,
        chunks: &mut ChunkReader<T>,
        head: &SettlementHead,
        layout: &Layout,
        receiver: &mut R,
        warnings: &mut Vec<Warning>,
    ) -> Result<u64, ReadError> {
        let file = self.input.name();
        let make = receiver.begin(head).map_err(|fault| fault.at(file, None, None))?;
        let parse = |chunk: &Chunk| {
            let mut sink = make();
            let rows = read_rows(file, chunk, layout, &mut sink)?;
            let replaced = memmem::find(&chunk.text, REPLACEMENT).map(|at| chunk.line_at(at));
            Ok(Parsed { sink, rows, replaced })
        };
        let mut total = 0;
        let mut replaced = None;
        let mut take = |parsed: Parsed<R::Sink>| {
            total += parsed.rows;
            replaced = replaced.or(parsed.replaced);
            receiver.take(parsed.sink).map_err(|fault| fault.at(file, None, None))
        };
        if first.last {
            take(parse(&first)?)?;
        } else {
            parse_in_parallel(file, first, chunks, self.options.workers, &parse, &mut take)?;
        }
        warnings.extend(replaced.map(Warning::replaced));
        Ok(total)
    }
}

/// A text as it is read, its charset, and what went by.
pub(super) type OpenText = (TextReader, Charset, Arc<Mutex<Passage>>);

/// Opens an input as text; its bytes are hashed, counted and copied on as they pass.
pub(super) fn open_text(
    input: &Input,
    options: &ReadOptions,
    copy: Option<&Arc<dyn Copy>>,
    charset: Charset,
) -> Result<OpenText, Fault> {
    let bytes = input.open()?;
    if let Some(copy) = copy {
        copy.restart()?;
    }
    let passage = Arc::new(Mutex::new(Passage::default()));
    let watched = Watched { bytes, passage: Arc::clone(&passage), copy: copy.cloned(), watch: options.watch.clone() };
    let (text, charset) = TextReader::new(Box::new(watched), charset)?;
    Ok((text, charset, passage))
}

/// The first characters of a text; a character that is cut at the end does not count against it.
fn utf8_head(text: &[u8]) -> Option<&str> {
    let head = text.get(..IDENTIFY_BYTES).unwrap_or(text);
    match std::str::from_utf8(head) {
        Ok(head) => Some(head),
        Err(why) if why.error_len().is_none() && text.len() > head.len() => {
            head.get(..why.valid_up_to()).and_then(|head| std::str::from_utf8(head).ok())
        }
        Err(_) => None,
    }
}

fn whole_text<T: Read>(first: Chunk, chunks: &mut ChunkReader<T>) -> Result<String, Fault> {
    let mut text = first.text;
    while let Some(chunk) = chunks.next_chunk()? {
        text.extend_from_slice(&chunk.text);
        if text.len() > JSON_BYTES_MAX {
            return Err(Fault::JsonTooLarge { limit_mib: JSON_BYTES_MAX >> 20 });
        }
    }
    String::from_utf8(text).map_err(|_| Fault::NotUtf8)
}

fn read_json(kind: DocumentKind, text: &str, warnings: &mut Vec<Warning>) -> Result<Records, JsonFault> {
    match kind {
        DocumentKind::Disbursements => read_disbursements(text).map(Records::Disbursements),
        DocumentKind::Dispute => read_disputes(text).map(Records::Disputes),
        _ => read_notification(text, warnings).map(|read| Records::Notification(Box::new(read))),
    }
}

impl Records {
    /// Rows, list items or notifications.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Records::Transactions(rows) => rows.len(),
            Records::Disbursements(list) => list.len(),
            Records::Notification(_) => 1,
            Records::Disputes(list) => list.len(),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

pub(super) fn charset_warning(charset: Charset) -> Vec<Warning> {
    let message = match charset {
        Charset::Utf8 | Charset::Utf16(_) => return Vec::new(),
        Charset::Legacy(encoding) => {
            format!("the bytes are not UTF-8; they were read as {}", encoding.name().to_ascii_lowercase())
        }
    };
    vec![Warning { code: "charset", line: None, message }]
}

/// A warning where the sender declared another charset than UTF-8 and the bytes show that it is UTF-8.
fn contradiction(input: &Input) -> Option<Warning> {
    let declared = input.charset()?;
    let mut bytes = input.open().ok()?;
    let mut piece = vec![0; IDENTIFY_BYTES];
    loop {
        let count = bytes.read(&mut piece).ok().filter(|count| *count > 0)?;
        if !piece.get(..count)?.is_ascii() {
            let name = declared.name().to_ascii_lowercase();
            let message = format!("the sender declared {name} and the bytes are UTF-8; they were read as UTF-8");
            return Some(Warning { code: "charset", line: None, message });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A settlement with these rows, read in pieces of which the first holds the head and little more.
    fn read(rows: &[&[u8]]) -> Result<Document, Box<Refused>> {
        let head = b"SettlementStartDate,2026-08-01T00:00:00Z\nSettlementEndDate,2026-08-02T00:00:00Z\n\
            TransactionPostedDate,SettlementId,TransactionType,CurrencyCode,TransactionAmount,\
            TransactionPercentageFee,TransactionFixedFee,TotalTransactionFee,NetTransactionAmount,StoreName\n";
        let bytes: Vec<u8> = [head.as_slice()].into_iter().chain(rows.iter().copied()).flatten().copied().collect();
        let input = Input::held("f", bytes.into(), head.len() + 10);
        let workers = NonZeroUsize::MIN;
        let options = ReadOptions { workers, privacy: Privacy::Drop, watch: Watch::default() };
        read_document(&input, &options, &mut Skim, None)
    }

    const GOOD: &[u8] = b"2026-08-01T10:00:00Z,1,Capture,EUR,1,0,0,0,1,shop\n";
    const OLD: &[u8] = b"2026-08-01T10:00:00Z,1,Capture,EUR,1,0,0,0,1,M\xfcller\n";
    const SHORT: &[u8] = b"2026-08-01T10:00:00Z,1,Capture\n";

    #[test]
    fn a_fault_before_the_byte_that_tells_the_charset_is_still_told() {
        let refused = read(&[GOOD, SHORT, GOOD, OLD]).unwrap_err();
        assert!(matches!(refused.error.fault, Fault::CellCount { found: 3, expected: 10 }), "{}", refused.error);
        assert_eq!(refused.error.line, Some(5));
        let document = read(&[GOOD, GOOD, GOOD, OLD]).unwrap();
        assert_eq!(document.rows, 4);
        assert!(document.warnings.iter().any(|warning| warning.code == "charset"));
    }
}
