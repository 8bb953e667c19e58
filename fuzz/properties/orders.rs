//! Order lists of shops.
//!
//! Every row below the header becomes an order, a further line of one, or is counted as left out; in pieces and by two
//! workers a list says the same as in one; a list given twice holds no new order; every order has one state.

use std::num::NonZeroUsize;

use settle::domain::Zone;
use settle::parse::{Input, Privacy, ReadOptions, Watch};
use settle::reconcile::orders::{OrderBook, OrderFile, OrderMapping, OrderReading, Window, read_orders};

use super::{WHOLE, input, message, seed, sha256};

/// Smallest pieces: some cells long, so that rows are cut wherever they can be.
const PIECE_LEAST: usize = 24;

/// The list, or the line of the fault.
fn read_list(
    input: &Input,
    named: Option<&str>,
    workers: usize,
    book: &mut OrderBook,
) -> Result<OrderFile, Option<u64>> {
    let window = Window { from_millis: i64::MIN, until_millis: i64::MAX };
    let reading = OrderReading { configured: Vec::new(), zone: Zone::UTC, window, wanted: None };
    let workers = NonZeroUsize::new(workers).unwrap_or(NonZeroUsize::MIN);
    let options = ReadOptions { workers, privacy: Privacy::Drop, watch: Watch::default() };
    read_orders(input, named, &reading, &options, book).map_err(|why| {
        message(why.to_string());
        why.line
    })
}

/// Once, by its columns.
pub(super) fn read(bytes: &[u8]) {
    let _ = read_list(&input(bytes, WHOLE), None, 2, &mut OrderBook::default());
}

/// By its columns, and by each preset in turn.
pub(super) fn check(bytes: &[u8]) {
    let presets = OrderMapping::presets();
    check_as(bytes, None);
    check_as(bytes, Some(&presets[seed(bytes) % presets.len()].name));
}

fn check_as(bytes: &[u8], named: Option<&str>) {
    let (mut whole_book, mut pieces_book) = (OrderBook::default(), OrderBook::default());
    let whole = read_list(&input(bytes, WHOLE), named, 1, &mut whole_book);
    let piece = PIECE_LEAST + seed(bytes) % 100;
    let pieces = read_list(&input(bytes, piece), named, 2, &mut pieces_book);
    if whole.is_err() && std::str::from_utf8(bytes).is_err() {
        // The fault that comes first may lie before the byte by which the charset is known.
        assert!(pieces.is_err(), "refused in one piece, read in pieces of {piece} bytes");
    } else {
        assert_eq!(format!("{whole:?}"), format!("{pieces:?}"), "in one piece and in pieces of {piece} bytes");
    }
    assert_eq!(whole_book.len(), pieces_book.len());
    let Ok(file) = whole else {
        assert!(whole_book.is_empty(), "of a refused list nothing is taken");
        return;
    };
    assert_eq!(file.id.as_str(), sha256(bytes));
    let count = &file.count;
    let accounted = count.orders + count.further_lines + count.other_methods + count.outside;
    assert_eq!(accounted, file.rows, "every row is accounted for: {count:?}");
    assert_eq!(whole_book.len() as u64, count.orders);
    pieces_book.index();
    if !pieces_book.conflicts.is_empty() || pieces_book.repeated > 0 {
        // It names an order in two places, which is told.
        return;
    }
    let mut twice = OrderBook::sharing_keys(&whole_book);
    twice.append(whole_book);
    let again = read_list(&input(bytes, WHOLE), named, 1, &mut twice);
    assert_eq!(format!("{:?}", Ok::<_, Option<u64>>(file)), format!("{again:?}"), "read twice");
    twice.index();
    assert!(twice.conflicts.is_empty(), "a list agrees with itself: {:?}", twice.conflicts);
    assert_eq!(twice.repeated * 2, twice.len() as u64, "a list given twice holds no new order");
}
