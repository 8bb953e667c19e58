//! The orders of all lists, kept small: texts in one place for each piece of a file, numbers beside them.
//!
//! Order numbers and Amazon's ids are looked up in one table each. Lists may overlap: the same order with
//! the same content counts once; with another total or currency it is a conflict, and never matched.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::keys::{KeyHasher, KeyTable, amazon_id, bare_number, permission_of, same_amazon, same_name};
use super::payments::{Payment, PaymentFilter, PaymentIds, SandboxRows};
use super::read::Window;
use super::status::OrderStatus;
use crate::domain::{Amount, Currency, Instant};

/// A text in the store of its piece.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Text {
    piece: u32,
    start: u32,
    len: u32,
}

/// One order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    pub(super) id: Text,
    pub(super) reference: Text,
    pub(super) invoice: Text,
    /// Where its ids of Amazon lie among all.
    ids: (u32, u32),
    pub(super) gross: Amount,
    pub(super) refunded: Option<Amount>,
    pub(super) currency: Currency,
    pub(super) placed: Option<Instant>,
    pub(super) status: OrderStatus,
    /// Another list has it with another total or currency.
    pub(super) conflict: bool,
    pub(super) file: u16,
    pub(super) line: u64,
}

/// The orders of one piece of a list.
#[derive(Debug, Default)]
pub(super) struct OrderPiece {
    pub(super) texts: String,
    pub(super) orders: Vec<Order>,
    /// Their ids of Amazon and the hashes of those.
    pub(super) ids: Vec<(Text, u64)>,
    /// Hashes of their numbers.
    pub(super) names: Vec<u64>,
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
    /// Adds an order and what of its cells are ids of Amazon.
    pub(super) fn push<'a>(&mut self, order: &NewOrder<'_>, ids: impl Iterator<Item = &'a str>, hasher: &KeyHasher) {
        let from = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
        for cell in ids {
            amazon_cells(cell).for_each(|id| self.push_id(id, hasher));
        }
        let until = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
        let (id, reference, invoice) = (self.text(order.id), self.text(order.reference), self.text(order.invoice));
        self.names.push(hasher.name(bare_number(order.id)));
        self.orders.push(Order {
            id,
            reference,
            invoice,
            ids: (from, until),
            gross: order.gross,
            refunded: order.refunded,
            currency: order.currency,
            placed: order.placed,
            status: order.status,
            conflict: false,
            file: 0,
            line: order.line,
        });
    }

    fn push_id(&mut self, cell: &str, hasher: &KeyHasher) {
        if let Some((id, _)) = amazon_id(cell) {
            let text = self.text(id);
            self.ids.push((text, hasher.amazon(id)));
        }
    }

    fn text(&mut self, text: &str) -> Text {
        let (start, len) = (u32::try_from(self.texts.len()), u32::try_from(text.len()));
        let (Ok(start), Ok(len)) = (start, len) else { return Text::default() };
        self.texts.push_str(text);
        Text { piece: 0, start, len }
    }

    pub(super) fn get(&self, text: Text) -> &str {
        let start = text.start as usize;
        self.texts.get(start..start + text.len as usize).unwrap_or_default()
    }
}

/// The ids in a cell; shops print several refunds, or several payments, in one.
pub(super) fn amazon_cells(cell: &str) -> impl Iterator<Item = &str> {
    cell.split([',', ';', ' ', '|', '+']).filter(|id| !id.is_empty())
}

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
    texts: Vec<String>,
    pub(super) orders: Vec<Order>,
    ids: Vec<(Text, u64)>,
    names: Vec<u64>,
    /// The files, as the user knows them.
    pub(super) files: Vec<String>,
    by_amazon: KeyTable,
    by_name: KeyTable,
    /// Orders that stand in several lists, and those that count for them.
    twins: BTreeMap<u32, u32>,
    /// Orders that stood in two lists with the same content.
    pub repeated: u64,
    /// Orders that stood in two lists with another content.
    pub conflicts: Vec<OrderConflict>,
}

impl OrderBook {
    /// An empty book whose keys are hashed as in another.
    #[must_use]
    pub fn sharing_keys(other: &Self) -> Self {
        Self { hasher: other.hasher.clone(), ..Self::default() }
    }

    /// Orders in it, those of several lists counted in each.
    #[must_use]
    pub fn len(&self) -> usize {
        self.orders.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.orders.is_empty()
    }

    /// Takes the lists of another book that shares its keys and has no tables yet.
    pub fn append(&mut self, other: Self) {
        let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        let ids = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
        let files = u16::try_from(self.files.len()).unwrap_or(u16::MAX);
        let moved = |text: Text| Text { piece: text.piece.saturating_add(number), ..text };
        self.orders.extend(other.orders.into_iter().map(|order| Order {
            id: moved(order.id),
            reference: moved(order.reference),
            invoice: moved(order.invoice),
            ids: (order.ids.0.saturating_add(ids), order.ids.1.saturating_add(ids)),
            file: order.file.saturating_add(files),
            ..order
        }));
        self.ids.extend(other.ids.into_iter().map(|(text, hash)| (moved(text), hash)));
        self.names.extend(other.names);
        self.texts.extend(other.texts);
        self.files.extend(other.files);
    }

