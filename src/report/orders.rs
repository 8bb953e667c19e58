//! From orders and fees as they were computed to the sections of the document.

use std::collections::BTreeMap;

use super::reconciliation_orders::{
    FeeAudit, FeeCount, FeeDeviation, FeeTotal, OrderCounts, OrderFinding, OrderListFile, OrderLists, OrderReconciled,
    OrderTotal, OrderTransaction, RowCounts, TariffUse,
};
use crate::config::Tariff;
use crate::domain::{Amount, Currency, Instant, Money, MoneyError, Sum, TransactionId, Zone};
use crate::reconcile::fees::{FeeFindings, FeeSource, RowFault};
use crate::reconcile::orders::{EntryRow, OrderEntry, OrderFile, OrderReconciliation};

/// The order sections of the document.
#[derive(Clone, Debug, Default)]
pub struct OrderDocument {
    /// Order by order.
    pub orders: Vec<OrderReconciled>,
    /// By state.
    pub totals: Vec<OrderTotal>,
    /// Everything else.
    pub lists: OrderLists,
}

/// The order sections, with instants in a zone.
///
/// # Errors
/// [`MoneyError::TooLarge`] for sums that no real file reaches.
pub fn order_document(done: OrderReconciliation, files: &[OrderFile], zone: Zone) -> Result<OrderDocument, MoneyError> {
    let totals = done.totals.iter().map(|((currency, state), total)| {
        Ok(OrderTotal {
            currency: *currency,
            state: state.word(),
            count: total.count,
            ordered: total.ordered.in_currency(*currency)?,
            captured: total.captured.in_currency(*currency)?,
            refunded: total.refunded.in_currency(*currency)?,
        })
    });
    let totals = totals.collect::<Result<Vec<_>, MoneyError>>()?;
    let findings = done.findings.into_iter().map(|finding| OrderFinding {
        finding: finding.kind.word(),
        orders: finding.orders,
        transactions: finding.rows.into_iter().map(|row| transaction(row, zone)).collect(),
    });
    let lists = OrderLists {
        findings: findings.collect(),
        rows: RowCounts {
            rows: done.rows.rows,
            with_order: done.rows.with_order,
            orphaned: done.rows.orphaned,
            refunds_without_order: done.rows.refunds_without_order,
            ambiguous: done.rows.ambiguous,
            sandbox: done.rows.sandbox,
        },
        orders: OrderCounts {
            orders: done.orders.orders,
            with_state: done.orders.with_state,
            other_period: done.orders.other_period,
            not_expected: done.orders.not_expected,
            capture_unknown: done.orders.capture_unknown,
        },
        files: files.iter().map(list_file).collect(),
    };
    let orders = done.entries.into_iter().map(|entry| reconciled(entry, zone)).collect::<Result<Vec<_>, _>>()?;
    Ok(OrderDocument { orders, totals, lists })
}

fn list_file(file: &OrderFile) -> OrderListFile {
    OrderListFile {
        file: file.file.clone(),
        mapping: file.mapping.clone(),
        rows: file.rows,
        orders: file.count.orders,
        further_lines: file.count.further_lines,
        other_methods: file.count.other_methods,
        outside: file.count.outside,
    }
}

fn reconciled(entry: OrderEntry, zone: Zone) -> Result<OrderReconciled, MoneyError> {
    let currency = entry.currency;
    let (captured, refunded) = (entry.captured.in_currency(currency)?, entry.refunded.in_currency(currency)?);
    let difference = entry.order_amount.map(|total| (entry.captured - Sum::from(total)).in_currency(currency));
    let (file, line) = entry.file.unzip();
    Ok(OrderReconciled {
        order: entry.order,
        state: entry.state.word(),
        detail: entry.detail,
        currency,
        order_amount: entry.order_amount.map(|amount| amount.in_currency(currency)),
        captured,
        refunded,
        refunded_by_shop: entry.refunded_by_shop.map(|amount| amount.in_currency(currency)),
        difference: difference.transpose()?,
        invoice_no: entry.invoice,
        placed: entry.placed.map(|placed| shown(placed, zone)),
        age_days: entry.age_days,
        key: entry.rung.map(crate::reconcile::orders::Rung::word),
        file,
        line,
        candidates: entry.candidates,
        suggestion: entry.suggestion,
        transactions: entry.rows.into_iter().map(|row| transaction(row, zone)).collect(),
    })
}

