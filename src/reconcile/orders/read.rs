//! Order lists → the order book. Only mapped columns leave this module; names and addresses do not.
//!
//! Lines of one order (its items) share an order number: the first carries the totals, the others repeat
//! them or leave them empty. A file in which one order has two totals is refused with both lines.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::amount::{DecimalMark, Evidence, ShopAmountFault, parse_shop_amount};
use super::book::OrderBook;
use super::date::{DateReader, PLAIN_EXPECTED};
use super::keys::{KeyHasher, amazon_id, bare_number, permission_of};
use super::mapping::{OrderMapping, Places, choose};
use super::piece::{NewOrder, OrderPiece, amazon_cells};
use super::room::Room;
use super::status::OrderStatus;
use crate::domain::{Amount, Currency, DocumentId, Instant, Zone};
use crate::parse::{CellReason, Fault, ForeignRow, ForeignSink, Input, ReadError, ReadOptions, Warning, read_foreign};

/// Orders of one run: what fits the numbers by which they are kept.
const ORDERS_MAX: usize = 100_000_000;
/// Unknown status words that a warning names.
const WORDS_NAMED: usize = 5;

/// How lists are read.
#[derive(Clone, Debug)]
pub struct OrderReading {
    /// The mappings of the config.
    pub configured: Vec<OrderMapping>,
    /// The zone of dates without an offset.
    pub zone: Zone,
    /// Orders placed outside are counted and left out.
    pub window: Window,
    /// Keys that are looked for outside the window; then only orders outside with one of them are taken.
    pub wanted: Option<Arc<HashSet<u64>>>,
}

/// Half-open range of instants around the period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// First instant, milliseconds.
    pub from_millis: i64,
    /// Instant after the last, milliseconds.
    pub until_millis: i64,
}

impl Window {
    /// Every instant.
    pub const ALWAYS: Window = Window { from_millis: i64::MIN, until_millis: i64::MAX };

    /// Whether an instant lies in it.
    #[must_use]
    pub fn contains(self, at: Instant) -> bool {
        (self.from_millis..self.until_millis).contains(&at.utc_millis())
    }
}

/// What became of the rows of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderFileCount {
    /// Orders taken.
    pub orders: u64,
    /// Further lines of orders: their items, or the same again.
    pub further_lines: u64,
    /// Orders paid otherwise.
    pub other_methods: u64,
    /// Orders placed outside the window.
    pub outside: u64,
}

/// A list that was read.
#[derive(Clone, Debug)]
pub struct OrderFile {
    /// The file as the user knows it.
    pub file: String,
    /// Its hash.
    pub id: DocumentId,
    /// Rows below the header.
    pub rows: u64,
    /// The mapping by which it was read.
    pub mapping: String,
    /// What became of its rows.
    pub count: OrderFileCount,
    /// What is worth saying about it.
    pub warnings: Vec<Warning>,
}

/// Reads one list into the book.
///
/// # Errors
/// The file with its line and column; nothing of it is in the book then.
pub fn read_orders(
    input: &Input,
    named: Option<&str>,
    reading: &OrderReading,
    options: &ReadOptions,
    book: &mut OrderBook,
) -> Result<OrderFile, ReadError> {
    let presets = OrderMapping::presets();
    let attempt =
        |mark| Attempt { input, named, reading, options, presets: &presets, hasher: &book.hasher, mark }.read();
    let read = match attempt(DecimalMark::Point) {
        Err(first) if is_other_mark(&first.fault) => match attempt(DecimalMark::Comma) {
            // Both marks in one file: the place that contradicts the first amount that is sure of itself.
            Err(second) if is_other_mark(&second.fault) => Err(two_marks(first, second)),
            other => other,
        },
        other => other,
    };
    let (pieces, file) = read?;
    let orders: usize = book.len() + pieces.iter().map(|piece| piece.orders.len()).sum::<usize>();
    if orders > ORDERS_MAX {
        return Err(Fault::TooManyOrders { limit: ORDERS_MAX }.at(input.name(), None, None));
    }
    book.add(&file.file, pieces);
    Ok(file)
}

fn is_other_mark(fault: &Fault) -> bool {
    matches!(fault, Fault::TwoDecimalMarks { .. })
}

