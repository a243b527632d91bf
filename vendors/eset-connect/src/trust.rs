//! Whom to trust: the system's certificates, and those that the operator adds.

use mailsec_core::{Code, Failure};
use rustls::{
    ClientConfig,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};
use rustls_platform_verifier::Verifier;
use std::{path::Path, sync::Arc};

pub(crate) fn trusting(own: Option<&Path>) -> Result<ClientConfig, Failure> {
    let unfit = |why: String| {
        Failure::new(Code::BadArgument, "the certificates for the management server cannot be used")
            .expected("a file of certificates, as PEM")
            .found(own.map_or_else(|| "the system's".to_owned(), |file| file.display().to_string()))
            .cause(why)
    };
    let mut roots = Vec::new();
    if let Some(file) = own {
        for certificate in CertificateDer::pem_file_iter(file).map_err(|error| unfit(error.to_string()))? {
            roots.push(certificate.map_err(|error| unfit(error.to_string()))?);
        }
        if roots.is_empty() {
            return Err(unfit("there is none in it".to_owned()));
        }
    }
    let provider = Arc::new(ring::default_provider());
    let verifier =
        Verifier::new_with_extra_roots(roots, provider.clone()).map_err(|error| unfit(error.to_string()))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| unfit(error.to_string()))?
        // The system's own verifier, which the crate's name for this step does not know to be one.
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(config)
}