fn transaction(row: EntryRow, zone: Zone) -> OrderTransaction {
    OrderTransaction {
        transaction_id: TransactionId::new(row.transaction_id),
        charge_permission_id: row.permission_id,
        kind: row.kind.word(),
        amount: row.amount.in_currency(row.currency),
        posted: shown(row.posted, zone),
        account: row.account,
        file: row.file,
        line: row.line,
    }
}

fn shown(at: Instant, zone: Zone) -> String {
    at.rfc3339_in(&zone.tz())
}

/// The fee section, with instants in a zone.
///
/// # Errors
/// [`MoneyError::TooLarge`] for sums that no real file reaches.
pub fn fee_document(mut found: FeeFindings, tariffs: &[Tariff], zone: Zone) -> Result<FeeAudit, MoneyError> {
    found.sort();
    let mut sums: BTreeMap<Currency, (Sum, Sum)> = BTreeMap::new();
    for (_, fault) in &found.deviations {
        let (over, under) = sums.entry(fault.currency).or_default();
        let difference = Sum::from(fault.charged) - Sum::from(fault.expected);
        if difference < Sum::ZERO {
            *over += -difference;
        } else {
            *under += difference;
        }
    }
    let totals = sums.into_iter().map(|(currency, (over, under))| {
        let (overcharged, undercharged) = (over.in_currency(currency)?, under.in_currency(currency)?);
        Ok(FeeTotal { currency, overcharged, undercharged })
    });
    let totals = totals.collect::<Result<Vec<_>, MoneyError>>()?;
    let used = |(name, rows): (&String, &u64)| {
        let tariff = tariffs.iter().find(|tariff| tariff.name == *name)?;
        Some(TariffUse {
            tariff: name.clone(),
            rounding: tariff.rounding.word(),
            rounding_unit: tariff.rounding_unit.in_currency(tariff.currency),
            rows: *rows,
        })
    };
    let fits = found.tally.fits.iter();
    let fits = fits.map(|((kind, fit), count)| FeeCount { kind: kind.word(), word: fit.word(), count: *count });
    let unchecked = found.tally.unchecked.iter();
    let unchecked =
        unchecked.map(|((kind, why), count)| FeeCount { kind: kind.word(), word: why.word(), count: *count });
    let deviations = found.deviations.iter().map(|(source, fault)| deviation(source, fault, zone));
    Ok(FeeAudit {
        checked: found.tally.checked,
        deviations: deviations.collect::<Result<Vec<_>, _>>()?,
        deviating: found.tally.deviating,
        totals,
        fits: fits.collect(),
        unchecked: unchecked.collect(),
        tariffs: found.tally.tariffs.iter().filter_map(used).collect(),
    })
}

fn deviation(source: &FeeSource, fault: &RowFault, zone: Zone) -> Result<FeeDeviation, MoneyError> {
    let money = |amount: Amount| -> Money { amount.in_currency(fault.currency) };
    let difference = Sum::from(fault.charged) - Sum::from(fault.expected);
    Ok(FeeDeviation {
        account: source.account.clone(),
        transaction_id: TransactionId::new(&fault.transaction_id),
        order_reference_id: fault.order_reference_id.clone(),
        seller_order_id: fault.seller_order_id.clone(),
        settlement_id: fault.settlement_id.clone(),
        posted: shown(fault.posted, zone),
        kind: fault.kind.word(),
        amount: money(fault.amount),
        tariff: fault.tariff.clone(),
        rate: fault.rate.map(|rate| rate.to_string()),
        expected: money(fault.expected),
        charged: money(fault.charged),
        difference: difference.in_currency(fault.currency)?,
        file: source.file.clone(),
        line: fault.line,
    })
}
