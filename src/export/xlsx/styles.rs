//! The looks of cells: one number format for each currency and number of decimals.

use std::collections::BTreeMap;

use rust_xlsxwriter::{Format, FormatAlign, FormatBorder};

use crate::domain::{Amount, Currency, Money};
use crate::export::language::Words;

/// Every format of a workbook.
pub(super) struct Styles {
    pub(super) title: Format,
    pub(super) header: Format,
    pub(super) header_right: Format,
    pub(super) bold: Format,
    pub(super) right: Format,
    pub(super) count: Format,
    pub(super) percent: Format,
    pub(super) moment: Format,
    money: BTreeMap<(Currency, u32), (Format, Format)>,
    plain: Format,
}

impl Styles {
    /// For a language and the currencies that occur.
    pub(super) fn new(words: Words, currencies: &[Currency]) -> Self {
        let header = Format::new().set_bold().set_text_wrap().set_border_bottom(FormatBorder::Thin);
        let header = header.set_background_color(0x00E8_EDF3).set_align(FormatAlign::Bottom);
        let mut money = BTreeMap::new();
        for currency in currencies {
            for digits in currency.minor_digits()..=Amount::SCALE.max(currency.minor_digits()) {
                let format = Format::new().set_num_format(money_format(*currency, digits));
                money.insert((*currency, digits), (format.clone(), format.set_bold()));
            }
        }
        Self {
            title: Format::new().set_bold().set_font_size(13),
            header_right: header.clone().set_align(FormatAlign::Right),
            header,
            bold: Format::new().set_bold(),
            right: Format::new().set_align(FormatAlign::Right),
            count: Format::new().set_num_format("#,##0"),
            percent: Format::new().set_num_format("0.00%"),
            moment: Format::new().set_num_format(format!("{} hh:mm:ss", words.sheet_date())),
            money,
            plain: Format::new(),
        }
    }

    /// The format of an amount: as many decimals as it has, at least those of its currency.
    pub(super) fn money(&self, money: Money) -> Format {
        self.pair(money).0.clone()
    }

    /// The same for a total.
    pub(super) fn total(&self, money: Money) -> Format {
        self.pair(money).1.clone()
    }

    fn pair(&self, money: Money) -> (&Format, &Format) {
        let digits = money.amount().normalize().scale().max(money.currency().minor_digits());
        self.money.get(&(money.currency(), digits)).map_or((&self.plain, &self.bold), |(plain, bold)| (plain, bold))
    }
}

/// `#,##0.00 [$EUR]`, red below zero; the reader's own program puts its country's marks.
fn money_format(currency: Currency, digits: u32) -> String {
    let decimals = if digits == 0 { String::new() } else { format!(".{}", "0".repeat(digits as usize)) };
    format!("#,##0{decimals} [${currency}];[Red]-#,##0{decimals} [${currency}]")
}
