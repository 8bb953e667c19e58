//! Which operation a method and a path mean.

use super::super::encoding::{Plus, percent_decode};
use super::super::fixture::Environment;

/// An operation of API v2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    GetReports,
    GetReportById,
    CreateReport,
    GetReportDocument,
    GetReportSchedules,
    GetReportScheduleById,
    CreateReportSchedule,
    CancelReportSchedule,
    GetDisbursements,
    GetDispute,
    /// Every dispute operation that changes something.
    ChangeDispute,
    GetAuthorizationToken,
    GetPublicKeyId,
}

/// The environment that a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prefix {
    /// `/v2`: the key's id tells.
    None,
    /// `/live/v2` or `/sandbox/v2`.
    Of(Environment),
}

/// What stands in the place of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tail {
    Nothing,
    Id,
    IdAnd(&'static str),
}

/// Method, resource, what follows it, operation, name.
#[rustfmt::skip] // a table reads by its columns
const ROUTES: [(&str, &str, Tail, Operation, &str); 16] = [
    ("GET", "reports", Tail::Nothing, Operation::GetReports, "GetReports"),
    ("GET", "reports", Tail::Id, Operation::GetReportById, "GetReportById"),
    ("POST", "reports", Tail::Nothing, Operation::CreateReport, "CreateReport"),
    ("GET", "report-documents", Tail::Id, Operation::GetReportDocument, "GetReportDocument"),
    ("GET", "report-schedules", Tail::Nothing, Operation::GetReportSchedules, "GetReportSchedules"),
    ("GET", "report-schedules", Tail::Id, Operation::GetReportScheduleById, "GetReportScheduleById"),
    ("POST", "report-schedules", Tail::Nothing, Operation::CreateReportSchedule, "CreateReportSchedule"),
    ("DELETE", "report-schedules", Tail::Id, Operation::CancelReportSchedule, "CancelReportSchedule"),
    ("GET", "disbursements", Tail::Nothing, Operation::GetDisbursements, "GetDisbursements"),
    ("GET", "disputes", Tail::Id, Operation::GetDispute, "GetDispute"),
    ("POST", "disputes", Tail::Nothing, Operation::ChangeDispute, "ChangeDispute"),
    ("PATCH", "disputes", Tail::Id, Operation::ChangeDispute, "ChangeDispute"),
    ("POST", "disputes", Tail::IdAnd("contest"), Operation::ChangeDispute, "ChangeDispute"),
    ("POST", "files", Tail::Nothing, Operation::ChangeDispute, "ChangeDispute"),
    ("GET", "authorizationTokens", Tail::Id, Operation::GetAuthorizationToken, "GetAuthorizationToken"),
    ("GET", "publicKeyId", Tail::Nothing, Operation::GetPublicKeyId, "GetPublicKeyId"),
];

impl Operation {
    /// Its name.
    pub(super) fn name(self) -> &'static str {
        ROUTES.iter().find(|row| row.3 == self).map_or("", |row| row.4)
    }
}

/// A known route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) prefix: Prefix,
    pub(super) operation: Operation,
    /// What stands in the place of an id, decoded.
    pub(super) id: String,
}

impl Route {
    /// The route of a method and a path. One slash at the end is accepted: a public SDK sends it.
    pub(super) fn of(method: &str, path: &str) -> Option<Self> {
        let path = path.strip_suffix('/').unwrap_or(path);
        let (prefix, rest) = [
            ("/v2/", Prefix::None),
            ("/live/v2/", Prefix::Of(Environment::Live)),
            ("/sandbox/v2/", Prefix::Of(Environment::Sandbox)),
        ]
        .iter()
        .find_map(|(beginning, prefix)| path.strip_prefix(beginning).map(|rest| (*prefix, rest)))?;
        let mut parts = rest.split('/');
        let (resource, id, more) = (parts.next()?, parts.next(), parts.next());
        if parts.next().is_some() || id == Some("") {
            return None;
        }
        let fits = |tail: &Tail| match tail {
            Tail::Nothing => id.is_none(),
            Tail::Id => id.is_some() && more.is_none(),
            Tail::IdAnd(word) => more == Some(word),
        };
        let row = ROUTES.iter().find(|row| row.0 == method && row.1 == resource && fits(&row.2))?;
        // Only the live path has the bridge from MWS keys.
        let exists = row.3 != Operation::GetPublicKeyId || prefix == Prefix::Of(Environment::Live);
        let id = percent_decode(id.unwrap_or_default(), Plus::Literal);
        exists.then_some(Self { prefix, operation: row.3, id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_or_without_environment_leads_to_its_operation() {
        let route = |method, path| Route::of(method, path).map(|route| (route.prefix, route.operation, route.id));
        let none = String::new();
        assert_eq!(route("GET", "/v2/reports"), Some((Prefix::None, Operation::GetReports, none.clone())));
        assert_eq!(route("GET", "/v2/reports/"), Some((Prefix::None, Operation::GetReports, none)));
        let sandbox = Prefix::Of(Environment::Sandbox);
        let document = Some((sandbox, Operation::GetReportDocument, "a/b".to_owned()));
        assert_eq!(route("GET", "/sandbox/v2/report-documents/a%2Fb"), document);
        assert_eq!(Route::of("POST", "/v2/disputes/x/contest").unwrap().operation, Operation::ChangeDispute);
        for (method, path) in [
            ("GET", "/v2/charges"),
            ("PUT", "/v2/reports"),
            ("GET", "/v2/reports//"),
            ("GET", "/v2/reports/1/2"),
            ("GET", "/v2/publicKeyId"),
            ("GET", "/sandbox/v2/publicKeyId"),
            ("GET", "/v1/reports"),
        ] {
            assert_eq!(Route::of(method, path), None, "{method} {path}");
        }
    }
}