/// The later of the two places tells both lines.
fn two_marks(first: ReadError, second: ReadError) -> ReadError {
    let (earlier, mut later) = if first.line <= second.line { (first, second) } else { (second, first) };
    if let Fault::TwoDecimalMarks { line, .. } = &mut later.fault {
        *line = earlier.line.unwrap_or_default();
    }
    later
}

struct Attempt<'a> {
    input: &'a Input,
    named: Option<&'a str>,
    reading: &'a OrderReading,
    options: &'a ReadOptions,
    presets: &'a [OrderMapping],
    hasher: &'a KeyHasher,
    mark: DecimalMark,
}

impl Attempt<'_> {
    fn read(self) -> Result<(Vec<OrderPiece>, OrderFile), ReadError> {
        let whole = RefCell::new(Gathered::default());
        let mut chosen = None;
        let file = self.input.name();
        let table = read_foreign(
            self.input,
            self.options,
            &mut |header| {
                let (mapping, places) = choose(&self.reading.configured, self.presets, self.named, header)?;
                whole.replace(Gathered::default());
                chosen = Some(mapping);
                let plan = Arc::new(Plan {
                    places,
                    mapping: mapping.clone(),
                    mark: mapping.decimal.unwrap_or(self.mark),
                    window: self.reading.window,
                    wanted: self.reading.wanted.clone(),
                    hasher: *self.hasher,
                    room: Room::default(),
                });
                let dates = DateReader::new(mapping.date_format.clone(), mapping.timezone.unwrap_or(self.reading.zone));
                Ok(Box::new(move || OrderSink::new(Arc::clone(&plan), dates.clone())))
            },
            &mut |sink: OrderSink| whole.borrow_mut().take(sink),
        )?;
        let mut whole = whole.into_inner();
        let mapping = chosen.map(|mapping| mapping.name.clone()).unwrap_or_default();
        let stated = chosen.is_some_and(|mapping| mapping.decimal.is_some());
        if let Some((line, value)) = whole.doubt.take().filter(|_| !whole.proof && !stated) {
            return Err(Fault::AmbiguousDecimals { value }.at(file, line, None));
        }
        let mut warnings = table.warnings;
        warnings.extend(unknown_words(&whole.words));
        let file =
            OrderFile { file: file.to_owned(), id: table.id, rows: table.rows, mapping, count: whole.count, warnings };
        Ok((whole.pieces, file))
    }
}

fn unknown_words(words: &BTreeMap<String, (u64, u64)>) -> Option<Warning> {
    let (_, (_, line)) = words.iter().next()?;
    let named: Vec<String> = words
        .iter()
        .take(WORDS_NAMED)
        .map(|(word, (count, _))| format!("`{}` ({count} times)", word.escape_debug()))
        .collect();
    let message = format!("status words that are not known were taken for paid: {}", named.join(", "));
    Some(Warning { code: "unknown_status", line: Some(*line), message })
}

/// All pieces of a file, in order.
#[derive(Default)]
struct Gathered {
    pieces: Vec<OrderPiece>,
    count: OrderFileCount,
    words: BTreeMap<String, (u64, u64)>,
    proof: bool,
    doubt: Option<(u64, String)>,
    /// The order of the last row, taken or not.
    last_id: String,
}

impl Gathered {
    fn take(&mut self, mut sink: OrderSink) -> Result<(), CellReason> {
        // Items of the order with which the piece before ended.
        if let Some((line, item)) = sink.leading.iter().find(|(_, item)| *item != self.last_id) {
            let why = "the line has no total, and the order above is another one";
            let fault = Fault::ShopAmount { value: item.clone(), why };
            return Err(CellReason { line: Some(*line), column: None, fault });
        }
        if !sink.last_id.is_empty() {
            self.last_id = std::mem::take(&mut sink.last_id);
        }
        self.count.orders += sink.piece.orders.len() as u64;
        self.count.further_lines += sink.count.further_lines + sink.leading.len() as u64;
        self.count.other_methods += sink.count.other_methods;
        self.count.outside += sink.count.outside;
        self.proof |= sink.proof;
        if self.doubt.is_none() {
            self.doubt = sink.doubt.take();
        }
        for (word, (count, line)) in sink.words {
            self.words.entry(word).or_insert((0, line)).0 += count;
        }
        sink.piece.note_room(&sink.plan.room);
        self.pieces.push(sink.piece);
        Ok(())
    }
}

