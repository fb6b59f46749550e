//! Which addresses a webhook may have: HTTPS, a name or a public literal, no credentials, nothing unusual.

use std::net::{IpAddr, Ipv6Addr};

use super::address::is_public;

/// Names that mean a machine of our own, whatever they resolve to.
const INTERNAL: [&str; 5] = ["localhost", "local", "internal", "home.arpa", "onion"];
const LONGEST: usize = 2_048;

/// Why an address is none a webhook may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlProblem {
    /// It can't be read.
    #[error("is no address of at most 2,048 visible ASCII characters")]
    Unreadable,
    /// Another scheme.
    #[error("must begin with https://")]
    NotHttps,
    /// A name and a password in it.
    #[error("must not hold a user name or password")]
    Credentials,
    /// A machine of ours, or of the network around it.
    #[error("names a machine that is not on the public internet")]
    NotPublic,
}

/// Whether a webhook may have this address, as far as can be said without resolving its name.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn checked_url(url: &str) -> Result<(), UrlProblem> {
    if url.len() > LONGEST || !url.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(UrlProblem::Unreadable);
    }
    if !url.starts_with("https://") {
        return Err(UrlProblem::NotHttps);
    }
    let authority = url["https://".len()..].split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err(UrlProblem::Credentials);
    }
    let host = host_of(authority).ok_or(UrlProblem::Unreadable)?;
    if is_internal(host) { Err(UrlProblem::NotPublic) } else { Ok(()) }
}

/// The host of an authority; only what every reader of addresses reads alike.
fn host_of(authority: &str) -> Option<&str> {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        Some(_) | None => (authority, None),
    };
    let literal = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let readable = match literal {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)),
    };
    let port_fits = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    (readable && port_fits).then_some(host)
}

fn is_internal(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let literal = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(&host);
    if let Ok(address) = literal.parse::<IpAddr>() {
        return !is_public(address);
    }
    // Also `2130706433`, `0x7f.1`, `127.1`: resolvers read them as addresses.
    let last = host.rsplit('.').next().unwrap_or_default();
    let numeric = last.starts_with("0x") || last.bytes().all(|byte| byte.is_ascii_digit());
    numeric || !host.contains('.') || INTERNAL.contains(&last) || host.ends_with(".home.arpa")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_names_are_addresses() {
        for url in ["https://example.com/hook", "https://hooks.example.com:8443/a?b=c", "https://93.184.216.34/"] {
            assert_eq!(checked_url(url), Ok(()), "{url}");
        }
    }

    #[test]
    fn our_own_network_is_none() {
        for host in [
            "localhost",
            "LOCALHOST.",
            "printer.local",
            "vault.internal",
            "intranet",
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "[::1]",
            "[fd00:ec2::254]",
            "[fe80::1]",
            "[::ffff:10.0.0.1]",
            "224.0.0.1",
            "metadata.google.internal",
        ] {
            assert_eq!(checked_url(&format!("https://{host}/")), Err(UrlProblem::NotPublic), "{host}");
        }
    }

    #[test]
    fn other_schemes_credentials_and_nonsense_are_none() {
        assert_eq!(checked_url("http://example.com/"), Err(UrlProblem::NotHttps));
        assert_eq!(checked_url("file:///etc/passwd"), Err(UrlProblem::NotHttps));
        assert_eq!(checked_url("https://user:pass@example.com/"), Err(UrlProblem::Credentials));
        assert_eq!(checked_url("https://exa mple.com/"), Err(UrlProblem::Unreadable));
        assert_eq!(checked_url("https://"), Err(UrlProblem::Unreadable));
        assert_eq!(checked_url(&format!("https://example.com/{}", "a".repeat(3_000))), Err(UrlProblem::Unreadable));
    }
}
