//! The contract of the key service: a data key opens under its own context only (INV-T3).

use workflow::ports::{KeyContext, KeyService, PortErrorKind};
use zeroize::Zeroizing;

use crate::contracts::{Case, cases};
use crate::names::Names;

cases!(dyn KeyService:
    wrapped_key_opens_again,
    keys_differ,
    foreign_context_is_refused,
);

/// What needs authenticated encryption behind the port; the local stack's key service has none.
pub const INTEGRITY_CASES: &[Case<dyn KeyService>] =
    &[("tampered_key_is_refused", |keys, names| Box::pin(tampered_key_is_refused(keys, names)))];

fn context(names: &mut Names) -> KeyContext {
    KeyContext { tenant: names.tenant(), owner: format!("job#{}", names.job()) }
}

fn is_refused(result: Result<Zeroizing<[u8; 32]>, workflow::ports::PortError>) -> bool {
    result.is_err_and(|error| matches!(error.kind, PortErrorKind::Denied | PortErrorKind::Corrupt))
}

async fn wrapped_key_opens_again(keys: &dyn KeyService, names: &mut Names) {
    let context = context(names);
    let made = keys.generate(&context).await.unwrap();
    assert!(!made.wrapped.windows(32).any(|window| window == made.plain.as_slice()), "the key is in the clear");
    assert_eq!(keys.unwrap(&context, &made.wrapped).await.unwrap(), made.plain);
    assert_eq!(keys.unwrap(&context, &made.wrapped).await.unwrap(), made.plain);
}

async fn keys_differ(keys: &dyn KeyService, names: &mut Names) {
    let context = context(names);
    let (one, other) = (keys.generate(&context).await.unwrap(), keys.generate(&context).await.unwrap());
    assert_ne!(one.plain, other.plain);
    assert_ne!(one.wrapped, other.wrapped);
}

async fn foreign_context_is_refused(keys: &dyn KeyService, names: &mut Names) {
    let own = context(names);
    let made = keys.generate(&own).await.unwrap();
    let foreign_tenant = KeyContext { tenant: names.tenant(), ..own.clone() };
    let foreign_owner = KeyContext { owner: "tenant".to_owned(), ..own.clone() };
    for foreign in [foreign_tenant, foreign_owner] {
        assert!(is_refused(keys.unwrap(&foreign, &made.wrapped).await), "{foreign:?}");
    }
}

async fn tampered_key_is_refused(keys: &dyn KeyService, names: &mut Names) {
    let context = context(names);
    let made = keys.generate(&context).await.unwrap();
    for at in 0..made.wrapped.len() {
        let mut tampered = made.wrapped.clone();
        tampered[at] ^= 1;
        assert!(is_refused(keys.unwrap(&context, &tampered).await), "byte {at}");
    }
    assert!(is_refused(keys.unwrap(&context, &made.wrapped[..made.wrapped.len() - 1]).await));
    assert!(is_refused(keys.unwrap(&context, &[]).await));
}