/// What every piece of a file needs.
struct Plan {
    places: Places,
    mapping: OrderMapping,
    mark: DecimalMark,
    window: Window,
    wanted: Option<Arc<HashSet<u64>>>,
    hasher: KeyHasher,
    room: Room,
}

impl Plan {
    /// Whether an order placed then is taken.
    fn takes(&self, placed: Option<Instant>, row: &ForeignRow<'_>) -> bool {
        let within = placed.is_none_or(|placed| self.window.contains(placed));
        match &self.wanted {
            None => within,
            Some(wanted) => !within && self.hashes(row).any(|hash| wanted.contains(&hash)),
        }
    }

    /// Every key of an order.
    fn hashes<'r>(&'r self, row: &'r ForeignRow<'_>) -> impl Iterator<Item = u64> + 'r {
        let places = &self.places;
        let names = [Some(places.order_id), places.merchant_reference, places.invoice_no];
        let names = names.into_iter().flatten().map(|place| self.hasher.name(bare_number(row.get(place))));
        let ids = places.external_id.iter().flat_map(|place| amazon_cells(row.get(*place)));
        let ids = ids.filter_map(|cell| amazon_id(cell).map(|(id, _)| id));
        names.chain(
            ids.flat_map(|id| [Some(id), permission_of(id)].into_iter().flatten().map(|id| self.hasher.amazon(id))),
        )
    }
}

/// Takes the rows of one piece.
struct OrderSink {
    plan: Arc<Plan>,
    dates: DateReader,
    piece: OrderPiece,
    count: OrderFileCount,
    words: BTreeMap<String, (u64, u64)>,
    word: (String, OrderStatus),
    method: (String, bool),
    currency: Option<(String, Currency)>,
    /// Rows without a total before the first order of the piece: items of the order before.
    leading: Vec<(u64, String)>,
    /// The order of the last row, and whether it was taken: its items share its fate.
    last_id: String,
    last_taken: bool,
    proof: bool,
    doubt: Option<(u64, String)>,
}

impl OrderSink {
    fn new(plan: Arc<Plan>, dates: DateReader) -> Self {
        let piece = OrderPiece::with_room(&plan.room);
        let method_empty = plan.mapping.is_amazon("");
        Self {
            plan,
            dates,
            piece,
            count: OrderFileCount::default(),
            words: BTreeMap::new(),
            word: (String::new(), OrderStatus::of("")),
            method: (String::new(), method_empty),
            currency: None,
            leading: Vec::new(),
            last_id: String::new(),
            last_taken: false,
            proof: false,
            doubt: None,
        }
    }

    fn is_amazon(&mut self, method: &str) -> bool {
        if self.method.0 != method {
            self.method = (method.to_owned(), self.plan.mapping.is_amazon(method));
        }
        self.method.1
    }

    fn status(&mut self, word: &str, line: u64) -> OrderStatus {
        if self.word.0 != word {
            self.word = (word.to_owned(), OrderStatus::of(word));
        }
        if self.word.1 == OrderStatus::Unknown {
            self.words.entry(word.to_owned()).or_insert((0, line)).0 += 1;
        }
        self.word.1
    }

    fn currency(&mut self, cell: &str, place: usize) -> Result<Currency, CellReason> {
        if let Some((known, currency)) = &self.currency
            && known == cell
        {
            return Ok(*currency);
        }
        let at = |fault| CellReason::at(place, fault);
        if cell.is_empty() {
            return Err(at(Fault::EmptyCell));
        }
        let read = cell.to_ascii_uppercase().parse::<Currency>();
        let currency = read.map_err(|_| at(Fault::Currency { value: cell.to_owned() }))?;
        self.currency = Some((cell.to_owned(), currency));
        Ok(currency)
    }

