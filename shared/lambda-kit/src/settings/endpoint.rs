//! Tells whether an endpoint is this machine.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Whether the URL's host is a loopback address or `localhost`; anything unclear is not.
pub(crate) fn is_loopback(url: &str) -> bool {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    let Some(authority) = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or("")) else { return false };
    if let Some(v6) = authority.strip_prefix('[') {
        let address = v6.split(']').next().unwrap_or("");
        return address.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback());
    }
    let host = authority.split(':').next().unwrap_or("");
    host == "localhost" || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn only_this_machine_is_loopback() {
        for url in ["http://localhost:4566", "http://127.0.0.1:1/x", "http://[::1]:4566", "https://127.9.9.9"] {
            assert!(is_loopback(url), "{url}");
        }
        for url in ["http://10.0.0.1", "http://localhost.example.com", "http://[::2]", "localhost:4566", ""] {
            assert!(!is_loopback(url), "{url}");
        }
    }
}
