//! A new key pair for the Amazon Pay API: RSA of 2048 bits, which is what Amazon's own guide makes.
//!
//! The private half is PKCS#8 in PEM and cannot print itself; the public half is SubjectPublicKeyInfo in PEM, the
//! form that Seller Central takes.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use secrecy::SecretString;

use super::pay_api::{KeyError, pem_text};

/// A pair that was just made and is nowhere yet.
#[derive(Debug)]
pub struct NewKeyPair {
    /// `BEGIN PRIVATE KEY`, PKCS#8.
    pub private_pem: SecretString,
    /// `BEGIN PUBLIC KEY`.
    pub public_pem: String,
}

impl NewKeyPair {
    /// Makes a pair from the system's randomness.
    ///
    /// # Errors
    /// [`KeyError::NotMade`].
    pub fn generate() -> Result<Self, KeyError> {
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError::NotMade)?;
        let private: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyError::NotMade)?;
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(|_| KeyError::NotMade)?;
        Ok(Self {
            private_pem: SecretString::from(pem_text("PRIVATE KEY", private.as_ref())),
            public_pem: pem_text("PUBLIC KEY", public.as_ref()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::pay_api::SigningKey;
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn a_new_pair_signs_and_its_public_half_is_in_the_form_of_seller_central() {
        let pair = NewKeyPair::generate().unwrap();
        let key = SigningKey::from_pem(&pair.private_pem).unwrap();
        assert_eq!(key.bits(), 2048);
        assert!(pair.private_pem.expose_secret().starts_with("-----BEGIN PRIVATE KEY-----\n"));
        assert!(pair.public_pem.starts_with("-----BEGIN PUBLIC KEY-----\n"));
        assert!(pair.public_pem.ends_with("-----END PUBLIC KEY-----\n"));
        assert!(!format!("{pair:?}").contains("PRIVATE"));
        assert_eq!(key.public_pem().unwrap(), pair.public_pem);
        // The public half ends with the PKCS#1 form of the private key's own modulus and exponent.
        let public = pem::parse(&pair.public_pem).unwrap();
        assert!(public.contents().ends_with(key.public_der()));
        assert_ne!(pair.public_pem, NewKeyPair::generate().unwrap().public_pem);
    }
}
