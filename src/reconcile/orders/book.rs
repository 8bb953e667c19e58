//! The orders of all lists: they stay in the pieces in which they were parsed and are numbered through.
//!
//! Order numbers and Amazon's ids are looked up in one table each. Lists may overlap: the same order with
//! the same content counts once; with another total or currency it is a conflict, and never matched.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use super::keys::{KeyHasher, bare_number, permission_of, same_name};
use super::payments::{Payment, PaymentFilter, PaymentIds, SandboxRows};
use super::piece::{Order, OrderPiece};
use super::read::Window;
use super::room::Room;
use super::table::{Found, KeyTable};
use crate::domain::Currency;

/// Orders whose places in a table are fetched from memory together.
const ORDERS_TOGETHER: usize = 32;
/// So many orders share one entry of the table that finds an order's piece.
const BLOCK_ORDERS: u32 = 4_096;

/// Two lists that do not say the same of one order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderConflict {
    /// The order.
    pub order: String,
    /// The two places: file and line.
    pub places: [(String, u64); 2],
}

/// All orders, and the tables in which they are found.
#[derive(Debug, Default)]
pub struct OrderBook {
    pub(super) hasher: KeyHasher,
    pieces: Vec<OrderPiece>,
    /// The number of the first order of each piece, among all.
    firsts: Vec<u32>,
    /// The piece of every [`BLOCK_ORDERS`]th order.
    blocks: Vec<u32>,
    orders: usize,
    /// The files, as the user knows them.
    files: Vec<String>,
    by_amazon: KeyTable,
    /// Whether a list gives more than charge permissions.
    knows_charges: bool,
    by_name: KeyTable,
    /// Orders that stand in several lists, and those that count for them.
    twins: BTreeMap<u32, u32>,
    /// Those that count, with what they stand for.
    stands_for: BTreeMap<u32, Vec<u32>>,
    /// Orders that stood in two lists with the same content.
    pub repeated: u64,
    /// Orders that stood in two lists with another content.
    pub conflicts: Vec<OrderConflict>,
}

impl OrderBook {
    /// An empty book whose keys are hashed as in another.
    #[must_use]
    pub fn sharing_keys(other: &Self) -> Self {
        Self { hasher: other.hasher, ..Self::default() }
    }

    /// Orders in it, those of several lists counted in each.
    #[must_use]
    pub fn len(&self) -> usize {
        self.orders
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.orders == 0
    }

    /// Takes the lists of another book that shares its keys and has no tables yet.
    pub fn append(&mut self, other: Self) {
        let files = u16::try_from(self.files.len()).unwrap_or(u16::MAX);
        for piece in other.pieces {
            let file = piece.file.saturating_add(files);
            self.push_piece(OrderPiece { file, ..piece });
        }
        self.files.extend(other.files);
    }

    /// Takes the pieces of a list.
    pub(super) fn add(&mut self, file: &str, pieces: Vec<OrderPiece>) {
        let file_index = u16::try_from(self.files.len()).unwrap_or(u16::MAX);
        self.files.push(file.to_owned());
        for piece in pieces {
            self.push_piece(OrderPiece { file: file_index, ..piece });
        }
    }

    fn push_piece(&mut self, piece: OrderPiece) {
        if let (Ok(first), Ok(place)) = (u32::try_from(self.orders), u32::try_from(self.pieces.len())) {
            self.firsts.push(first);
            self.orders += piece.orders.len();
            self.blocks.resize(self.orders.div_ceil(BLOCK_ORDERS as usize), place);
            self.pieces.push(piece);
        }
    }

    /// Makes the tables, once all lists are in; again, where more were added.
    pub fn index(&mut self) {
        // Which orders count for others is nearly always known before: none does.
        let book: &Self = self;
        let (names, ids) = std::thread::scope(|scope| {
            let ids = scope.spawn(|| book.index_ids());
            (book.index_names(), ids.join())
        });
        self.by_name = names.table;
        for &(at, twin) in &names.dropped {
            self.twins.insert(at, twin);
            self.stands_for.entry(twin).or_default().push(at);
        }
        for &(kept, other) in &names.conflicts {
            self.note_conflict(kept, other);
        }
        self.repeated += (names.dropped.len() - names.conflicts.len()) as u64;
        self.knows_charges = self.pieces.iter().any(|piece| piece.knows_charges);
        self.by_amazon = match ids {
            Ok(ids) if names.dropped.is_empty() => ids,
            _ => self.index_ids(),
        };
        self.merge_twins(&names.dropped);
    }

