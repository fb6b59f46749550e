//! The life of a rectification: asked for by staff, proven, planned, approved by another officer, carried out.

use std::sync::Arc;

use domain::correction::{Corrected, Correction};
use domain::datum::Datum;
use domain::job::JobStatus;
use domain::request::RequestType;
use jiff::SignedDuration;
use workflow::submit_request::NewRequest;

use super::erasure::contents;
use super::{Act, Story, mails};
use crate::invariants::{is_of, receipt_of};
use crate::sample::{Person, ROWS_EACH, access};
use crate::world::World;

/// What is wrong in the person's rows.
const WRONG: [(&str, &str); 2] = [("app.users", "name"), ("app.notes", "text")];

/// The value that is right.
fn right(person: Person) -> Datum {
    Datum::Text(format!("{}-right", person.canary))
}

/// A request to correct the name and the notes of a person.
pub(super) fn request(person: Person) -> NewRequest {
    let one = |of| Correction { of, value: right(person) };
    let corrections =
        vec![one(Corrected::Category("user.name".to_owned())), one(Corrected::Field("app.notes.text".to_owned()))];
    NewRequest { request_type: RequestType::Rectification, corrections, ..access(person) }
}

impl Story {
    pub(super) const RECTIFICATION: &[Act] = &[
        Act::People(Self::submit),
        Act::Alone(World::run_until_idle),
        Act::People(Self::prove),
        Act::Alone(World::run_until_idle),
        Act::People(Self::approve),
        Act::Alone(|world| world.advance(SignedDuration::from_hours(6))),
        Act::People(Self::see_corrected),
    ];

    /// Exactly what is wrong is right now, once however often it was tried; the person knows, and the receipt says it.
    fn see_corrected(&mut self, world: &mut World) {
        let Some(job) = self.stored(world) else { return };
        let Some(mut wanted) = self.left.clone() else { return };
        if job.status == JobStatus::Completed {
            let sources = Arc::make_mut(&mut wanted);
            for (name, wrong) in WRONG {
                let table = sources.table(name);
                let own: Vec<(u64, Datum)> = table
                    .numbered()
                    .filter(|(_, row)| is_of(row, self.person))
                    .map(|(number, row)| (number, row.clone()))
                    .collect();
                for (number, row) in own {
                    table.replace(number, corrected(row, wrong, self.person));
                }
            }
        } else if job.status != JobStatus::Cancelled {
            self.broken.push(format!("INV-L1 the rectification is not completed but {}", job.status));
        }
        if contents(&wanted, &[]) != contents(&Self::sources(world), &[]) {
            self.broken.push("INV-E4 not exactly what was approved is corrected".to_owned());
        }
        if job.status != JobStatus::Completed {
            return;
        }
        if mails(world, &job.id, "notify_decided").is_empty() {
            self.broken.push("INV-L1 the person was not told of the correction".to_owned());
        }
        match world.memory.inspect(|state| receipt_of(state, &job)) {
            Ok(receipt) => {
                let counts = receipt.sources.iter().filter_map(|one| one.counts.get("corrected"));
                if counts.sum::<u64>() != 1 + ROWS_EACH as u64 {
                    self.broken.push("INV-E5 the receipt does not say what was corrected".to_owned());
                }
            }
            Err(error) => self.broken.push(format!("INV-E5 {error}")),
        }
    }
}

fn corrected(row: Datum, wrong: &str, person: Person) -> Datum {
    let Datum::Map(entries) = row else { return row };
    let one = |(name, value): (String, Datum)| {
        let value = if name == wrong { right(person) } else { value };
        (name, value)
    };
    Datum::Map(entries.into_iter().map(one).collect())
}
