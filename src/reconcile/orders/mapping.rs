//! Which columns of a shop's list mean what: presets, and mappings from the config laid over them.
//!
//! Columns of WooCommerce and Shopify were seen in public exports (order-ledgers §4); those of Magento and
//! Shopware are inferred and untested against a real export. Columns of a preset may be missing where
//! an order can do without; a column that the config names must be there.

use super::amount::DecimalMark;
use crate::config::OrderSettings;
use crate::domain::{Currency, Zone};
use crate::parse::{Fault, ForeignHeader, MappedColumn};

/// One preset: its columns, several where one stands in for the other.
#[derive(Debug)]
struct Preset {
    name: &'static str,
    order_id: &'static [&'static str],
    merchant_reference: &'static [&'static str],
    external_id: &'static [&'static str],
    gross: &'static [&'static str],
    refunded: &'static [&'static str],
    currency: &'static [&'static str],
    date: &'static [&'static str],
    date_format: Option<&'static str>,
    status: &'static [&'static str],
    payment_method: &'static [&'static str],
    invoice_no: &'static [&'static str],
}

/// Part of the name of Amazon Pay in every shop, without blanks, hyphens and case.
const AMAZON_METHODS: [&str; 3] = ["amazonpay", "amazonpayment", "payamazon"];

/// The presets.
const PRESETS: [Preset; 5] = [
    Preset {
        name: "woo",
        order_id: &["order_number", "order_id"],
        merchant_reference: &["order_id"],
        external_id: &["transaction_id", "amazon_charge_id", "amazon_charge_permission_id", "amazon_refund_id"],
        gross: &["order_total"],
        refunded: &["refunded_total", "total_refunded"],
        currency: &["order_currency"],
        date: &["paid_date", "order_date"],
        date_format: None,
        status: &["status", "order_status"],
        payment_method: &["payment_method"],
        invoice_no: &["invoice_number", "invoice_no"],
    },
    Preset {
        name: "shopify",
        order_id: &["Name"],
        merchant_reference: &[],
        external_id: &["Payment Reference", "Payment ID", "Payment References"],
        gross: &["Total"],
        refunded: &["Refunded Amount"],
        currency: &["Currency"],
        date: &["Paid at", "Created at"],
        date_format: None,
        status: &["Financial Status"],
        payment_method: &["Payment Method"],
        invoice_no: &["Receipt Number"],
    },
    Preset {
        name: "magento",
        order_id: &["ID", "increment_id", "Order #"],
        merchant_reference: &[],
        external_id: &["txn_id", "charge_permission_id", "Transaction ID"],
        gross: &["Grand Total (Purchased)", "grand_total"],
        refunded: &["Total Refunded", "total_refunded"],
        currency: &["order_currency_code", "Currency"],
        date: &["Purchase Date", "created_at"],
        date_format: None,
        status: &["Status", "state"],
        payment_method: &["Payment Method", "payment_method"],
        invoice_no: &["Invoice #", "invoice_increment_id"],
    },
    Preset {
        name: "shopware",
        order_id: &["orderNumber", "order_number", "ordernumber"],
        merchant_reference: &[],
        external_id: &[
            "swag_amazon_pay_charge_permission_id",
            "swag_amazon_pay_charge_id",
            "swag_amazon_pay_last_refund_id",
        ],
        gross: &["amountTotal", "amount_total", "invoice_amount"],
        refunded: &["refunded", "amount_refunded"],
        currency: &["currency", "currency.isoCode", "currency_iso"],
        date: &["orderDateTime", "orderDate", "order_date"],
        date_format: None,
        status: &["transactionState", "transactions.stateMachineState.technicalName", "paymentStatus", "state"],
        payment_method: &["paymentMethod", "transactions.paymentMethod.technicalName", "payment_method"],
        invoice_no: &["invoiceNumber", "documentNumber", "invoice_no"],
    },
    Preset {
        name: "custom",
        order_id: &["order_id"],
        merchant_reference: &["merchant_reference"],
        external_id: &["external_id"],
        gross: &["gross"],
        refunded: &["refunded"],
        currency: &["currency"],
        date: &["date"],
        date_format: None,
        status: &["status"],
        payment_method: &["payment_method"],
        invoice_no: &["invoice_no"],
    },
];

/// The columns of one meaning, and whether the config named them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Columns {
    names: Vec<String>,
    stated: bool,
}

