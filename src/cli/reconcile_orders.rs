//! The order and fee sections of `settle reconcile`.

use super::args::{Common, ReconcileArgs};
use super::failure::Failure;
use super::load::Loaded;
use super::reconcile::Bounds;
use super::world::World;
use crate::report::{FeeAudit, OrderReconciled, OrderTotal, Problem, Source};

/// What orders and fees add to the document.
#[derive(Default)]
pub(super) struct OrderSections {
    pub(super) orders: Vec<OrderReconciled>,
    pub(super) totals: Vec<OrderTotal>,
    pub(super) fees: Option<FeeAudit>,
    pub(super) problems: Vec<Problem>,
    pub(super) sources: Vec<Source>,
}

/// Orders against captures and refunds, fees against the tariff.
pub(super) fn order_sections(
    _common: &Common,
    _args: &ReconcileArgs,
    _bounds: &Bounds<'_>,
    _loaded: &Loaded,
    _world: &mut World<'_>,
) -> Result<OrderSections, Failure> {
    Ok(OrderSections::default())
}