    /// Takes the pieces of a list.
    pub(super) fn add(&mut self, file: &str, pieces: Vec<OrderPiece>) {
        let file_index = u16::try_from(self.files.len()).unwrap_or(u16::MAX);
        self.files.push(file.to_owned());
        for piece in pieces {
            let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
            let ids_before = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
            let placed = |text: Text| Text { piece: number, ..text };
            self.orders.extend(piece.orders.into_iter().map(|order| Order {
                id: placed(order.id),
                reference: placed(order.reference),
                invoice: placed(order.invoice),
                ids: (order.ids.0 + ids_before, order.ids.1 + ids_before),
                file: file_index,
                ..order
            }));
            self.ids.extend(piece.ids.into_iter().map(|(text, hash)| (placed(text), hash)));
            self.names.extend(piece.names);
            self.texts.push(piece.texts);
        }
    }

    /// Makes the tables, once all lists are in; again, where more were added.
    pub fn index(&mut self) {
        let names = self.index_names();
        self.by_name = names.table;
        for &(at, twin) in &names.dropped {
            self.twins.insert(at, twin);
        }
        for &(kept, other) in &names.conflicts {
            self.note_conflict(kept, other);
        }
        self.repeated += (names.dropped.len() - names.conflicts.len()) as u64;
        self.by_amazon = self.index_ids();
        self.merge_twins(&names.dropped);
    }

    /// Number and reference sent to Amazon; the first of equal orders stays, whatever the order of the lists.
    fn index_names(&self) -> Names {
        let table = KeyTable::with_capacity(self.orders.len());
        let mut names = Names { table, dropped: Vec::new(), conflicts: Vec::new() };
        for (at, (order, hash)) in self.orders.iter().zip(&self.names).enumerate() {
            let Ok(at) = u32::try_from(at) else { break };
            if order.id.len == 0 {
                continue;
            }
            let twin = names.table.get(*hash).find(|known| {
                self.order(*known).is_some_and(|known| same_name(self.text(known.id), self.text(order.id)))
            });
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
        for (at, (order, hash)) in self.orders.iter().zip(&self.names).enumerate() {
            let Ok(at) = u32::try_from(at) else { break };
            let owner = dropped.get(&at).or_else(|| self.twins.get(&at)).copied().unwrap_or(at);
            let mut known = *hash;
            for text in [order.reference, order.invoice] {
                let hash = if text.len == 0 { known } else { self.hasher_of(text) };
                if hash != known {
                    names.table.insert(hash, owner);
                    known = hash;
                }
            }
        }
        names
    }

    fn index_ids(&self) -> KeyTable {
        let mut table = KeyTable::with_capacity(self.ids.len().saturating_add(self.orders.len()));
        for (at, order) in self.orders.iter().enumerate() {
            let Ok(at) = u32::try_from(at) else { break };
            let owner = self.twins.get(&at).copied().unwrap_or(at);
            let mut permission_known = 0;
            for (text, hash) in self.ids_of(order) {
                table.insert(*hash, owner);
                // A list with charge ids only still knows whose charge permission they are of.
                if let Some(permission) =
                    permission_of(self.text(*text)).filter(|permission| permission.len() < text.len as usize)
                {
                    let derived = self.hasher.amazon(permission);
                    let listed = self.ids_of(order).iter().any(|(_, other)| *other == derived);
                    if derived != permission_known && !listed {
                        table.insert(derived, owner);
                        permission_known = derived;
                    }
                }
            }
        }
        table
    }

    fn note_conflict(&mut self, kept: u32, other: u32) {
        let place = |at: u32| {
            let order = self.order(at)?;
            Some((self.file(order.file).to_owned(), order.line))
        };
        let (Some(first), Some(second), Some(order)) = (place(kept), place(other), self.order(kept)) else { return };
        let order = self.text(order.id).to_owned();
        let mut places = [first, second];
        places.sort();
        self.conflicts.push(OrderConflict { order, places });
        if let Some(order) = self.orders.get_mut(kept as usize) {
            order.conflict = true;
        }
    }

    /// Orders that another one stands for leave no trace but what they know more.
    fn merge_twins(&mut self, dropped: &[(u32, u32)]) {
        for &(at, twin) in dropped {
            let Some(other) = self.order(at).copied() else { continue };
            if let Some(order) = self.orders.get_mut(twin as usize) {
                order.status = order.status.max(other.status);
                order.refunded = order.refunded.max(other.refunded);
                order.placed = match (order.placed, other.placed) {
                    (Some(one), Some(two)) => Some(one.min(two)),
                    (one, two) => one.or(two),
                };
                if order.invoice.len == 0 {
                    order.invoice = other.invoice;
                }
                if order.reference.len == 0 {
                    order.reference = other.reference;
                }
            }
            if let Some(order) = self.orders.get_mut(at as usize) {
                order.id = Text::default();
            }
        }
        self.conflicts.sort_by(|a, b| (&a.order, &a.places).cmp(&(&b.order, &b.places)));
    }

    pub(super) fn order(&self, at: u32) -> Option<&Order> {
        self.orders.get(at as usize)
    }

    pub(super) fn text(&self, text: Text) -> &str {
        let start = text.start as usize;
        let store = self.texts.get(text.piece as usize).map_or("", String::as_str);
        store.get(start..start + text.len as usize).unwrap_or_default()
    }

    pub(super) fn file(&self, index: u16) -> &str {
        self.files.get(usize::from(index)).map_or("", String::as_str)
    }

    /// The charge permissions that a list gives an order.
    pub(super) fn permission_hashes(&self, order: &Order) -> Vec<u64> {
        let ids = self.ids_of(order).iter().filter_map(|(text, _)| permission_of(self.text(*text)));
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
            hasher: self.hasher.clone(),
            window,
            wanted: wanted.map(Arc::new),
            sandbox_rows: SandboxRows::Alarm,
        }
    }

