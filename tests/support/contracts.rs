//! What every adapter of a port must do. The same cases run on memory (`tests/contracts`) and on AWS (`tests/stack`).
//!
//! A case is a claim about one port; it makes its own tenant, so that cases don't meet and may run on a used stack.

use crate::names::Names;

pub mod audit_index;
pub mod audit_log;
pub mod connector;
pub mod data_maps;
pub mod eraser;
pub mod event_sink;
pub mod export_store;
pub mod job_queue;
pub mod job_store;
pub mod key_service;
pub mod mailer;
pub mod notices;
pub mod outgoing;
pub mod retention_objects;
pub mod retention_source;

/// A case of a suite over a port.
pub type Case<P> = (&'static str, for<'a> fn(&'a P, &'a mut Names) -> futures::future::BoxFuture<'a, ()>);

/// Runs every case of a suite; a case that fails names itself on the way.
pub async fn run_all<P: ?Sized>(port: &P, cases: &[Case<P>], names: &mut Names) {
    for (name, case) in cases {
        let announced = Announce(name);
        case(port, names).await;
        std::mem::forget(announced);
    }
}

/// Prints the name of the case whose failure drops it.
struct Announce(&'static str);

impl Drop for Announce {
    fn drop(&mut self) {
        #[expect(clippy::print_stderr, reason = "a failing suite must say which case failed")]
        {
            eprintln!("the contract was broken in: {}", self.0);
        }
    }
}

/// The cases of a suite, by name.
macro_rules! cases {
    ($port:ty: $($case:ident),+ $(,)?) => {
        /// The cases of this suite.
        pub const CASES: &[crate::contracts::Case<$port>] =
            &[$((stringify!($case), |port, names| Box::pin($case(port, names)))),+];
    };
}
pub(crate) use cases;
