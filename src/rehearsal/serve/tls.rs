//! The certificates of the TLS listener: an authority of its own, a good leaf, and two bad ones for the
//! fault `tls-bad`.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// The file of the authority's certificate, which a client is to trust.
pub(super) const CA_FILE: &str = "ca.pem";
const CA_KEY_FILE: &str = "ca-key.pem";
const CA_NAME: &str = "settle-rehearsal test authority";
/// What the good leaf stands for. A common name alone is not enough for every client.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
/// What the bad leaf stands for.
const OTHER_NAME: &str = "pay-api.invalid";

/// Why there are no certificates.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A certificate could not be made.
    #[error("no certificate could be made: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The TLS library refused it.
    #[error("TLS cannot be set up: {0}")]
    Config(#[from] tokio_rustls::rustls::Error),
    /// The authority's files.
    #[error("the files of the test authority: {0}")]
    Files(#[from] std::io::Error),
}

/// One configuration for each way of presenting itself.
#[derive(Clone)]
pub(super) struct Identities {
    pub(super) good: Arc<ServerConfig>,
    pub(super) other_name: Arc<ServerConfig>,
    pub(super) other_authority: Arc<ServerConfig>,
}

/// Makes the certificates; the authority is taken from the folder, or made and left there.
pub(super) fn identities(folder: &Path) -> Result<Identities, TlsError> {
    let own = Issuer::new(authority_params()?, authority_key(folder)?);
    let foreign = Issuer::new(authority_params()?, KeyPair::generate()?);
    Ok(Identities {
        good: config(&NAMES, &own)?,
        other_name: config(&[OTHER_NAME], &own)?,
        other_authority: config(&NAMES, &foreign)?,
    })
}

fn authority_params() -> Result<CertificateParams, TlsError> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, CA_NAME);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    Ok(params)
}

fn authority_key(folder: &Path) -> Result<KeyPair, TlsError> {
    let (certificate, key) = (folder.join(CA_FILE), folder.join(CA_KEY_FILE));
    if certificate.is_file() && key.is_file() {
        return Ok(KeyPair::from_pem(&fs::read_to_string(&key)?)?);
    }
    fs::create_dir_all(folder)?;
    let pair = KeyPair::generate()?;
    write_private(&key, pair.serialize_pem().as_bytes())?;
    fs::write(&certificate, authority_params()?.self_signed(&pair)?.pem())?;
    Ok(pair)
}

/// Writes a file that only its owner can read.
pub(super) fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(bytes)
}

fn config(names: &[&str], issuer: &Issuer<'_, KeyPair>) -> Result<Arc<ServerConfig>, TlsError> {
    let mut params = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>())?;
    params.distinguished_name.push(DnType::CommonName, names.first().copied().unwrap_or_default());
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, issuer)?;
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private)?;
    Ok(Arc::new(config))
}