    fn amount(&mut self, row: &ForeignRow<'_>, place: usize, currency: Currency) -> Result<Amount, CellReason> {
        let cell = row.get(place);
        match parse_shop_amount(cell, self.plan.mark, currency.minor_digits()) {
            Ok((amount, evidence)) => {
                self.proof |= evidence == Evidence::Proof;
                if evidence == Evidence::Doubt && self.doubt.is_none() {
                    self.doubt = Some((row.line(), cell.to_owned()));
                }
                Ok(amount)
            }
            Err(why) => {
                let value = cell.to_owned();
                let fault = match why {
                    ShopAmountFault::OtherMark => {
                        Fault::TwoDecimalMarks { value, mark: self.plan.mark.other().character(), line: 0 }
                    }
                    ShopAmountFault::Why(why) => Fault::ShopAmount { value, why },
                };
                Err(CellReason::at(place, fault))
            }
        }
    }

    fn placed(&mut self, row: &ForeignRow<'_>) -> Result<Option<Instant>, CellReason> {
        let plan = Arc::clone(&self.plan);
        let filled = plan.places.date.iter().find(|place| !row.get(**place).is_empty());
        let Some(place) = filled else { return Ok(None) };
        let cell = row.get(*place);
        self.dates.read(cell).map(Some).ok_or_else(|| {
            let expected = plan.mapping.date_format.clone().unwrap_or_else(|| PLAIN_EXPECTED.to_owned());
            CellReason::at(*place, Fault::ShopDate { value: cell.to_owned(), expected })
        })
    }

    /// A further line of the order above: nothing but its number.
    fn is_item(&mut self, row: &ForeignRow<'_>, id: &str) -> bool {
        if !row.get(self.plan.places.gross).is_empty() {
            return false;
        }
        if self.last_id == id {
            self.count.further_lines += 1;
            return true;
        }
        let first = self.last_id.is_empty();
        if first {
            self.leading.push((row.line(), id.to_owned()));
        }
        first
    }

    /// The same order once more, with the same total. With another one it is kept: a conflict of two lines.
    fn repeats(&self, order: &NewOrder<'_>) -> bool {
        let known = self.piece.orders.last().filter(|known| self.last_taken && self.piece.id(known) == order.id);
        known.is_some_and(|known| (known.gross, known.currency) == (order.gross, order.currency))
    }

    /// Counts an order that is left out, once for all its lines.
    fn skip(&mut self, id: &str, count: fn(&mut OrderFileCount) -> &mut u64) {
        let again = self.last_id == id;
        let target = if again { &mut self.count.further_lines } else { count(&mut self.count) };
        *target += 1;
        self.remember(id, false);
    }

    fn remember(&mut self, id: &str, taken: bool) {
        if self.last_id != id {
            id.clone_into(&mut self.last_id);
        }
        self.last_taken = taken;
    }
}

impl ForeignSink for OrderSink {
    fn row(&mut self, row: &ForeignRow<'_>) -> Result<(), CellReason> {
        let plan = Arc::clone(&self.plan);
        let places = &plan.places;
        let id = row.get(places.order_id);
        if id.is_empty() {
            return Err(CellReason::at(places.order_id, Fault::EmptyCell));
        }
        if self.is_item(row, id) {
            return Ok(());
        }
        if !places.payment_method.is_none_or(|place| self.is_amazon(row.get(place))) {
            self.skip(id, |count| &mut count.other_methods);
            return Ok(());
        }
        let placed = self.placed(row)?;
        if !plan.takes(placed, row) {
            self.skip(id, |count| &mut count.outside);
            return Ok(());
        }
        let currency = match (plan.mapping.fixed_currency, places.currency) {
            (Some(currency), _) => currency,
            (None, Some(place)) => self.currency(row.get(place), place)?,
            (None, None) => return Err(Fault::EmptyCell.into()),
        };
        let refunded = places.refunded.filter(|place| !row.get(*place).is_empty());
        let order = NewOrder {
            id,
            reference: places.merchant_reference.map(|place| row.get(place)).unwrap_or_default(),
            invoice: places.invoice_no.map(|place| row.get(place)).unwrap_or_default(),
            gross: self.amount(row, places.gross, currency)?,
            refunded: refunded.map(|place| self.amount(row, place, currency)).transpose()?,
            currency,
            placed,
            status: places.status.map_or(OrderStatus::Paid, |place| self.status(row.get(place), row.line())),
            line: row.line(),
        };
        if self.repeats(&order) {
            self.count.further_lines += 1;
            return Ok(());
        }
        self.remember(id, true);
        self.piece.push(&order, places.external_id.iter().map(|place| row.get(*place)), &plan.hasher);
        Ok(())
    }
}
