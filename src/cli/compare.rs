//! Compares the rows of some documents with those of others, in two passes over their bytes.
//!
//! The first pass counts fingerprints: 16 bytes a row while a document is read, 24 a row of the first side after.
//! The second reads again and keeps only rows that the other side lacks.

use std::collections::BTreeSet;

use super::failure::Failure;
use super::restated_rows::{RowSource, each_of};
use crate::archive::Archive;
use crate::domain::{Currency, DocumentId, SettlementId, Zone};
use crate::ledger::RowVisitor;
use crate::parse::{Fault, Input, ReadOptions, SettlementRow};
use crate::reconcile::{Likeness, RowPrint, RowPrints, RowRange};
use crate::report::{
    DIFF_ROWS_MAX, DiffCells, DiffCounts, DiffDocument, DiffEnd, DiffSide, DiffSource, DiffState, DiffTallies,
    pair_rows,
};

/// A document of a side, and which of its rows belong to it.
pub(super) struct Part {
    place: Place,
    file: String,
    only: Option<(Currency, RowRange)>,
}

/// Where its bytes are.
enum Place {
    Stored(DocumentId),
    File(Box<Input>),
}

impl Part {
    /// A document of the archive.
    pub(super) fn stored(id: DocumentId, file: &str) -> Self {
        Self { place: Place::Stored(id), file: file.to_owned(), only: None }
    }

    /// A file.
    pub(super) fn file(input: Input) -> Self {
        let file = input.name().to_owned();
        Self { place: Place::File(Box::new(input)), file, only: None }
    }

    /// Only some of its rows.
    pub(super) fn only(mut self, currency: Currency, range: RowRange) -> Self {
        self.only = Some((currency, range));
        self
    }

    fn wants(&self, row: &SettlementRow<'_>) -> bool {
        self.only.is_none_or(|(currency, range)| currency == row.currency && range.holds(row.posted))
    }
}

/// Two sides.
pub(super) struct Comparison<'a> {
    pub(super) archive: Option<&'a Archive>,
    pub(super) options: ReadOptions,
    /// The zone of instants that are shown.
    pub(super) zone: Zone,
    pub(super) before: Vec<Part>,
    pub(super) after: Vec<Part>,
}

/// What the first pass found.
#[derive(Default)]
pub(super) struct Found {
    prints: RowPrints,
    tallies: DiffTallies,
    rows: [u64; 2],
    sources: [Vec<DiffSource>; 2],
}

