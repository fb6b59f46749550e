//! The ports every step runs on, put together from a function's settings and adapters.

use std::sync::Arc;

use workflow::keyring::Keyring;
use workflow::ports::{Entropy, JobQueue, JobStore, KeyService};
use workflow::step_context::StepPorts;

use crate::metered::metered;
use crate::settings::Settings;
use crate::time::{system_clock, system_entropy};

/// Puts the ports of a function together.
#[must_use]
pub fn step_ports(
    settings: &Settings,
    store: Arc<dyn JobStore>,
    queue: Arc<dyn JobQueue>,
    keys: Arc<dyn KeyService>,
) -> StepPorts {
    let store = metered(settings, store);
    let entropy: Arc<dyn Entropy> = system_entropy();
    let keyring = Arc::new(Keyring::new(Arc::clone(&store), keys, Arc::clone(&entropy)));
    StepPorts { store, queue, keyring, clock: system_clock(settings), entropy }
}
