//! Charts of a workbook: fees by month with the fee rate, payouts over time. One for each account, beside
//! the table from whose cells it is drawn.

use rust_xlsxwriter::{Chart, ChartLegendPosition, ChartType, RowNum, Worksheet, XlsxError};

use super::Book;
use super::table::Layout;
use crate::export::language::Label;

/// Charts of one sheet: more accounts than that nobody scrolls through.
const CHARTS_MOST: usize = 12;
/// Rows that a chart covers.
const CHART_ROWS: RowNum = 17;
/// Its size in pixels.
const SIZE: (u32, u32) = (720, 320);

/// Runs of rows that belong together, by what `key` says of each.
fn runs<T: PartialEq>(keys: impl Iterator<Item = T>) -> Vec<(T, RowNum, RowNum)> {
    let mut runs: Vec<(T, RowNum, RowNum)> = Vec::new();
    for (row, key) in (0..).zip(keys) {
        match runs.last_mut() {
            Some(last) if last.0 == key => last.2 = row,
            _ => runs.push((key, row, row)),
        }
    }
    runs
}

/// Columns of the payouts sheet.
const PAYOUT_POSTED: u16 = 2;
const PAYOUT_AMOUNT: u16 = 4;
/// The first column that is free for charts.
const PAYOUT_CHARTS: u16 = 9;

pub(super) fn payouts(sheet: &mut Worksheet, book: &Book<'_>, layout: &Layout) -> Result<(), XlsxError> {
    let keys =
        book.statement.accounts.iter().flat_map(|account| {
            account.payouts.iter().map(move |_| format!("{} {}", account.account, account.currency))
        });
    for (place, (name, first, last)) in (0..).zip(runs(keys).into_iter().take(CHARTS_MOST)) {
        let (first, last) = (layout.first + first, layout.first + last);
        let mut chart = Chart::new(ChartType::Column);
        let series = chart.add_series();
        series.set_categories((layout.name.as_str(), first, PAYOUT_POSTED, last, PAYOUT_POSTED));
        series.set_values((layout.name.as_str(), first, PAYOUT_AMOUNT, last, PAYOUT_AMOUNT));
        series.set_name(book.words.heading(Label::Payouts).as_str());
        chart.title().set_name(format!("{}, {name}", book.words.heading(Label::PayoutTimeline)).as_str());
        chart.x_axis().set_date_axis(true).set_num_format(book.words.sheet_date());
        chart.y_axis().set_num_format("#,##0");
        chart.legend().set_hidden();
        insert(sheet, &mut chart, place, layout, PAYOUT_CHARTS)?;
    }
    Ok(())
}

/// Columns of the fees sheet.
const FEES_MONTH: u16 = 2;
const FEES_PERCENTAGE: u16 = 6;
const FEES_FIXED: u16 = 7;
const FEES_RATE: u16 = 9;
const FEES_CHARTS: u16 = 15;

pub(super) fn fees(sheet: &mut Worksheet, book: &Book<'_>, layout: &Layout) -> Result<(), XlsxError> {
    let keys = book.details.months.iter().map(|month| format!("{} {}", month.account, month.currency));
    let mut sorted = runs(keys);
    sorted.truncate(CHARTS_MOST);
    for (place, (name, first, last)) in (0..).zip(sorted) {
        let (first, last) = (layout.first + first, layout.first + last);
        let range = |column: u16| (layout.name.as_str(), first, column, last, column);
        let mut chart = Chart::new(ChartType::ColumnStacked);
        for (column, label) in [(FEES_PERCENTAGE, Label::PercentFees), (FEES_FIXED, Label::FixedFees)] {
            let series = chart.add_series();
            series.set_categories(range(FEES_MONTH)).set_values(range(column));
            series.set_name(book.words.heading(label).as_str());
        }
        let mut rate = Chart::new(ChartType::Line);
        let series = rate.add_series();
        series.set_categories(range(FEES_MONTH)).set_values(range(FEES_RATE)).set_secondary_axis(true);
        series.set_name(book.words.heading(Label::FeeRate).as_str());
        rate.y2_axis().set_num_format("0.00%");
        chart.combine(&rate);
        chart.title().set_name(format!("{}, {name}", book.words.heading(Label::FeesByMonth)).as_str());
        // Fees are negative numbers; turned about, their axis grows upward and the sign says nothing more.
        chart.y_axis().set_reverse().set_num_format("#,##0;#,##0");
        chart.legend().set_position(ChartLegendPosition::Bottom);
        insert(sheet, &mut chart, place, layout, FEES_CHARTS)?;
    }
    Ok(())
}

fn insert(
    sheet: &mut Worksheet,
    chart: &mut Chart,
    place: RowNum,
    layout: &Layout,
    column: u16,
) -> Result<(), XlsxError> {
    chart.set_width(SIZE.0).set_height(SIZE.1);
    sheet.insert_chart(layout.first + place * CHART_ROWS, column, chart)?;
    Ok(())
}
