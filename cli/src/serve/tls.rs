//! Encryption, without which the page does not leave this machine.

use crate::{args::ServeArgs, output, place};
use mailsec_core::{Failure, failure::Code};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use std::{path::Path, sync::Arc};
use tokio_rustls::TlsAcceptor;

/// What encrypts, where it is asked for; refused without where others could listen.
pub(crate) fn acceptor(args: &ServeArgs) -> Result<Option<TlsAcceptor>, Failure> {
    let (Some(cert), Some(key)) = (&args.tls_cert, &args.tls_key) else {
        if args.listen.ip().is_loopback() {
            return Ok(None);
        }
        return Err(Failure::new(
            Code::BadArgument,
            "beyond this machine the page is served encrypted or not at all",
        )
        .expected("--tls-cert FILE and --tls-key FILE, or a loopback address")
        .found(format!("--listen {}", args.listen))
        .hint(
            "leave --listen away and reach the page through a tunnel, or get a certificate for this server",
        ));
    };
    if args.listen.ip().is_unspecified() && args.names.is_empty() {
        return Err(Failure::new(Code::BadArgument, "nobody said by which name browsers reach the page")
            .expected("--name NAME, as the certificate has it")
            .found(format!("--listen {}", args.listen)));
    }
    let chain = certificates(cert)?;
    if let Some(failure) = place::read_by_others(key).map_err(|error| unreadable(key, "key", error))? {
        return Err(failure);
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, "key", error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| output::system("encryption cannot be set up", error))?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(|error| {
            Failure::new(Code::BadArgument, "the certificate and the key do not make a pair that can be used")
                .found(cert.display().to_string())
                .cause(error)
        })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Some(TlsAcceptor::from(Arc::new(config))))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path)
        .map_err(|error| unreadable(path, "certificate", error))?
        .collect();
    let chain = chain.map_err(|error| unreadable(path, "certificate", error))?;
    if chain.is_empty() {
        return Err(unreadable(path, "certificate", "it holds none"));
    }
    Ok(chain)
}

fn unreadable(path: &Path, what: &str, error: impl std::fmt::Display) -> Failure {
    Failure::new(Code::FileUnreadable, format!("the file with the {what} cannot be read"))
        .expected("PEM")
        .found(path.display().to_string())
        .cause(error)
}