/// How one kind of list is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderMapping {
    /// The name in the config, or that of the preset.
    pub name: String,
    /// How messages call it.
    shown: String,
    order_id: Columns,
    merchant_reference: Columns,
    external_id: Columns,
    gross: Columns,
    refunded: Columns,
    currency: Columns,
    date: Columns,
    status: Columns,
    payment_method: Columns,
    invoice_no: Columns,
    methods: Vec<String>,
    pub(super) fixed_currency: Option<Currency>,
    pub(super) date_format: Option<String>,
    pub(super) timezone: Option<Zone>,
    pub(super) decimal: Option<DecimalMark>,
}

/// Where the columns of a mapping stand in a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    pub(super) order_id: usize,
    pub(super) merchant_reference: Option<usize>,
    pub(super) external_id: Vec<usize>,
    pub(super) gross: usize,
    pub(super) refunded: Option<usize>,
    pub(super) currency: Option<usize>,
    pub(super) date: Vec<usize>,
    pub(super) status: Option<usize>,
    pub(super) payment_method: Option<usize>,
    pub(super) invoice_no: Option<usize>,
}

impl OrderMapping {
    /// The presets, for files without a mapping in the config.
    #[must_use]
    pub fn presets() -> Vec<Self> {
        PRESETS
            .iter()
            .map(|preset| Self::of_preset(preset, preset.name, format!("the preset `{}`", preset.name)))
            .collect()
    }

    /// A mapping of the config over its preset.
    #[must_use]
    pub fn configured(settings: &OrderSettings) -> Self {
        let fallback = PRESETS.last();
        // `generic` is another word for `custom`: columns are called as the keys are.
        let preset = PRESETS.iter().find(|preset| preset.name == settings.preset.word()).or(fallback);
        let shown = format!("[orders.{}]", settings.name);
        let mut mapping = match preset {
            Some(preset) => Self::of_preset(preset, &settings.name, shown),
            None => {
                return Self::presets().into_iter().next_back().unwrap_or_else(|| Self::empty(&settings.name, shown));
            }
        };
        let stated = [
            (&mut mapping.order_id, &settings.order_id),
            (&mut mapping.merchant_reference, &settings.merchant_reference),
            (&mut mapping.external_id, &settings.external_id),
            (&mut mapping.gross, &settings.gross),
            (&mut mapping.refunded, &settings.refunded),
            (&mut mapping.currency, &settings.currency),
            (&mut mapping.date, &settings.date),
            (&mut mapping.status, &settings.status),
            (&mut mapping.payment_method, &settings.payment_method),
            (&mut mapping.invoice_no, &settings.invoice_no),
        ];
        for (columns, names) in stated {
            if let Some(names) = names {
                *columns = Columns { names: names.clone(), stated: true };
            }
        }
        if let Some(methods) = &settings.payment_method_is {
            mapping.methods.clone_from(methods);
        }
        mapping.fixed_currency = settings.currency_fixed;
        mapping.date_format = settings.date_format.clone().or(mapping.date_format);
        mapping.timezone = settings.timezone;
        mapping.decimal =
            settings.decimal.map(|mark| if mark == ',' { DecimalMark::Comma } else { DecimalMark::Point });
        mapping
    }

    fn empty(name: &str, shown: String) -> Self {
        let none = Columns::default;
        Self {
            name: name.to_owned(),
            shown,
            order_id: none(),
            merchant_reference: none(),
            external_id: none(),
            gross: none(),
            refunded: none(),
            currency: none(),
            date: none(),
            status: none(),
            payment_method: none(),
            invoice_no: none(),
            methods: Vec::new(),
            fixed_currency: None,
            date_format: None,
            timezone: None,
            decimal: None,
        }
    }

    fn of_preset(preset: &Preset, name: &str, shown: String) -> Self {
        let columns =
            |names: &[&str]| Columns { names: names.iter().map(|&name| name.to_owned()).collect(), stated: false };
        Self {
            order_id: columns(preset.order_id),
            merchant_reference: columns(preset.merchant_reference),
            external_id: columns(preset.external_id),
            gross: columns(preset.gross),
            refunded: columns(preset.refunded),
            currency: columns(preset.currency),
            date: columns(preset.date),
            status: columns(preset.status),
            payment_method: columns(preset.payment_method),
            invoice_no: columns(preset.invoice_no),
            date_format: preset.date_format.map(str::to_owned),
            ..Self::empty(name, shown)
        }
    }

