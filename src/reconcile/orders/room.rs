//! How much room a piece will need, from those before it: pieces of one file are alike, and memory that is asked
//! for once is not copied from one place to the next.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The largest piece so far: its rows, and the bytes of its texts.
#[derive(Clone, Debug, Default)]
pub(super) struct Room(Arc<[AtomicUsize; 2]>);

impl Room {
    /// Rows and bytes that the next piece may need; a sixteenth more than any had.
    pub(super) fn expected(&self) -> (usize, usize) {
        let [rows, bytes] = &*self.0;
        let more = |known: &AtomicUsize| {
            let known = known.load(Ordering::Relaxed);
            known.saturating_add(known / 16)
        };
        (more(rows), more(bytes))
    }

    /// Takes note of a piece.
    pub(super) fn note(&self, rows: usize, bytes: usize) {
        let [most_rows, most_bytes] = &*self.0;
        most_rows.fetch_max(rows, Ordering::Relaxed);
        most_bytes.fetch_max(bytes, Ordering::Relaxed);
    }
}
