//! Which outcomes bring a signed receipt, whose hash goes into the log with them.

use domain::erasure::ReceiptRef;
use domain::event::EventType;
use domain::job::{Archive, Outcome};

/// The receipt that an outcome brings, and what its event is about.
pub(super) const fn receipt_of(outcome: &Outcome) -> Option<(EventType, &ReceiptRef)> {
    match outcome {
        Outcome::Concluded { receipt, .. } => Some((EventType::Erasure, receipt)),
        Outcome::Packaged { archive: Archive { receipt: Some(receipt), .. } } => Some((EventType::DataAccess, receipt)),
        Outcome::Packaged { .. }
        | Outcome::Screened { .. }
        | Outcome::Verified { .. }
        | Outcome::VerificationExpired
        | Outcome::Started
        | Outcome::Located
        | Outcome::Traced { .. }
        | Outcome::ShardDone
        | Outcome::PlanSealed { .. }
        | Outcome::Approved { .. }
        | Outcome::Upheld { .. }
        | Outcome::Lifted
        | Outcome::PlanAgain
        | Outcome::Begun
        | Outcome::Confirmed { .. }
        | Outcome::Collected
        | Outcome::Anonymized
        | Outcome::Notified
        | Outcome::Cleaned
        | Outcome::Nothing
        | Outcome::Cancelled
        | Outcome::Rejected { .. } => None,
    }
}
