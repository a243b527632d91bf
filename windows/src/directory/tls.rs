//! Whom to trust.

use mailsec_core::{Code, Failure};
use rustls::{
    ClientConfig, RootCertStore, crypto::ring, pki_types::CertificateDer, pki_types::pem::PemObject,
};
use std::{path::Path, sync::Arc};

/// Trusts the certificates of a file, and no others.
pub(super) fn trusting(file: &Path) -> Result<Arc<ClientConfig>, Failure> {
    let unfit = |why: String| {
        Failure::new(Code::Directory, format!("the certificates in {} cannot be used", file.display()))
            .cause(why)
            .ask()
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|e| unfit(e.to_string()))? {
        let certificate = certificate.map_err(|e| unfit(e.to_string()))?;
        roots.add(certificate).map_err(|e| unfit(e.to_string()))?;
    }
    if roots.is_empty() {
        return Err(unfit("there is none in it".to_owned()));
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| unfit(e.to_string()))?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}
