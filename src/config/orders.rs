//! `[orders.NAME]`: how the order lists of a shop are read, from texts to types.

use chrono::TimeDelta;

use super::choice::OrderPreset;
use super::duration::parse_duration;
use super::error::ConfigError;
use super::keys::{Key, Section};
use super::layers::{Layers, known};
use crate::domain::{Currency, Zone};

/// A mapping of columns. `None` leaves a column to the preset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderSettings {
    /// Its name in the config.
    pub name: String,
    /// The shop that wrote the list.
    pub preset: OrderPreset,
    /// Column of the order number that people use.
    pub order_id: Option<Vec<String>>,
    /// Column of what was sent to Amazon.
    pub merchant_reference: Option<Vec<String>>,
    /// Columns with ids of Amazon.
    pub external_id: Option<Vec<String>>,
    /// Column of the total.
    pub gross: Option<Vec<String>>,
    /// Column of what was refunded.
    pub refunded: Option<Vec<String>>,
    /// Column of the currency.
    pub currency: Option<Vec<String>>,
    /// The currency of every order, instead of a column.
    pub currency_fixed: Option<Currency>,
    /// Columns of the date; the first that is not empty counts.
    pub date: Option<Vec<String>>,
    /// Form of dates, in the letters of strftime.
    pub date_format: Option<String>,
    /// Zone of dates without an offset.
    pub timezone: Option<Zone>,
    /// Column of the status.
    pub status: Option<Vec<String>>,
    /// Column of the payment method.
    pub payment_method: Option<Vec<String>>,
    /// The payment methods that are Amazon Pay.
    pub payment_method_is: Option<Vec<String>>,
    /// Column of the invoice number.
    pub invoice_no: Option<Vec<String>>,
    /// The decimal mark, where it is not to be seen in the file.
    pub decimal: Option<char>,
    /// How far outside the period orders and captures are looked for.
    pub margin: TimeDelta,
}

/// Reads every mapping, in the order of the file.
pub(super) fn read_orders(layers: &Layers<'_>) -> Result<Vec<OrderSettings>, ConfigError> {
    let names = layers.named.iter().filter(|(section, ..)| *section == Section::Orders);
    names.map(|(_, name, _)| read_one(layers, name)).collect()
}

fn read_one(layers: &Layers<'_>, name: &str) -> Result<OrderSettings, ConfigError> {
    let columns =
        |wanted| layers.read_list(key(wanted), name, filled).map(|names| Some(names).filter(|names| !names.is_empty()));
    Ok(OrderSettings {
        name: name.to_owned(),
        preset: layers.read(key("preset"), name, |text| text.parse().ok())?.unwrap_or(OrderPreset::Custom),
        order_id: columns("order_id")?,
        merchant_reference: columns("merchant_reference")?,
        external_id: columns("external_id")?,
        gross: columns("gross")?,
        refunded: columns("refunded")?,
        currency: columns("currency")?,
        currency_fixed: layers.read(key("currency_fixed"), name, |text| text.parse().ok())?,
        date: columns("date")?,
        date_format: layers.read(key("date_format"), name, date_form)?,
        timezone: layers.read(key("timezone"), name, |text| text.parse().ok())?,
        status: columns("status")?,
        payment_method: columns("payment_method")?,
        payment_method_is: columns("payment_method_is")?,
        invoice_no: columns("invoice_no")?,
        decimal: layers.read(key("decimal"), name, decimal_mark)?,
        margin: layers.read(key("margin"), name, |text| parse_duration(text).ok())?.unwrap_or_default(),
    })
}

fn key(name: &str) -> &'static Key {
    known(Section::Orders, name)
}

fn filled(text: &str) -> Option<String> {
    (!text.trim().is_empty()).then(|| text.trim().to_owned())
}

/// A form that chrono knows; a wrong letter would otherwise refuse every date of a file.
fn date_form(text: &str) -> Option<String> {
    let unknown = |item| matches!(item, chrono::format::Item::Error);
    (!text.trim().is_empty() && !chrono::format::StrftimeItems::new(text).any(unknown)).then(|| text.to_owned())
}

fn decimal_mark(text: &str) -> Option<char> {
    let mut characters = text.chars();
    characters.next().filter(|mark| matches!(mark, '.' | ',') && characters.next().is_none())
}
