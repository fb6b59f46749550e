//! A resolver that gives addresses of the public internet and no others.

use std::net::IpAddr;

use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns, ResolveDnsError};
use workflow::webhook::is_public;

/// Resolves a name to its public addresses; a name that has none is not found.
#[derive(Debug, Clone)]
pub(super) struct PublicAddresses;

/// A name without an address we would call.
#[derive(Debug, thiserror::Error)]
#[error("the name has no public address")]
struct NoPublicAddress;

impl ResolveDns for PublicAddresses {
    fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
        DnsFuture::new(async move {
            let found = tokio::net::lookup_host((name, 443)).await.map_err(ResolveDnsError::new)?;
            public_only(found.map(|socket| socket.ip()))
        })
    }
}

fn public_only(found: impl Iterator<Item = IpAddr>) -> Result<Vec<IpAddr>, ResolveDnsError> {
    let public: Vec<IpAddr> = found.filter(|address| is_public(*address)).collect();
    if public.is_empty() { Err(ResolveDnsError::new(NoPublicAddress)) } else { Ok(public) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_private_addresses_only_is_not_found() {
        let private = ["10.0.0.1", "::1"].map(|text| text.parse().unwrap());
        assert!(public_only(private.into_iter()).is_err());
        let mixed: [IpAddr; 2] = ["10.0.0.1", "93.184.216.34"].map(|text| text.parse().unwrap());
        assert_eq!(public_only(mixed.into_iter()).unwrap(), [mixed[1]]);
    }
}
