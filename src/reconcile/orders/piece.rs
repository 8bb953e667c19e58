//! The orders of one piece of a list, kept small: numbers in one place, texts in another.
//!
//! An order is one line of the processor's cache, and points into the texts of its piece.

use super::keys::{AmazonShape, KeyHasher, amazon_id, bare_number, is_usual_id, permission_of, same_amazon};
use super::room::Room;
use super::status::OrderStatus;
use crate::domain::{Amount, Currency, Instant};

/// Stands for an amount or an instant that the list does not give; none that is read is as small.
const ABSENT: i64 = i64::MIN;
/// Stands between the ids of an order; [`amazon_cells`] leaves none with it.
const ID_SEPARATOR: char = ',';

/// One order, in one line of the processor's cache: there may be millions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    pub(super) gross: Amount,
    refunded_units: i64,
    placed_millis: i64,
    pub(super) line: u64,
    /// Number, reference, invoice and ids of Amazon stand one behind the other in the texts of the piece.
    pub(super) start: u32,
    pub(super) lens: [u32; 3],
    ids_len: u32,
    /// How many ids there are.
    pub(super) ids: u32,
    pub(super) currency: Currency,
    pub(super) status: OrderStatus,
    /// Another list has it with another total or currency.
    pub(super) conflict: bool,
    /// Another list has it, and that one counts.
    pub(super) dropped: bool,
}

impl Order {
    /// Where its texts begin, and their length.
    pub(super) fn texts(&self) -> (usize, usize) {
        let lens = self.lens.iter().chain([&self.ids_len]).map(|len| *len as usize);
        (self.start as usize, lens.sum())
    }

    /// What the shop says was refunded.
    pub(super) fn refunded(&self) -> Option<Amount> {
        (self.refunded_units != ABSENT).then(|| Amount::from_units(self.refunded_units))
    }

    /// When it was placed.
    pub(super) fn placed(&self) -> Option<Instant> {
        (self.placed_millis != ABSENT).then(|| Instant::new(self.placed_millis, 0))
    }

    /// What another list knows more of the same order.
    pub(super) fn merge(&mut self, other: &Order) {
        self.status = self.status.max(other.status);
        self.refunded_units = self.refunded_units.max(other.refunded_units);
        self.placed_millis = match (self.placed_millis, other.placed_millis) {
            (ABSENT, known) | (known, ABSENT) => known,
            (one, two) => one.min(two),
        };
    }
}

/// The orders of one piece of a list.
#[derive(Debug, Default)]
pub(super) struct OrderPiece {
    pub(super) texts: String,
    pub(super) orders: Vec<Order>,
    /// Hashes of the ids of Amazon, order by order.
    pub(super) ids: Vec<u64>,
    /// Whether there is more than charge permissions among them.
    pub(super) knows_charges: bool,
    /// Hashes of their numbers.
    pub(super) names: Vec<u64>,
    /// The number of the list.
    pub(super) file: u16,
}

/// An order as it is put into a piece.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewOrder<'a> {
    pub(super) id: &'a str,
    pub(super) reference: &'a str,
    pub(super) invoice: &'a str,
    pub(super) gross: Amount,
    pub(super) refunded: Option<Amount>,
    pub(super) currency: Currency,
    pub(super) placed: Option<Instant>,
    pub(super) status: OrderStatus,
    pub(super) line: u64,
}

impl OrderPiece {
    /// An empty piece with room for as much as others had.
    pub(super) fn with_room(room: &Room) -> Self {
        let (rows, bytes) = room.expected();
        Self {
            texts: String::with_capacity(bytes),
            orders: Vec::with_capacity(rows),
            ids: Vec::with_capacity(rows),
            names: Vec::with_capacity(rows),
            ..Self::default()
        }
    }

    /// Tells how much room it took.
    pub(super) fn note_room(&self, room: &Room) {
        room.note(self.orders.len(), self.texts.len());
    }

    /// Adds an order and what of its cells are ids of Amazon.
    pub(super) fn push<'a>(&mut self, order: &NewOrder<'_>, ids: impl Iterator<Item = &'a str>, hasher: &KeyHasher) {
        let number = |len: usize| u32::try_from(len).unwrap_or(u32::MAX);
        let texts = [order.id, order.reference, order.invoice];
        let start = number(self.texts.len());
        texts.iter().for_each(|text| self.texts.push_str(text));
        let (ids_start, first_id) = (self.texts.len(), self.ids.len());
        for (id, shape) in ids.flat_map(amazon_cells).filter_map(amazon_id) {
            self.knows_charges |= shape != AmazonShape::Permission;
            if self.texts.len() > ids_start {
                self.texts.push(ID_SEPARATOR);
            }
            self.texts.push_str(id);
            self.ids.push(hasher.amazon(id));
        }
        self.names.push(hasher.name(bare_number(order.id)));
        self.orders.push(Order {
            gross: order.gross,
            refunded_units: order.refunded.map_or(ABSENT, Amount::units),
            placed_millis: order.placed.map_or(ABSENT, Instant::utc_millis),
            line: order.line,
            start,
            lens: texts.map(|text| number(text.len())),
            ids_len: number(self.texts.len() - ids_start),
            ids: number(self.ids.len() - first_id),
            currency: order.currency,
            status: order.status,
            conflict: false,
            dropped: false,
        });
    }

    fn text(&self, start: u32, len: u32) -> &str {
        let start = start as usize;
        self.texts.get(start..start + len as usize).unwrap_or_default()
    }

    /// The number of an order.
    pub(super) fn id(&self, order: &Order) -> &str {
        self.text(order.start, order.lens[0])
    }

    /// What was sent to Amazon as its reference, where the list has that.
    pub(super) fn reference(&self, order: &Order) -> &str {
        self.text(order.start.saturating_add(order.lens[0]), order.lens[1])
    }

    pub(super) fn invoice(&self, order: &Order) -> &str {
        self.text(order.start.saturating_add(order.lens[0]).saturating_add(order.lens[1]), order.lens[2])
    }

    /// The ids of Amazon that the list gives an order.
    pub(super) fn ids_of(&self, order: &Order) -> impl Iterator<Item = &str> {
        let start = order.lens.iter().fold(order.start, |start, len| start.saturating_add(*len));
        let joined = Some(self.text(start, order.ids_len)).filter(|ids| !ids.is_empty());
        // Nearly always there is one, and then nothing has to be searched for.
        let one = joined.filter(|ids| is_usual_id(ids));
        let several = joined.filter(|_| one.is_none());
        one.into_iter().chain(several.into_iter().flat_map(|ids| ids.split(ID_SEPARATOR)))
    }

    /// Whether the list gives the order this id of Amazon, exactly or as a part of it.
    pub(super) fn knows_id(&self, order: &Order, id: &str) -> bool {
        self.ids_of(order).any(|known| {
            same_amazon(known, id) || permission_of(known).is_some_and(|permission| same_amazon(permission, id))
        })
    }
}

/// The ids in a cell; shops print several refunds, or several payments, in one.
pub(super) fn amazon_cells(cell: &str) -> impl Iterator<Item = &str> {
    // Nearly always there is one, and then nothing has to be searched for.
    let one = Some(cell).filter(|cell| is_usual_id(cell));
    let several = if one.is_some() { "" } else { cell };
    one.into_iter().chain(several.split([',', ';', ' ', '|', '+']).filter(|id| !id.is_empty()))
}
