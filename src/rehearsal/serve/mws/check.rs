//! The checks of an MWS request, in their order; the first that fails decides the answer.

use super::super::call::Call;
use super::super::decided::MWS_SKEW;
use super::super::fixture::Account;
use super::super::quota::{Denied, Left, unusual};
use super::super::sigv2;
use super::super::stamps;
use super::super::world::World;
use super::{Action, Parameters, Refusal, VERSION};

/// Where the section lives; `/` is its older address.
const PATHS: [&str; 2] = ["/", "/Reports/2009-01-01"];
/// What every request carries, besides the seller.
const REQUIRED: [&str; 7] =
    ["AWSAccessKeyId", "Action", "SignatureMethod", "SignatureVersion", "Timestamp", "Version", "Signature"];
const METHOD: &str = "HmacSHA256";
/// The longest user agent; longer ones are refused in strict mode.
const USER_AGENT_MAX: usize = 500;

/// A request that may be answered.
#[derive(Clone, Debug)]
pub(super) struct Admitted {
    /// The account's name.
    pub(super) account: String,
    pub(super) action: Action,
    pub(super) parameters: Parameters,
    /// The hourly counter after this request.
    pub(super) left: Option<Left>,
}

/// The account that a request names by its key and seller.
pub(super) fn named_account<'a>(world: &'a World, parameters: &Parameters) -> Option<&'a Account> {
    let key = parameters.get("AWSAccessKeyId");
    let seller = parameters.seller();
    let with_key = |account: &&Account| key.is_some() && account.mws_access_key.as_deref() == key;
    world.accounts.iter().find(|account| with_key(account) && Some(account.seller_id.as_str()) == seller)
}

/// Lets a request through, or tells why not.
pub(super) fn admit(world: &mut World, call: &mut Call<'_>) -> Result<Admitted, Refusal> {
    let parameters = Parameters::of_request(call.request);
    check_address(call, &parameters)?;
    if world.strict_user_agent && !is_user_agent(call.request.header("user-agent").unwrap_or_default()) {
        return Err(Refusal::user_agent());
    }
    let action = check_parameters(&parameters)?;
    check_signature(world, call, &parameters)?;
    check_time(call, &parameters)?;
    let account = check_authority(world, &parameters)?;
    let quota = unusual(&world.limits, &account, action.name()).unwrap_or_else(|| action.quota());
    let taken = world.quotas.take(&account, &format!("mws {}", action.name()), quota, call.now);
    let left = taken.map_err(|denied| match denied {
        Denied::Throttled => Refusal::throttled(),
        Denied::Exceeded(left) => Refusal::exceeded(action, left),
    })?;
    Ok(Admitted { account, action, parameters, left })
}

fn check_address(call: &Call<'_>, parameters: &Parameters) -> Result<(), Refusal> {
    let path = call.request.path();
    if !PATHS.contains(&path) || !matches!(call.request.method.as_str(), "GET" | "POST") {
        let rest = path.strip_prefix("/Reports/").unwrap_or_else(|| path.trim_start_matches('/'));
        return Err(Refusal::address(rest));
    }
    match parameters.get("Version") {
        Some(VERSION) | None => Ok(()),
        Some(other) => Err(Refusal::address(other)),
    }
}

/// `App/Version (Language=…; Name=Value)`, as documented: `Language` is required.
fn is_user_agent(text: &str) -> bool {
    let Some((product, attributes)) = text.split_once(" (") else { return false };
    let Some(attributes) = attributes.trim_end().strip_suffix(')') else { return false };
    let named = product.split_once('/').is_some_and(|(name, version)| !name.is_empty() && !version.is_empty());
    let pairs: Vec<Option<(&str, &str)>> = attributes.split(';').map(|part| part.trim().split_once('=')).collect();
    let language = pairs.iter().flatten().any(|(name, value)| *name == "Language" && !value.is_empty());
    named && language && pairs.iter().all(Option::is_some) && text.len() <= USER_AGENT_MAX
}

fn check_parameters(parameters: &Parameters) -> Result<Action, Refusal> {
    if let Some(name) = parameters.repeated() {
        return Err(Refusal::parameter(name));
    }
    let missing =
        |names: &[&str]| names.iter().find(|name| parameters.get(name).is_none()).map(|name| Refusal::missing(name));
    if let Some(refusal) = missing(&REQUIRED) {
        return Err(refusal);
    }
    if parameters.seller().is_none() {
        return Err(Refusal::missing("SellerId"));
    }
    let action = parameters.get("Action").and_then(Action::named).ok_or_else(|| Refusal::parameter("Action"))?;
    missing(action.required()).map_or(Ok(action), Err)
}

fn check_signature(world: &World, call: &mut Call<'_>, parameters: &Parameters) -> Result<(), Refusal> {
    let key = parameters.get("AWSAccessKeyId");
    let owner = world.accounts.iter().find(|account| account.mws_access_key.as_deref() == key);
    let secret = owner.and_then(|account| account.mws_secret.as_deref()).ok_or_else(Refusal::access_key)?;
    let request = call.request;
    let signed = parameters.without(&["Signature"]);
    let rebuilt = sigv2::rebuild(&request.method, &request.host(), request.path(), &signed);
    call.trace.canonical.clone_from(&rebuilt.canonical);
    call.trace.string_to_sign.clone_from(&rebuilt.string_to_sign);
    let method = parameters.get("SignatureMethod") == Some(METHOD) && parameters.get("SignatureVersion") == Some("2");
    let signature = parameters.get("Signature").unwrap_or_default();
    if method && sigv2::is_signed(secret, &rebuilt.string_to_sign, signature) {
        Ok(())
    } else {
        Err(Refusal::signature())
    }
}

fn check_time(call: &Call<'_>, parameters: &Parameters) -> Result<(), Refusal> {
    let stamp = parameters.get("Timestamp").unwrap_or_default();
    let at = stamps::read_iso(stamp).ok_or_else(|| Refusal::value("Timestamp", stamp))?;
    if (at - call.server_now).abs() > MWS_SKEW { Err(Refusal::expired(stamp, at, call.server_now)) } else { Ok(()) }
}

fn check_authority(world: &World, parameters: &Parameters) -> Result<String, Refusal> {
    let account = named_account(world, parameters).filter(|account| account.mws_authorised);
    let account = account.ok_or_else(Refusal::access_denied)?;
    let token = account.mws_auth_token.as_deref();
    let is_right = token.is_none() || token == parameters.get("MWSAuthToken");
    if is_right { Ok(account.name.clone()) } else { Err(Refusal::access_denied()) }
}

#[cfg(test)]
mod tests {
    use super::is_user_agent;

    #[test]
    fn the_documented_user_agent_names_its_language() {
        for good in [
            "settle/0.1.0 (Language=Rust/1.95; Platform=linux)",
            "python-amazon-mws/0.8.15 (Language=Python)",
            "My App/1 (Language=a)",
        ] {
            assert!(is_user_agent(good), "{good}");
        }
        for bad in ["", "curl/8.0", "a/1 (Platform=linux)", "a (Language=b)", "a/1 (Language=b", "a/1 (Language=b; c)"]
        {
            assert!(!is_user_agent(bad), "{bad}");
        }
    }
}
