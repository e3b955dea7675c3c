//! One request: TLS that is verified, no redirect, a bounded answer in a bounded time.

use std::sync::Arc;
use std::time::Duration;

use lists::{ANSWER_LIMIT, Source};
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// From looking the name up to the last byte.
const TIME: Duration = Duration::from_secs(10);
const OK: u16 = 200;

/// The certificates that this host trusts. Without any, no connection with TLS is made.
pub(super) fn roots() -> Vec<Certificate<'static>> {
    let found = rustls_native_certs::load_native_certs().certs;
    found.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect()
}

/// What the source answers.
pub(super) fn get(source: &Source, roots: Vec<Certificate<'static>>) -> Result<Vec<u8>, String> {
    if roots.is_empty() && source.is_tls() {
        return Err("this host trusts no certificates; install ca-certificates".into());
    }
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::Specific(Arc::new(roots)))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let config = Agent::config_builder()
        .tls_config(tls.build())
        .https_only(source.is_tls())
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .timeout_global(Some(TIME))
        .user_agent(concat!("palisade/", env!("CARGO_PKG_VERSION")));
    let mut answer =
        Agent::from(config.build()).get(source.url()).call().map_err(|error| error.to_string())?;
    match answer.status().as_u16() {
        OK => {}
        status @ 300..400 => {
            return Err(format!("it answered with a redirect ({status}), which is not followed"));
        }
        status => return Err(format!("it answered with status {status}")),
    }
    // One byte more, so that the judge sees that it is too long.
    let limit = ANSWER_LIMIT as u64 + 1;
    answer.body_mut().with_config().limit(limit).read_to_vec().map_err(|error| error.to_string())
}