    fn hasher_of(&self, text: Text) -> u64 {
        self.hasher.name(bare_number(self.text(text)))
    }

    fn ids_of(&self, order: &Order) -> &[(Text, u64)] {
        self.ids.get(order.ids.0 as usize..order.ids.1 as usize).unwrap_or_default()
    }

    /// The orders that a list gives this id of Amazon, exactly or as a part of it.
    pub(super) fn with_amazon_id<'a>(&'a self, id: &'a str, hash: u64) -> impl Iterator<Item = u32> + 'a {
        self.by_amazon.get(hash).filter(move |at| {
            let order = self.order(*at);
            order.is_some_and(|order| self.knows_id(order, id)) || self.twin_knows(*at, id)
        })
    }

    fn knows_id(&self, order: &Order, id: &str) -> bool {
        self.ids_of(order).iter().any(|(text, _)| {
            let known = self.text(*text);
            same_amazon(known, id) || permission_of(known).is_some_and(|permission| same_amazon(permission, id))
        })
    }

    /// The same order of another list may have lent its ids; the hash then decides alone.
    fn twin_knows(&self, at: u32, id: &str) -> bool {
        !self.twins.is_empty() && self.order(at).is_some_and(|order| order.id.len > 0) && !id.is_empty()
    }

    /// Whether the order has this number or reference, without regard to `#` and leading zeros.
    pub(super) fn is_named(&self, order: u32, name: &str) -> bool {
        let bare = bare_number(name);
        self.order(order).is_some_and(|order| self.is(order.reference, bare) || self.is(order.id, bare))
    }

    /// The orders with this number or reference. A list that has references sent those to Amazon, so a
    /// number counts only where no reference does.
    pub(super) fn with_name(&self, name: &str) -> Vec<u32> {
        let bare = bare_number(name);
        let named = |fits: &dyn Fn(&Order) -> bool| -> Vec<u32> {
            let found = self.by_name.get(self.hasher.name(bare));
            found.filter(|at| self.order(*at).is_some_and(fits)).collect()
        };
        let sent = |order: &Order| if order.reference.len > 0 { order.reference } else { order.id };
        let by_reference = named(&|order| self.is(sent(order), bare));
        if by_reference.is_empty() { named(&|order| self.is(order.id, bare)) } else { by_reference }
    }

    /// The same, or else those with this invoice number.
    pub(super) fn with_name_or_invoice(&self, name: &str) -> Vec<u32> {
        let by_name = self.with_name(name);
        if !by_name.is_empty() {
            return by_name;
        }
        let bare = bare_number(name);
        let found = self.by_name.get(self.hasher.name(bare));
        found.filter(|at| self.order(*at).is_some_and(|order| self.is(order.invoice, bare))).collect()
    }

    fn is(&self, text: Text, bare: &str) -> bool {
        text.len > 0 && same_name(bare_number(self.text(text)), bare)
    }

    /// Every order that counts, with its place.
    pub(super) fn each(&self) -> impl Iterator<Item = (u32, &Order)> {
        let places = self.orders.iter().enumerate().filter_map(|(at, order)| Some((u32::try_from(at).ok()?, order)));
        places.filter(|(_, order)| order.id.len > 0)
    }
}

/// The table of numbers, and the orders that it left out with those that stand for them.
struct Names {
    table: KeyTable,
    dropped: Vec<(u32, u32)>,
    /// Those of them that say something else.
    conflicts: Vec<(u32, u32)>,
}
