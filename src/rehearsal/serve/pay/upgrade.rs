//! The bridges from MWS keys: the Key Upgrade API and the exchange of an MWS authorisation token.

use serde::Serialize;

use super::super::decided::PAY_SKEW;
use super::super::encoding::{Plus, sha256};
use super::super::fixture::{Environment, PayKey};
use super::super::message::Answer;
use super::super::pss::{KEY_BITS_MIN, RsaKey};
use super::super::world::{Call, World};
use super::super::{sigv2, stamps};
use super::{Admitted, Refusal, json};

const REQUIRED: [&str; 8] = [
    "Action",
    "AWSAccessKeyId",
    "MerchantId",
    "SignatureMethod",
    "SignatureVersion",
    "Timestamp",
    "PublicKey",
    "Signature",
];
/// The letters of a key id, as in the documented examples.
const KEY_ID_LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// The length of a key id without its prefix.
const KEY_ID_LENGTH: usize = 24;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Registered<'a> {
    public_key_id: &'a str,
}

/// Registers a public key for an account that proves itself with its MWS secret.
pub(super) fn public_key_id(world: &mut World, call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let parameters = call.request.parameters(Plus::Blank);
    let get = |name: &str| parameters.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value.as_str());
    if let Some(name) = REQUIRED.iter().find(|name| get(name).is_empty()) {
        return Err(Refusal::missing(name));
    }
    let action = get("Action");
    if !["GetPublicKeyId", "GetPublicKeyID"].contains(&action) {
        return Err(Refusal::value("Action"));
    }
    let with_key =
        world.accounts.iter().filter(|account| account.mws_access_key.as_deref() == Some(get("AWSAccessKeyId")));
    let account =
        with_key.clone().find(|account| account.seller_id == get("MerchantId")).or_else(|| with_key.clone().next());
    let account = account.ok_or_else(Refusal::authentication)?;
    let rebuilt = rebuild(call, &parameters);
    call.trace.account = Some(account.name.clone());
    call.trace.canonical.clone_from(&rebuilt.canonical);
    call.trace.string_to_sign.clone_from(&rebuilt.string_to_sign);
    let secret = account.mws_secret.as_deref().unwrap_or_default();
    let method = get("SignatureMethod") == "HmacSHA256" && get("SignatureVersion") == "2";
    if !method || !sigv2::is_signed(secret, &rebuilt.string_to_sign, get("Signature")) {
        let status = world.decisions.signature_status;
        return Err(Refusal::signature(status, &rebuilt.string_to_sign, get("Signature")));
    }
    let at = stamps::read_iso(get("Timestamp")).filter(|at| (*at - call.server_now).abs() <= PAY_SKEW);
    at.ok_or_else(|| Refusal::value("Timestamp"))?;
    if !account.mws_authorised || account.seller_id != get("MerchantId") || account.mws_auth_token.is_some() {
        return Err(Refusal::unauthorized());
    }
    register(world, &account.name.clone(), get("PublicKey"))
}

/// What was signed: everything but the key and the signature, with the merchant under another name.
fn rebuild(call: &Call<'_>, parameters: &[(String, String)]) -> sigv2::Rebuilt {
    let signed: Vec<(String, String)> = parameters
        .iter()
        .filter(|(name, _)| name != "PublicKey" && name != "Signature")
        .map(|(name, value)| (if name == "MerchantId" { "SellerId" } else { name }.to_owned(), value.clone()))
        .collect();
    sigv2::rebuild("GET", &call.request.host(), call.request.path(), &signed)
}

fn register(world: &mut World, account: &str, pem: &str) -> Result<Answer, Refusal> {
    let key = RsaKey::from_pem(pem).filter(|key| key.bits() >= KEY_BITS_MIN);
    key.ok_or_else(|| Refusal::value("PublicKey"))?;
    let Some(account) = world.accounts.iter_mut().find(|known| known.name == account) else {
        return Err(Refusal::unauthorized());
    };
    let bare = key_id(pem);
    let id = if account.upgraded_key_prefixed { format!("LIVE-{bare}") } else { bare };
    if !account.pay_keys.iter().any(|key| key.public_key_id == id) {
        account.pay_keys.push(PayKey::new(&id, pem));
    }
    Ok(json(200, &Registered { public_key_id: &id }))
}

/// The id of a key, fixed by the key itself.
pub(in crate::rehearsal::serve) fn key_id(pem: &str) -> String {
    let bytes = pem::parse(pem).map(|block| block.into_contents()).unwrap_or_default();
    let letter = |byte: &u8| char::from(KEY_ID_LETTERS.get(usize::from(byte % 32)).copied().unwrap_or(b'A'));
    sha256(&bytes).iter().take(KEY_ID_LENGTH).map(letter).collect()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Exchanged<'a> {
    authorization_token: &'a str,
}

/// The token of API v2 for a known pair of MWS token and merchant; live only.
pub(super) fn authorization_token(world: &World, _call: &Call<'_>, admitted: &Admitted) -> Result<Answer, Refusal> {
    if admitted.environment == Environment::Sandbox {
        return Err(Refusal::not_found());
    }
    admitted.query.only(&["merchantId"])?;
    let merchant = admitted.query.get("merchantId").ok_or_else(|| Refusal::missing("merchantId"))?;
    let known = world.accounts.iter().find(|account| {
        account.seller_id == merchant && account.mws_auth_token.as_deref() == Some(&*admitted.route.id)
    });
    let token = known.and_then(|account| account.pay_auth_token.as_deref()).ok_or_else(Refusal::unauthorized)?;
    Ok(json(200, &Exchanged { authorization_token: token }))
}
