//! Back-pressure: a customer's table is read no faster than its connection allows. The only place that waits.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use datamap::Connection;
use domain::ids::TenantId;
use tokio::time::Instant;

/// The paces of all connections of a process, which all calls through a connection share.
#[derive(Debug, Default)]
pub(crate) struct Paces {
    by_connection: Mutex<HashMap<(TenantId, String), Arc<Pace>>>,
}

impl Paces {
    /// The pace of a connection; a republished map with other limits starts a new one.
    pub(crate) fn of(&self, tenant: &TenantId, connection: &Connection) -> Arc<Pace> {
        let mut paces = self.by_connection.lock().unwrap_or_else(PoisonError::into_inner);
        let limits = (connection.max_read_units_per_second, connection.max_requests_per_second);
        let pace = paces.entry((tenant.clone(), connection.fides_key.clone()));
        let pace = pace.or_insert_with(|| Arc::new(Pace::new(limits)));
        if pace.limits != limits {
            *pace = Arc::new(Pace::new(limits));
        }
        Arc::clone(pace)
    }
}

/// How fast one connection may be read.
#[derive(Debug)]
pub(crate) struct Pace {
    limits: (u32, u32),
    read_units: Bucket,
    requests: Bucket,
}

impl Pace {
    fn new(limits: (u32, u32)) -> Self {
        Self { limits, read_units: Bucket::new(limits.0), requests: Bucket::new(limits.1) }
    }

    /// Waits until one more request may be made, and counts it.
    pub(crate) async fn request(&self) {
        let wait = self.requests.spend(1.0, now()).max(self.read_units.debt(now()));
        if !wait.is_zero() {
            pause(wait).await;
        }
    }

    /// Counts what a request has cost; the next one waits for it.
    pub(crate) fn spent(&self, read_units: Option<f64>) {
        let _wait = self.read_units.spend(read_units.unwrap_or(0.0), now());
    }

    /// Whether the next request would have to wait: a good moment to end a page.
    pub(crate) fn must_wait(&self) -> bool {
        !self.read_units.debt(now()).is_zero()
    }
}

/// Up to one second of allowance; what is spent beyond it is paid by waiting.
#[derive(Debug)]
struct Bucket {
    per_second: f64,
    state: Mutex<Option<(f64, Instant)>>,
}

impl Bucket {
    fn new(per_second: u32) -> Self {
        Self { per_second: f64::from(per_second.max(1)), state: Mutex::new(None) }
    }

    /// Takes an amount and says how long the debt lasts.
    fn spend(&self, amount: f64, now: Instant) -> Duration {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (balance, at) = state.unwrap_or((self.per_second, now));
        let earned = now.saturating_duration_since(at).as_secs_f64() * self.per_second;
        let balance = (balance + earned).min(self.per_second) - amount;
        *state = Some((balance, now));
        Duration::from_secs_f64((-balance / self.per_second).clamp(0.0, 60.0))
    }

    fn debt(&self, now: Instant) -> Duration {
        self.spend(0.0, now)
    }
}

/// Waits a while.
#[expect(clippy::disallowed_methods, reason = "back-pressure and backoff wait here and nowhere else")]
pub(crate) async fn pause(wait: Duration) {
    tokio::time::sleep(wait).await;
}

/// A pace is kept against the monotonic clock, which no result shows.
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spent_beyond_a_second_is_waited_for() {
        let start = now();
        let bucket = Bucket::new(100);
        assert_eq!(bucket.spend(100.0, start), Duration::ZERO);
        assert_eq!(bucket.spend(50.0, start), Duration::from_millis(500));
        assert_eq!(bucket.debt(start + Duration::from_millis(500)), Duration::ZERO);
        assert_eq!(bucket.spend(200.0, start + Duration::from_secs(100)), Duration::from_secs(1));
    }
}
