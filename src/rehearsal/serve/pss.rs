//! RSASSA-PSS verification with a salt length that is fixed by the algorithm's name.
//!
//! A verifier that finds the salt length by itself would hide a client that signs with the wrong one, so
//! each name has parameters of its own here.

use aws_lc_rs::rsa::{PublicKey, RsaParameters};
use aws_lc_rs::signature::{RSA_PSS_2048_8192_SHA256, RsaPssSaltLength, UnparsedPublicKey};

/// The fewest bits of a key that the service accepts.
pub(super) const KEY_BITS_MIN: u32 = 2_048;

static SALT_20: RsaParameters = RSA_PSS_2048_8192_SHA256.with_pss_salt_length(RsaPssSaltLength::Custom(20));
static SALT_32: RsaParameters = RSA_PSS_2048_8192_SHA256.with_pss_salt_length(RsaPssSaltLength::Custom(32));

/// The algorithms by name.
const ALGORITHMS: [(&str, Algorithm); 2] =
    [("AMZN-PAY-RSASSA-PSS", Algorithm(&SALT_20)), ("AMZN-PAY-RSASSA-PSS-V2", Algorithm(&SALT_32))];

/// A signature algorithm of API v2.
#[derive(Clone, Copy)]
pub(super) struct Algorithm(&'static RsaParameters);

impl Algorithm {
    /// The algorithm of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        ALGORITHMS.iter().find(|(known, _)| *known == name).map(|(_, algorithm)| *algorithm)
    }
}

/// An RSA public key.
#[derive(Clone, Debug)]
pub(super) struct RsaKey {
    /// Modulus and exponent, as RFC 8017 writes them.
    der: Vec<u8>,
}

impl RsaKey {
    /// Reads a PEM of either kind (`PUBLIC KEY`, `RSA PUBLIC KEY`); `None` where it is no RSA key.
    pub(super) fn from_pem(text: &str) -> Option<Self> {
        let block = pem::parse(text).ok()?;
        let key = PublicKey::from_der(block.contents()).ok()?;
        Some(Self { der: key.as_ref().to_vec() })
    }

    /// The bits of its modulus.
    pub(super) fn bits(&self) -> u32 {
        RsaParameters::public_modulus_len(&self.der).unwrap_or(0)
    }

    /// Whether `signature` is one of `message` by this algorithm.
    pub(super) fn is_signed(&self, message: &[u8], signature: &[u8], algorithm: Algorithm) -> bool {
        UnparsedPublicKey::new(algorithm.0, &self.der).verify(message, signature).is_ok()
    }
}