impl Comparison<'_> {
    /// Compares one document with another.
    pub(super) fn of_documents(&self) -> Result<DiffDocument, Failure> {
        let title = |parts: &[Part]| parts.first().map(|part| part.file.clone()).unwrap_or_default();
        let titles = [title(&self.before), title(&self.after)];
        let mut document = self.of_parts(titles)?;
        let ids = [&document.before, &document.after].map(|side| {
            side.documents.iter().filter_map(|source| source.settlement_id.clone()).collect::<BTreeSet<SettlementId>>()
        });
        let [before, after] = &ids;
        if before != after {
            document.notes.push("these are documents of different settlements".to_owned());
        }
        if document.same {
            document.notes.push(same_bytes(&document).to_owned());
        }
        Ok(document)
    }

    /// Compares all parts of one side with all of the other.
    pub(super) fn of_parts(&self, [before, after]: [String; 2]) -> Result<DiffDocument, Failure> {
        let mut found = self.first_pass()?;
        let (only_after, only_before) = found.prints.unlike();
        let same = found.rows.first().copied().unwrap_or_default() - only_before;
        let (rows, left_out) = self.second_pass(&mut found)?;
        let changed = rows.iter().filter(|row| row.state == DiffState::Changed).count() as u64;
        let [documents_before, documents_after] = found.sources;
        Ok(DiffDocument {
            schema: "settle.diff/1",
            period: None,
            before: DiffSide { title: before, documents: documents_before },
            after: DiffSide { title: after, documents: documents_after },
            same: only_before == 0 && only_after == 0,
            counts: DiffCounts { same, only_before: only_before - changed, only_after: only_after - changed, changed },
            totals: found.tallies.totals()?,
            rows,
            rows_left_out: left_out,
            notes: Vec::new(),
        })
    }

    /// How many rows only one and only the other side has: after first.
    pub(super) fn unlike(&self) -> Result<(u64, u64), Failure> {
        Ok(self.first_pass()?.prints.unlike())
    }

    fn first_pass(&self) -> Result<Found, Failure> {
        let mut found = Found::default();
        let Found { prints, tallies, rows: [rows_before, rows_after], sources: [sources_before, sources_after] } =
            &mut found;
        for (end, sign, parts, rows, sources) in [
            (DiffEnd::Before, -1, &self.before, rows_before, sources_before),
            (DiffEnd::After, 1, &self.after, rows_after, sources_after),
        ] {
            for part in parts {
                let mut count = Count { part, end, own: Vec::new(), tallies: DiffTallies::default(), settlement: None };
                self.each(part, &mut count)?;
                *rows += count.own.len() as u64;
                sources.push(DiffSource {
                    file: part.file.clone(),
                    sha256: part.id(),
                    settlement_id: count.settlement,
                    rows: count.own.len() as u64,
                });
                count.own.iter().for_each(|print| prints.add(*print, sign));
                tallies.merge(count.tallies);
            }
        }
        Ok(found)
    }

    /// The rows that only one side has, paired, and how many more there are.
    fn second_pass(&self, found: &mut Found) -> Result<(Vec<crate::report::DiffRow>, u64), Failure> {
        let mut sides = [Vec::new(), Vec::new()];
        let mut left_out = 0;
        if found.prints.is_empty() {
            return Ok((Vec::new(), 0));
        }
        for ((sign, parts), side) in [(-1, &self.before), (1, &self.after)].into_iter().zip(&mut sides) {
            for part in parts {
                let room = DIFF_ROWS_MAX - side.len();
                let (prints, zone) = (&mut found.prints, self.zone);
                let mut pick = Pick { part, sign, zone, room, own: Vec::new(), left_out: 0, prints, taken: Vec::new() };
                self.each(part, &mut pick)?;
                let (own, more) = (pick.own, pick.left_out);
                side.extend(own);
                left_out += more;
            }
        }
        let [before, after] = sides;
        Ok((pair_rows(before, after), left_out))
    }

    fn each(&self, part: &Part, visitor: &mut dyn RowVisitor) -> Result<(), Failure> {
        match (&part.place, self.archive) {
            (Place::File(input), _) => each_of(input, &self.options, None, visitor),
            (Place::Stored(id), Some(archive)) => {
                RowSource::Archive { archive, options: self.options.clone() }.each(id, &part.file, visitor)
            }
            (Place::Stored(_), None) => Ok(()),
        }
    }
}

impl Part {
    fn id(&self) -> Option<DocumentId> {
        match &self.place {
            Place::Stored(id) => Some(id.clone()),
            Place::File(input) => {
                input.open().ok().and_then(|stream| crate::archive::hash(stream).ok()).map(|(id, _)| id)
            }
        }
    }
}

/// Why two documents show no difference.
fn same_bytes(document: &DiffDocument) -> &'static str {
    let hash = |side: &DiffSide| side.documents.first().and_then(|source| source.sha256.clone());
    if hash(&document.before) == hash(&document.after) {
        "both are the same bytes"
    } else {
        "the bytes differ, the rows do not: preamble, order or form"
    }
}

/// The first pass over one part.
struct Count<'a> {
    part: &'a Part,
    end: DiffEnd,
    own: Vec<RowPrint>,
    tallies: DiffTallies,
    settlement: Option<SettlementId>,
}

impl RowVisitor for Count<'_> {
    fn begin(&mut self) {
        self.own.clear();
        self.tallies = DiffTallies::default();
    }

    fn row(&mut self, row: &SettlementRow<'_>) -> Result<(), Fault> {
        if self.part.wants(row) {
            self.settlement.get_or_insert_with(|| SettlementId::new(row.settlement_id));
            self.own.push(RowPrint::of(row, Likeness::Whole));
            self.tallies.add_row(row, self.end);
        }
        Ok(())
    }
}

/// The second pass over one part.
struct Pick<'a> {
    part: &'a Part,
    sign: i64,
    zone: Zone,
    room: usize,
    own: Vec<DiffCells>,
    left_out: u64,
    prints: &'a mut RowPrints,
    /// What was crossed off since the document began.
    taken: Vec<RowPrint>,
}

impl RowVisitor for Pick<'_> {
    fn begin(&mut self) {
        self.own.clear();
        self.left_out = 0;
        for print in self.taken.drain(..) {
            self.prints.put_back(print, self.sign);
        }
    }

    fn row(&mut self, row: &SettlementRow<'_>) -> Result<(), Fault> {
        let print = RowPrint::of(row, Likeness::Whole);
        if !self.part.wants(row) || !self.prints.take(print, self.sign) {
            return Ok(());
        }
        self.taken.push(print);
        if self.own.len() < self.room {
            self.own.push(DiffCells::of(row, &self.part.file, self.zone));
        } else {
            self.left_out += 1;
        }
        Ok(())
    }
}