    /// Every order with its number among all and its piece, those that do not count as well.
    fn all(&self) -> impl Iterator<Item = (u32, &OrderPiece, usize, &Order)> {
        self.pieces.iter().zip(&self.firsts).flat_map(|(piece, first)| {
            let orders = piece.orders.iter().enumerate();
            orders
                .filter_map(move |(row, order)| Some((first.checked_add(u32::try_from(row).ok()?)?, piece, row, order)))
        })
    }

    /// Number and reference sent to Amazon; the first of equal orders stays, whatever the order of the lists.
    fn index_names(&self) -> Names {
        let mut names =
            Names { table: KeyTable::with_capacity(self.orders), dropped: Vec::new(), conflicts: Vec::new() };
        for (at, piece, row, order) in self.all() {
            if row.is_multiple_of(ORDERS_TOGETHER) {
                names.table.fetch(piece.names.iter().skip(row).take(ORDERS_TOGETHER).copied());
            }
            let Some(hash) = piece.names.get(row).filter(|_| !order.dropped) else { continue };
            let id = piece.id(order);
            let twin = names.table.get(*hash).find(|known| same_name(self.id(*known), id));
            match twin.and_then(|twin| Some((twin, self.order(twin)?))) {
                None => names.table.insert(*hash, at),
                Some((twin, known)) => {
                    names.dropped.push((at, twin));
                    if (known.gross, known.currency) != (order.gross, order.currency) {
                        names.conflicts.push((twin, at));
                    }
                }
            }
        }
        let dropped: BTreeMap<u32, u32> = names.dropped.iter().copied().collect();
        for (at, piece, row, order) in self.all().filter(|(.., order)| order.lens[1] > 0 || order.lens[2] > 0) {
            let owner = dropped.get(&at).or_else(|| self.twins.get(&at)).copied().unwrap_or(at);
            let mut known = piece.names.get(row).copied().unwrap_or_default();
            for text in [piece.reference(order), piece.invoice(order)] {
                let hash = if text.is_empty() { known } else { self.hasher.name(bare_number(text)) };
                if hash != known {
                    names.table.insert(hash, owner);
                    known = hash;
                }
            }
        }
        names
    }

    fn index_ids(&self) -> KeyTable {
        let mut table = KeyTable::with_capacity(self.pieces.iter().map(|piece| piece.ids.len()).sum());
        let mut hashes: &[u64] = &[];
        for (at, piece, row, order) in self.all() {
            if row == 0 {
                hashes = &piece.ids;
            }
            if row.is_multiple_of(ORDERS_TOGETHER) {
                table.fetch(hashes.iter().take(ORDERS_TOGETHER).copied());
            }
            let (own, others) = hashes.split_at_checked(order.ids as usize).unwrap_or_default();
            hashes = others;
            let owner = self.twins.get(&at).copied().unwrap_or(at);
            own.iter().for_each(|hash| table.insert(*hash, owner));
            if !piece.knows_charges {
                continue;
            }
            let mut permission_known = 0;
            for text in piece.ids_of(order) {
                // A list with charge ids only still knows whose charge permissions they are of.
                if let Some(permission) = permission_of(text).filter(|permission| permission.len() < text.len()) {
                    let derived = self.hasher.amazon(permission);
                    if derived != permission_known && !own.contains(&derived) {
                        table.insert(derived, owner);
                        permission_known = derived;
                    }
                }
            }
        }
        table
    }

    fn note_conflict(&mut self, kept: u32, other: u32) {
        let place = |at: u32| Some((self.file_of(at).to_owned(), self.order(at)?.line));
        let (Some(first), Some(second)) = (place(kept), place(other)) else { return };
        let order = self.id(kept).to_owned();
        let mut places = [first, second];
        places.sort();
        self.conflicts.push(OrderConflict { order, places });
        if let Some(order) = self.order_mut(kept) {
            order.conflict = true;
        }
    }

    /// Orders that another one stands for leave no trace but what they know more.
    fn merge_twins(&mut self, dropped: &[(u32, u32)]) {
        for &(at, twin) in dropped {
            let Some(other) = self.order(at).copied() else { continue };
            if let Some(order) = self.order_mut(twin) {
                order.merge(&other);
            }
            if let Some(order) = self.order_mut(at) {
                order.dropped = true;
            }
        }
        self.conflicts.sort_by(|a, b| (&a.order, &a.places).cmp(&(&b.order, &b.places)));
    }

