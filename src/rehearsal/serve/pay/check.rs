//! The checks of a request to API v2, in their order; the first that fails decides the answer.

use chrono::TimeDelta;

use super::super::call::Call;
use super::super::decided::{PAY_LIVE_BURST, PAY_RESTORE, PAY_SANDBOX_BURST, PAY_SKEW};
use super::super::encoding::{base64_decode, sha256_hex};
use super::super::faults::FaultKind;
use super::super::fixture::{Account, Environment, PayKey};
use super::super::message::Received;
use super::super::pss::{Algorithm, RsaKey};
use super::super::quota::{Quota, unusual};
use super::super::stamps;
use super::super::world::World;
use super::canonical::Parts;
use super::route::{Operation, Prefix, Route};
use super::{Query, Refusal};

/// The headers without which nothing is looked at.
const REQUIRED: [&str; 6] =
    ["accept", "content-type", "x-amz-pay-date", "x-amz-pay-host", "x-amz-pay-region", "authorization"];
/// The headers that must be signed.
const SIGNED: [&str; 5] = ["accept", "content-type", "x-amz-pay-date", "x-amz-pay-host", "x-amz-pay-region"];
/// The headers that must be signed where they are there.
const SIGNED_IF_THERE: [&str; 2] = [IDEMPOTENCY_KEY, AUTH_TOKEN];
const IDEMPOTENCY_KEY: &str = "x-amz-pay-idempotency-key";
const AUTH_TOKEN: &str = "x-amz-pay-authtoken";
/// The longest idempotency key; documented.
const IDEMPOTENCY_KEY_MAX: usize = 32;
/// Burst and pace of Get Authorization Token; documented.
const TOKEN_QUOTA: Quota = Quota { burst: 5, restore: TimeDelta::seconds(1), hourly: None };

/// A request that may be answered.
#[derive(Clone, Debug)]
pub(super) struct Admitted {
    /// The account's name.
    pub(super) account: String,
    pub(super) environment: Environment,
    pub(super) route: Route,
    pub(super) query: Query,
}

/// The parts of an `authorization` header.
#[derive(Clone)]
struct Authorization<'a> {
    name: &'a str,
    algorithm: Algorithm,
    key_id: &'a str,
    signed: Vec<&'a str>,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let (name, rest) = text.split_once(' ')?;
        let algorithm = Algorithm::named(name)?;
        let (key, rest) = rest.split_once(", ")?;
        let (signed, signature) = rest.split_once(", ")?;
        let signed = signed.strip_prefix("SignedHeaders=")?;
        let signature = signature.strip_prefix("Signature=").filter(|text| base64_decode(text).is_some())?;
        let key_id = key.strip_prefix("PublicKeyId=").filter(|id| !id.is_empty())?;
        Some(Self { name, algorithm, key_id, signed: signed.split(';').collect(), signature })
    }
}

/// The key id in an `authorization` header, whatever else is wrong with it.
pub(super) fn named_key(authorization: &str) -> Option<&str> {
    let (_, rest) = authorization.split_once("PublicKeyId=")?;
    rest.split([',', ' ']).next().filter(|id| !id.is_empty())
}

/// The account and the key of a key id.
pub(super) fn owner_of<'a>(world: &'a World, id: &str) -> Option<(&'a Account, &'a PayKey)> {
    world
        .accounts
        .iter()
        .find_map(|account| account.pay_keys.iter().find(|key| key.public_key_id == id).map(|key| (account, key)))
}

/// Lets a request through, or tells why not.
pub(super) fn admit(world: &mut World, call: &mut Call<'_>, route: Route) -> Result<Admitted, Refusal> {
    let request = call.request;
    check_presence(request)?;
    let header = request.header("authorization").unwrap_or_default();
    let authorization = Authorization::read(header).ok_or_else(|| Refusal::header("authorization"))?;
    let (account, key) = owner_of(world, authorization.key_id).ok_or_else(Refusal::authentication)?;
    let (account, key) = (account.clone(), key.clone());
    check_signed_set(request, &authorization)?;
    check_host_and_region(request, &account)?;
    check_date(call)?;
    check_signature(world, call, &authorization, &key)?;
    let environment = check_environment(request, &route, &account, &key)?;
    take_quota(world, call, &route, &account.name, environment)?;
    let query = Query::of_request(request);
    Ok(Admitted { account: account.name, environment, route, query })
}

fn check_presence(request: &Received) -> Result<(), Refusal> {
    for name in REQUIRED {
        match request.header(name).map(str::trim) {
            None => return Err(Refusal::missing_header(name)),
            Some("") => return Err(Refusal::missing_header_value(name)),
            Some(_) => {}
        }
    }
    Ok(())
}

fn check_signed_set(request: &Received, authorization: &Authorization<'_>) -> Result<(), Refusal> {
    let signed = &authorization.signed;
    let is_sorted = signed.windows(2).all(|pair| matches!(pair, [one, other] if one < other));
    let is_lower = signed.iter().all(|name| *name == name.to_lowercase());
    let once = |name: &str| request.header_values(name).count() == 1;
    let complete = SIGNED.iter().all(|name| signed.contains(name));
    let optional = SIGNED_IF_THERE.iter().all(|name| request.header(name).is_none() || signed.contains(name));
    if is_sorted && is_lower && complete && optional && signed.iter().all(|name| once(name)) {
        Ok(())
    } else {
        Err(Refusal::header("authorization"))
    }
}

