//! Whom to trust: the system's certificates, or those that the operator names.

use mailsec_core::{Code, Failure};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};
use rustls_platform_verifier::Verifier;
use std::{path::Path, sync::Arc};

pub(crate) fn trusting(own: Option<&Path>) -> Result<ClientConfig, Failure> {
    let unfit = |why: String| {
        Failure::new(Code::BadArgument, "the certificates for the mailbox's server cannot be used")
            .expected("a file of certificates, as PEM")
            .found(own.map_or_else(|| "the system's".to_owned(), |file| file.display().to_string()))
            .cause(why)
    };
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| unfit(error.to_string()))?;
    let Some(file) = own else {
        let verifier = Verifier::new(provider).map_err(|error| unfit(error.to_string()))?;
        // The system's own verifier, which the crate's name for this step does not know to be one.
        let config = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
        return Ok(config.with_no_client_auth());
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| unfit(error.to_string()))? {
        let certificate = certificate.map_err(|error| unfit(error.to_string()))?;
        roots.add(certificate).map_err(|error| unfit(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(unfit("there is none in it".to_owned()));
    }
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
