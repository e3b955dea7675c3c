//! Where a list is asked for.

use std::fmt;
use std::net::IpAddr;

/// The longest address that is taken.
const LIMIT: usize = 2048;

/// An `https://` address; or `http://` to this very host, for a mirror of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    url: String,
    port: u16,
    tls: bool,
}

/// Why an address is none to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// Neither scheme.
    #[error("it does not begin with https://")]
    Scheme,
    /// `http://` to somewhere else.
    #[error("without TLS, only 127.0.0.1 or [::1] is asked")]
    NoTls,
    /// A name and password, no host, a wrong port.
    #[error("there is no plain host, with or without a port, behind the scheme")]
    Authority,
    /// Spaces, characters that are not ASCII, `#`, or too much.
    #[error("it has characters that no address of the web has, or too many")]
    Characters,
}

impl Source {
    /// Reads an address.
    ///
    /// # Errors
    /// It is none that would be asked.
    pub fn parse(url: &str) -> Result<Self, SourceError> {
        if url.len() > LIMIT
            || !url.bytes().all(|byte| byte.is_ascii_graphic() && !b"#\"<>\\^`{|}".contains(&byte))
        {
            return Err(SourceError::Characters);
        }
        let (rest, tls) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
            (Some(rest), _) => (rest, true),
            (_, Some(rest)) => (rest, false),
            _ => return Err(SourceError::Scheme),
        };
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (host, port) = split(&rest[..end]).ok_or(SourceError::Authority)?;
        let is_here = host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
        if !tls && !is_here {
            return Err(SourceError::NoTls);
        }
        let port = match port {
            None => {
                if tls {
                    443
                } else {
                    80
                }
            }
            Some(port) => port.parse().ok().filter(|port| *port != 0).ok_or(SourceError::Authority)?,
        };
        Ok(Self { url: url.to_owned(), port, tls })
    }

    /// As it was written.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether the answer comes through TLS.
    #[must_use]
    pub const fn is_tls(&self) -> bool {
        self.tls
    }

    /// The TCP port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

/// The host, of an IPv6 address without its brackets, and the port.
fn split(authority: &str) -> Option<(&str, Option<&str>)> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, port) = rest.split_once(']')?;
        host.parse::<std::net::Ipv6Addr>().ok()?;
        return match port.strip_prefix(':') {
            None => port.is_empty().then_some((host, None)),
            port => Some((host, port)),
        };
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let is_name = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    (is_name && !host.is_empty()).then_some((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_with_its_port() {
        for (url, port) in [
            ("https://api.cloudflare.com/client/v4/ips", 443),
            ("https://mirror.example:8443/ips?networks=jdcloud", 8443),
            ("https://[2001:db8::1]", 443),
            ("https://[2001:db8::1]:444/x", 444),
            ("http://127.0.0.1/ips", 80),
            ("http://127.3.2.1:8080", 8080),
            ("http://[::1]:8080/ips", 8080),
        ] {
            assert_eq!(Source::parse(url).unwrap().port(), port, "{url}");
        }
    }

    #[test]
    fn whatever_else_is_refused() {
        use SourceError::{Authority, Characters, NoTls, Scheme};
        for (url, why) in [
            ("", Scheme),
            ("ftp://127.0.0.1/", Scheme),
            ("HTTPS://example.org", Scheme),
            ("http://example.org/ips", NoTls),
            ("http://localhost/ips", NoTls),
            ("http://127.0.0.1.example.org/", NoTls),
            ("http://127.0.0.1@example.org/", Authority),
            ("https://me:secret@example.org/", Authority),
            ("https://", Authority),
            ("https:///ips", Authority),
            ("https://:443/", Authority),
            ("https://example.org:/", Authority),
            ("https://example.org:0/", Authority),
            ("https://example.org:65536/", Authority),
            ("https://[::1", Authority),
            ("https://[::1]x/", Authority),
            ("https://[example]/", Authority),
            ("https://example.org/a b", Characters),
            ("https://example.org/\r\nX: y", Characters),
            ("https://exämple.org/", Characters),
            ("https://example.org/#top", Characters),
        ] {
            assert_eq!(Source::parse(url), Err(why), "{url}");
        }
        assert_eq!(Source::parse(&format!("https://e/{}", "x".repeat(LIMIT))), Err(Characters));
    }
}