fn check_host_and_region(request: &Received, account: &Account) -> Result<(), Refusal> {
    let stated = request.header("x-amz-pay-host").unwrap_or_default().trim().to_lowercase();
    let host = request.header("host").unwrap_or_default().trim().to_lowercase();
    let bare = host.rsplit_once(':').map_or(host.as_str(), |(bare, _)| bare);
    if stated != host && stated != bare && stated != request.host() {
        return Err(Refusal::header("x-amz-pay-host"));
    }
    let region = request.header("x-amz-pay-region").unwrap_or_default().trim();
    if region.eq_ignore_ascii_case(account.region.word()) { Ok(()) } else { Err(Refusal::header("x-amz-pay-region")) }
}

fn check_date(call: &Call<'_>) -> Result<(), Refusal> {
    let text = call.request.header("x-amz-pay-date").unwrap_or_default().trim();
    let at = stamps::read_pay_date(text).filter(|at| (*at - call.server_now).abs() <= PAY_SKEW);
    at.map(|_| ()).ok_or_else(|| Refusal::header("x-amz-pay-date"))
}

fn check_signature(
    world: &World,
    call: &mut Call<'_>,
    authorization: &Authorization<'_>,
    key: &PayKey,
) -> Result<(), Refusal> {
    let request = call.request;
    let value = |name: &str| request.header(name).unwrap_or_default().to_owned();
    let parts = Parts {
        method: &request.method,
        path: request.path(),
        query: request.query(),
        headers: authorization.signed.iter().map(|name| ((*name).to_owned(), value(name))).collect(),
        body: &request.body,
    };
    call.trace.canonical = parts.canonical();
    call.trace.string_to_sign = parts.string_to_sign(authorization.name);
    let signature = base64_decode(authorization.signature).unwrap_or_default();
    let is_signed = RsaKey::from_pem(&key.public_key_pem)
        .is_some_and(|key| key.is_signed(call.trace.string_to_sign.as_bytes(), &signature, authorization.algorithm));
    let status = world.decisions.signature_status;
    if call.fires(FaultKind::SignatureEcho) {
        let other = sha256_hex(format!("{} ", call.trace.canonical).as_bytes());
        let echoed = format!("{}\n{other}", authorization.name);
        return Err(Refusal::signature(status, &echoed, authorization.signature));
    }
    if is_signed {
        Ok(())
    } else {
        Err(Refusal::signature(status, &call.trace.string_to_sign, authorization.signature))
    }
}

fn check_environment(
    request: &Received,
    route: &Route,
    account: &Account,
    key: &PayKey,
) -> Result<Environment, Refusal> {
    let id = key.public_key_id.to_ascii_uppercase();
    let is_prefixed = id.starts_with("LIVE") || id.starts_with("SANDBOX");
    let environment = match (route.prefix, is_prefixed) {
        (Prefix::None, true) => key.environment,
        (Prefix::Of(environment), false) if environment == key.environment => environment,
        _ => return Err(Refusal::unauthorized()),
    };
    let token = account.pay_auth_token.as_deref();
    let is_right = token.is_none() || token == request.header(AUTH_TOKEN);
    // The token itself is fetched without one.
    if is_right || route.operation == Operation::GetAuthorizationToken {
        Ok(environment)
    } else {
        Err(Refusal::unauthorized())
    }
}

fn take_quota(
    world: &mut World,
    call: &Call<'_>,
    route: &Route,
    account: &str,
    environment: Environment,
) -> Result<(), Refusal> {
    let name = route.operation.name();
    let usual = match (route.operation, environment) {
        (Operation::GetAuthorizationToken, _) => TOKEN_QUOTA,
        (_, Environment::Live) => Quota { burst: PAY_LIVE_BURST, restore: PAY_RESTORE, hourly: None },
        (_, Environment::Sandbox) => Quota { burst: PAY_SANDBOX_BURST, restore: PAY_RESTORE, hourly: None },
    };
    let quota = unusual(&world.limits, account, name).unwrap_or(usual);
    let taken = world.quotas.take(account, &format!("pay {environment:?} {name}"), quota, call.now);
    taken.map(|_| ()).map_err(|_| Refusal::throttled())
}

/// The idempotency key of a request, where there is one and it has the documented form.
pub(super) fn idempotency_key(request: &Received) -> Result<Option<String>, Refusal> {
    let Some(key) = request.header(IDEMPOTENCY_KEY).map(str::trim) else { return Ok(None) };
    let is_key = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if is_key && (1..=IDEMPOTENCY_KEY_MAX).contains(&key.len()) {
        Ok(Some(key.to_owned()))
    } else {
        Err(Refusal::header(IDEMPOTENCY_KEY))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authorization_has_one_form() {
        let good = "AMZN-PAY-RSASSA-PSS-V2 PublicKeyId=LIVE-A, SignedHeaders=a;b, Signature=AAAA";
        let read = Authorization::read(good).unwrap();
        assert_eq!((read.name, read.key_id, read.signed.len()), ("AMZN-PAY-RSASSA-PSS-V2", "LIVE-A", 2));
        for bad in [
            good.replace("-V2", "-V3"),
            good.replace("PublicKeyId=LIVE-A", "PublicKeyId="),
            good.replace(", Signature", ",Signature"),
            good.replace("AAAA", "A!"),
            String::new(),
        ] {
            assert!(Authorization::read(&bad).is_none(), "{bad}");
        }
        assert_eq!(named_key(good), Some("LIVE-A"));
    }
}
