//! MWS answers as types: lists of reports, lists of requests.

use super::super::instants::read_instant;
use super::super::source::{Granted, Listed, Stage};
use super::errors::{error_of, reset_in};
use super::xml::{Element, read_xml};

/// One page of a list.
#[derive(Clone, Debug, Default)]
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    /// The token of the next page; `None` at the end.
    pub(super) next: Option<String>,
}

/// The element that holds the result, whatever the action is called: `…Result` in `…Response`.
fn result(root: &Element) -> Result<&Element, String> {
    root.children
        .iter()
        .find(|child| child.name.ends_with("Result"))
        .ok_or_else(|| format!("`{}` holds no result", root.name.escape_debug()))
}

fn page<T>(root: &Element, item: &str, read: impl Fn(&Element) -> Option<T>) -> Result<Page<T>, String> {
    let result = result(root)?;
    let items: Vec<T> = result.all(item).filter_map(read).collect();
    let has_next = result.text_of("HasNext").is_some_and(|word| word.eq_ignore_ascii_case("true"));
    match (has_next, result.text_of("NextToken")) {
        (true, None) => Err("it says that there is more and does not say where".to_owned()),
        (true, Some(token)) => Ok(Page { items, next: Some(token.to_owned()) }),
        (false, _) => Ok(Page { items, next: None }),
    }
}

/// A page of GetReportList. Everything that is listed there can be downloaded.
pub(super) fn report_page(root: &Element) -> Result<Page<Listed>, String> {
    page(root, "ReportInfo", |info| {
        Some(Listed {
            report_id: info.text_of("ReportId")?.to_owned(),
            report_type: info.text_of("ReportType").unwrap_or_default().to_owned(),
            status: "_DONE_".to_owned(),
            stage: Stage::Ready,
            document_ref: None,
            period_start: None,
            period_end: None,
            created: info.text_of("AvailableDate").and_then(read_instant),
            acknowledged: info.text_of("Acknowledged").is_some_and(|word| word.eq_ignore_ascii_case("true")),
        })
    })
}

/// A page of GetReportRequestList.
pub(super) fn request_page(root: &Element) -> Result<Page<Granted>, String> {
    page(root, "ReportRequestInfo", granted)
}

/// The request that RequestReport has made.
pub(super) fn requested(root: &Element) -> Result<Granted, String> {
    let info = result(root)?.child("ReportRequestInfo").ok_or("it tells of no request")?;
    granted(info).ok_or_else(|| "the request has no id".to_owned())
}

fn granted(info: &Element) -> Option<Granted> {
    let status = info.text_of("ReportProcessingStatus").unwrap_or_default();
    let stage = stage(status);
    let report = info.text_of("GeneratedReportId").map(|id| Listed {
        report_id: id.to_owned(),
        report_type: info.text_of("ReportType").unwrap_or_default().to_owned(),
        status: status.to_owned(),
        stage,
        document_ref: None,
        period_start: info.text_of("StartDate").and_then(read_instant),
        period_end: info.text_of("EndDate").and_then(read_instant),
        created: info.text_of("CompletedDate").or_else(|| info.text_of("SubmittedDate")).and_then(read_instant),
        acknowledged: false,
    });
    Some(Granted { request_id: info.text_of("ReportRequestId")?.to_owned(), stage, report })
}

fn stage(status: &str) -> Stage {
    match status {
        "_DONE_" => Stage::Ready,
        "_DONE_NO_DATA_" | "_CANCELLED_" => Stage::Nothing,
        _ => Stage::Working,
    }
}

/// What every reader of an answer makes of a body.
pub(in super::super) fn readings(body: &[u8]) -> Vec<Result<String, String>> {
    let root = match read_xml(body) {
        Ok(root) => root,
        Err(why) => return vec![Err(why)],
    };
    let said = |error: Option<(String, String)>| error.map(|error| format!("{error:?}")).ok_or_else(String::new);
    vec![
        Ok(format!("{root:?}")),
        report_page(&root).map(|page| format!("{page:?}")),
        request_page(&root).map(|page| format!("{page:?}")),
        requested(&root).map(|granted| format!("{granted:?}")),
        said(error_of(body)),
        error_of(body).and_then(|(_, message)| reset_in(&message)).map(|at| at.to_string()).ok_or_else(String::new),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_token_may_stand_before_or_after_the_items() {
        let item = "<ReportInfo><ReportType>_T_</ReportType><Acknowledged>true</Acknowledged><ReportId>10000000000017648</ReportId>\
             <AvailableDate>2026-11-20T04:00:00+00:00</AvailableDate></ReportInfo>";
        for order in [format!("<NextToken>A+b/c==</NextToken>{item}"), format!("{item}<NextToken>A+b/c==</NextToken>")]
        {
            let text = format!(
                "<GetReportListResponse xmlns=\"http://mws.amazonaws.com/doc/2009-01-01/\"><GetReportListResult>\
                 <HasNext>true</HasNext>{order}</GetReportListResult></GetReportListResponse>"
            );
            let page = report_page(&read_xml(text.as_bytes()).unwrap()).unwrap();
            assert_eq!(page.next.as_deref(), Some("A+b/c=="));
            assert_eq!((page.items[0].report_id.as_str(), page.items[0].acknowledged), ("10000000000017648", true));
        }
    }

    #[test]
    fn a_request_tells_its_stage_and_the_period_of_its_report() {
        let text = "<R><GetReportRequestListResult><HasNext>false</HasNext>\
             <ReportRequestInfo><ReportRequestId>1</ReportRequestId><ReportProcessingStatus>_DONE_</ReportProcessingStatus>\
             <GeneratedReportId>9</GeneratedReportId><StartDate>2026-11-18T00:00:00+00:00</StartDate></ReportRequestInfo>\
             <ReportRequestInfo><ReportRequestId>2</ReportRequestId><ReportProcessingStatus>_DONE_NO_DATA_</ReportProcessingStatus></ReportRequestInfo>\
             <ReportRequestInfo><ReportRequestId>3</ReportRequestId><ReportProcessingStatus>_SOMETHING_NEW_</ReportProcessingStatus></ReportRequestInfo>\
             </GetReportRequestListResult></R>";
        let page = request_page(&read_xml(text.as_bytes()).unwrap()).unwrap();
        let stages: Vec<Stage> = page.items.iter().map(|item| item.stage).collect();
        assert_eq!(stages, [Stage::Ready, Stage::Nothing, Stage::Working]);
        assert_eq!(
            page.items[0].report.as_ref().unwrap().period_start.unwrap().to_string(),
            "2026-11-18T00:00:00+00:00"
        );
        assert!(page.items[1].report.is_none());
    }

    #[test]
    fn more_without_a_token_is_an_error() {
        let text = "<R><XResult><HasNext>true</HasNext></XResult></R>";
        assert!(report_page(&read_xml(text.as_bytes()).unwrap()).is_err());
        assert!(report_page(&read_xml(b"<R/>").unwrap()).is_err());
    }
}