    /// Where its columns stand in a file.
    ///
    /// # Errors
    /// [`Fault::MappedColumn`] where a needed or stated column is missing.
    pub(super) fn places(&self, header: &ForeignHeader) -> Result<Places, Fault> {
        let one = |columns: &Columns, what| self.find(columns, what, header).map(|found| found.first().copied());
        let needed = |columns: &Columns, what| match self.find(columns, what, header)?.first() {
            Some(place) => Ok(*place),
            None => Err(self.missing(columns.names.first().map_or(what, String::as_str), what, header)),
        };
        let date = self.find(&self.date, "the date", header)?;
        let order_id = needed(&self.order_id, "the order number")?;
        let gross = needed(&self.gross, "the total")?;
        let currency = match self.fixed_currency {
            Some(_) => None,
            None => Some(needed(&self.currency, "the currency")?),
        };
        let merchant_reference = one(&self.merchant_reference, "the reference sent to Amazon")?;
        Ok(Places {
            order_id,
            merchant_reference: merchant_reference.filter(|place| *place != order_id),
            external_id: self.find(&self.external_id, "the ids of Amazon", header)?,
            gross,
            refunded: one(&self.refunded, "the refunds")?,
            currency,
            date,
            status: one(&self.status, "the status")?,
            payment_method: one(&self.payment_method, "the payment method")?,
            invoice_no: one(&self.invoice_no, "the invoice number")?,
        })
    }

    fn find(&self, columns: &Columns, what: &'static str, header: &ForeignHeader) -> Result<Vec<usize>, Fault> {
        let mut places = Vec::new();
        for name in &columns.names {
            match header.find(name) {
                Some(place) => places.push(place),
                None if columns.stated => return Err(self.missing(name, what, header)),
                None => {}
            }
        }
        Ok(places)
    }

    fn missing(&self, name: &str, what: &'static str, header: &ForeignHeader) -> Fault {
        Fault::MappedColumn {
            missing: Box::new(MappedColumn {
                name: name.to_owned(),
                mapping: self.shown.clone(),
                what,
                have: header.names().to_vec(),
            }),
        }
    }

    /// How many of its columns the file has.
    fn fit(&self, header: &ForeignHeader) -> usize {
        let all = [
            &self.order_id,
            &self.merchant_reference,
            &self.external_id,
            &self.gross,
            &self.refunded,
            &self.currency,
            &self.date,
            &self.status,
            &self.payment_method,
            &self.invoice_no,
        ];
        all.into_iter().flat_map(|columns| &columns.names).filter(|name| header.find(name).is_some()).count()
    }

    /// Whether a payment method is Amazon Pay. An empty one is: a list without methods has only such orders.
    pub(super) fn is_amazon(&self, method: &str) -> bool {
        if method.is_empty() {
            return true;
        }
        if !self.methods.is_empty() {
            return self.methods.iter().any(|known| known.eq_ignore_ascii_case(method));
        }
        let folded: String =
            method.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
        AMAZON_METHODS.iter().any(|known| folded.contains(known))
    }
}

/// The mapping for a file: the one named, else the one of the config that fits, else the preset that fits.
///
/// # Errors
/// [`Fault::MappedColumn`] for the only or nearest mapping of the config, [`Fault::UnknownOrders`] where no
/// preset fits, [`Fault::SeveralMappings`] where the config has several that fit equally.
pub(super) fn choose<'m>(
    configured: &'m [OrderMapping],
    presets: &'m [OrderMapping],
    named: Option<&str>,
    header: &ForeignHeader,
) -> Result<(&'m OrderMapping, Places), Fault> {
    if let Some(named) = named {
        let known = configured.iter().chain(presets).find(|mapping| mapping.name == named);
        if let Some(mapping) = known {
            return mapping.places(header).map(|places| (mapping, places));
        }
    }
    let pool = if configured.is_empty() { presets } else { configured };
    let mut best: Vec<(&OrderMapping, Places)> = Vec::new();
    let mut refused: Option<(usize, Fault)> = None;
    for mapping in pool {
        let fit = mapping.fit(header);
        match mapping.places(header) {
            Ok(places) => match best.first().map(|(known, _)| known.fit(header).cmp(&fit)) {
                None | Some(std::cmp::Ordering::Less) => best = vec![(mapping, places)],
                Some(std::cmp::Ordering::Equal) => best.push((mapping, places)),
                Some(std::cmp::Ordering::Greater) => {}
            },
            Err(fault) if refused.as_ref().is_none_or(|(known, _)| *known < fit) => refused = Some((fit, fault)),
            Err(_) => {}
        }
    }
    let fitting: Vec<String> = best.iter().map(|(mapping, _)| mapping.name.clone()).collect();
    let mut best = best.into_iter();
    match (best.next(), best.next(), refused) {
        (Some(found), None, _) => Ok(found),
        (Some(found), Some(_), _) if configured.is_empty() => Ok(found),
        (Some(_), Some(_), _) => Err(Fault::SeveralMappings { fitting }),
        (None, _, Some((fit, fault))) if fit > 1 || !configured.is_empty() => Err(fault),
        (None, ..) => Err(Fault::UnknownOrders { have: header.names().to_vec() }),
    }
}
