//! Counts every request to AWS by service and operation. Whoever runs the function logs the counts; nothing here does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};

/// What was sent for one operation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CallCount {
    /// Calls as our code made them.
    pub calls: u64,
    /// Requests sent for them: calls and the SDK's repetitions.
    pub attempts: u64,
    /// Bytes of the bodies of those requests, where known before sending.
    pub request_bytes: u64,
}

/// Counts by `Service.Operation`; shared by all clients it is given to.
#[derive(Debug, Default)]
pub struct CallCounter {
    counts: Mutex<BTreeMap<String, CallCount>>,
}

impl CallCounter {
    /// The counter of this process, to which [`crate::connect`] reports.
    #[must_use]
    pub fn process() -> Arc<Self> {
        static PROCESS: OnceLock<Arc<CallCounter>> = OnceLock::new();
        Arc::clone(PROCESS.get_or_init(Arc::default))
    }

    /// The counts so far.
    #[must_use]
    pub fn snapshot(&self) -> BTreeMap<String, CallCount> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The counts since the last call of this function.
    #[must_use]
    pub fn take(&self) -> BTreeMap<String, CallCount> {
        std::mem::take(&mut *self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn add(&self, cfg: &ConfigBag, change: impl FnOnce(&mut CallCount)) {
        let name = cfg
            .load::<Metadata>()
            .map_or_else(|| "unknown".to_owned(), |metadata| format!("{}.{}", metadata.service(), metadata.name()));
        change(self.counts.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_default());
    }
}

/// The counts of this process since the last call: `Service.Operation.calls`, `.attempts` and `.request_bytes`.
#[must_use]
pub fn take_calls() -> Vec<(String, u64)> {
    let lines = |(name, count): (String, CallCount)| {
        [
            (format!("{name}.calls"), count.calls),
            (format!("{name}.attempts"), count.attempts),
            (format!("{name}.request_bytes"), count.request_bytes),
        ]
    };
    CallCounter::process().take().into_iter().flat_map(lines).collect()
}

/// Marks a call that has been sent once: what follows are repetitions.
#[derive(Debug)]
struct Sent;

impl Storable for Sent {
    type Storer = StoreReplace<Self>;
}

/// Reports what a client sends to a counter.
#[derive(Debug)]
pub(crate) struct CountCalls(pub(crate) Arc<CallCounter>);

#[dyn_dispatch_hint]
impl Intercept for CountCalls {
    fn name(&self) -> &'static str {
        "CountCalls"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // Signing a link goes this way too, and ends here without a request.
        if context.request().uri().contains("X-Amz-Signature=") {
            return Ok(());
        }
        let bytes = context.request().body().content_length().unwrap_or(0);
        let first = cfg.load::<Sent>().is_none();
        cfg.interceptor_state().store_put(Sent);
        self.0.add(cfg, |count| {
            count.calls += u64::from(first);
            count.attempts += 1;
            count.request_bytes += bytes;
        });
        Ok(())
    }
}
