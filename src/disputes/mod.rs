//! Floor 5: disputes, as far as settlement rows tell of them.
//!
//! A case is the dispute rows of one order reference. `Dispute` rows (a fee or a hold, it is not known
//! which) belong to the chargeback or claim of the same order, where there is one. Nothing here says
//! that a case is final: no row does (disputes §9).

mod totals;

pub use totals::{DisputeTotal, dispute_totals};