    /// The piece of an order, and the place there.
    fn place(&self, at: u32) -> Option<(usize, usize)> {
        let mut piece = *self.blocks.get((at / BLOCK_ORDERS) as usize)? as usize;
        while self.firsts.get(piece + 1).is_some_and(|first| *first <= at) {
            piece += 1;
        }
        Some((piece, at.checked_sub(*self.firsts.get(piece)?)? as usize))
    }

    fn locate(&self, at: u32) -> Option<(&OrderPiece, &Order)> {
        let (piece, row) = self.place(at)?;
        let piece = self.pieces.get(piece)?;
        Some((piece, piece.orders.get(row)?))
    }

    pub(super) fn order(&self, at: u32) -> Option<&Order> {
        self.locate(at).map(|(_, order)| order)
    }

    fn order_mut(&mut self, at: u32) -> Option<&mut Order> {
        let (piece, row) = self.place(at)?;
        self.pieces.get_mut(piece)?.orders.get_mut(row)
    }

    /// The number of an order.
    pub(super) fn id(&self, at: u32) -> &str {
        self.locate(at).map_or("", |(piece, order)| piece.id(order))
    }

    /// What was sent to Amazon as its reference; of several lists the first that has one.
    fn reference(&self, at: u32) -> &str {
        self.first_text(at, OrderPiece::reference)
    }

    /// Its invoice number; of several lists the first that has one.
    pub(super) fn invoice(&self, at: u32) -> &str {
        self.first_text(at, OrderPiece::invoice)
    }

    fn first_text<'a>(&'a self, at: u32, text: fn(&'a OrderPiece, &Order) -> &'a str) -> &'a str {
        let further = self.stands_for.get(&at).into_iter().flatten().copied();
        let texts = std::iter::once(at).chain(further).filter_map(|at| self.locate(at));
        texts.map(|(piece, order)| text(piece, order)).find(|text| !text.is_empty()).unwrap_or_default()
    }

    /// The list in which an order stands.
    pub(super) fn file_of(&self, at: u32) -> &str {
        let file = self.locate(at).and_then(|(piece, _)| self.files.get(usize::from(piece.file)));
        file.map_or("", String::as_str)
    }

    /// The charge permissions that a list gives an order.
    pub(super) fn permission_hashes(&self, at: u32) -> Vec<u64> {
        let Some((piece, order)) = self.locate(at) else { return Vec::new() };
        let ids = piece.ids_of(order).filter_map(permission_of);
        ids.map(|permission| self.hasher.amazon(permission)).collect()
    }

    /// Every hash by which a row may look for its order.
    pub(super) fn hashes_of(&self, row: &Payment, ids: &PaymentIds<'_>) -> [u64; 4] {
        let name = |text| self.hasher.name(bare_number(text));
        [row.transaction_hash, row.permission_hash, name(ids.reference), name(ids.order)]
    }

    /// What keeps the rows of a window, or, where some are looked for, theirs outside it.
    #[must_use]
    pub fn payment_filter(&self, window: Window, wanted: Option<HashSet<u64>>) -> PaymentFilter {
        PaymentFilter {
            hasher: self.hasher,
            window,
            wanted: wanted.map(Arc::new),
            sandbox_rows: SandboxRows::Alarm,
            room: Room::default(),
        }
    }

    /// The orders that a list gives this id of Amazon, exactly or as a part of it.
    pub(super) fn with_amazon_id<'a>(&'a self, id: &'a str, hash: u64) -> impl Iterator<Item = u32> + 'a {
        self.by_amazon.get(hash).filter(move |at| self.knows_id(*at, id))
    }

    /// Whether a list gives the order the id, or another list one that it stands for.
    fn knows_id(&self, at: u32, id: &str) -> bool {
        let knows = |at: u32| self.locate(at).is_some_and(|(piece, order)| piece.knows_id(order, id));
        knows(at) || self.stands_for.get(&at).into_iter().flatten().any(|other| knows(*other))
    }

    /// What the lists may have below the hashes of the ids of some rows: their own ids, and their charge permissions.
    /// All places of the table are fetched from memory before the first is looked at.
    pub(super) fn find_ids<const ROWS: usize>(&self, rows: &[Payment]) -> [(Found, Found); ROWS] {
        // Where no list gives a charge, a row that names one need not be looked for by it.
        let by_own_id = |row: &Payment| self.knows_charges || !row.extends_its_permission;
        let own = rows.iter().filter(|row| by_own_id(row)).map(|row| row.transaction_hash);
        self.by_amazon.fetch(rows.iter().map(|row| row.permission_hash).chain(own));
        let mut found = [(Found::None, Found::None); ROWS];
        for (found, row) in found.iter_mut().zip(rows) {
            let own = if by_own_id(row) { self.by_amazon.find(row.transaction_hash) } else { Found::None };
            *found = (own, self.by_amazon.find(row.permission_hash));
        }
        found
    }

    /// Where to look for an order, so that the places of many rows can be fetched before any is read.
    pub(super) fn seen(&self, at: u32) -> Option<SeenOrder<'_>> {
        let (piece, order) = self.locate(at)?;
        Some(SeenOrder { piece, order, at })
    }

    /// Whether the order has this number or reference, without regard to `#` and leading zeros.
    pub(super) fn is_named(&self, at: u32, name: &str) -> bool {
        let bare = bare_number(name);
        is_name(self.reference(at), bare) || is_name(self.id(at), bare)
    }

    /// The orders with this number or reference. A list that has references sent those to Amazon, so a
    /// number counts only where no reference does.
    pub(super) fn with_name(&self, name: &str) -> Vec<u32> {
        let bare = bare_number(name);
        let named = |fits: &dyn Fn(u32) -> bool| -> Vec<u32> {
            self.by_name.get(self.hasher.name(bare)).filter(|at| fits(*at)).collect()
        };
        let sent = |at: u32| Some(self.reference(at)).filter(|text| !text.is_empty()).unwrap_or(self.id(at));
        let by_reference = named(&|at| is_name(sent(at), bare));
        if by_reference.is_empty() { named(&|at| is_name(self.id(at), bare)) } else { by_reference }
    }

    /// The same, or else those with this invoice number.
    pub(super) fn with_name_or_invoice(&self, name: &str) -> Vec<u32> {
        let by_name = self.with_name(name);
        if !by_name.is_empty() {
            return by_name;
        }
        let bare = bare_number(name);
        let found = self.by_name.get(self.hasher.name(bare));
        found.filter(|at| is_name(self.invoice(*at), bare)).collect()
    }

    /// The orders that count, of those with these numbers, with their numbers.
    pub(super) fn each_in(&self, orders: Range<usize>) -> impl Iterator<Item = (u32, &Order)> {
        let pieces = self.pieces.iter().zip(&self.firsts);
        let concerned = pieces.filter_map(move |(piece, first)| {
            let before = *first as usize;
            let rows = orders.start.saturating_sub(before)..orders.end.saturating_sub(before).min(piece.orders.len());
            Some((first + u32::try_from(rows.start).ok()?, piece.orders.get(rows)?))
        });
        let numbered = concerned.flat_map(|(first, orders)| (first..).zip(orders));
        numbered.filter(|(_, order)| !order.dropped)
    }
}

/// Whether a text is there and is this name.
fn is_name(text: &str, bare: &str) -> bool {
    !text.is_empty() && same_name(bare_number(text), bare)
}

/// An order at which a row looks, before anything of it is compared.
#[derive(Clone, Copy)]
pub(super) struct SeenOrder<'a> {
    piece: &'a OrderPiece,
    order: &'a Order,
    pub(super) at: u32,
}

impl SeenOrder<'_> {
    /// Something of the order: reading it fetches what is compared next from memory.
    pub(super) fn touch(&self) -> u32 {
        self.order.start
    }

    /// The same of its texts: their first byte and their last.
    pub(super) fn touch_texts(&self) -> [Option<u8>; 2] {
        let texts = self.piece.texts.as_bytes();
        let (start, len) = self.order.texts();
        [start, start.saturating_add(len.saturating_sub(1))].map(|at| texts.get(at).copied())
    }

    /// Whether the order is in this currency, its own list gives it this id of Amazon, and its number or
    /// reference there is this name, where there is a name.
    pub(super) fn is_plainly(&self, currency: Currency, id: &str, name: &str) -> bool {
        let bare = bare_number(name);
        let (piece, order) = (self.piece, self.order);
        order.currency == currency
            && piece.knows_id(order, id)
            && (name.is_empty() || is_name(piece.id(order), bare) || is_name(piece.reference(order), bare))
    }
}

/// The table of numbers, and the orders that it left out with those that stand for them.
struct Names {
    table: KeyTable,
    dropped: Vec<(u32, u32)>,
    /// Those of them that say something else.
    conflicts: Vec<(u32, u32)>,
}
