//! One notice of each name with made-up values: for previews, and to try a tenant's templates on.

use domain::job::{DeadlineAlert, WaitingFor};
use domain::notice::NoticeName;
use domain::request::{Regime, RequestType};
use domain::sensitive::Sensitive;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{ApprovalNotice, ClockNotice, DeadlineNotice, DigestLine, Moment, Moved, Notice, UndeliveredNotice};

const JOB: &str = "job_0000019c0000000000000000000000000000000000";
/// The end of a day in Berlin.
const DUE_AT: Timestamp = Timestamp::constant(1_774_994_399, 0);

/// One notice of each published name, in their order.
#[must_use]
pub fn samples() -> Vec<Notice> {
    let job = || JOB.to_owned();
    let timezone = TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC);
    let due_on = || Moment::of(DUE_AT, &timezone);
    let until = |hours: i64| Moment::of(DUE_AT - SignedDuration::from_mins(9 * 60 + 35 + 60 * hours), &timezone);
    let clock = |moved, reason: &str| {
        Notice::Clock(ClockNotice { job: job(), moved, reason: reason.to_owned(), due_on: due_on(), lifts: false })
    };
    let deadline = |alert| {
        let (request_type, regime, alerts) = (RequestType::Access, Regime::Gdpr, vec![alert]);
        Notice::Deadline(DeadlineNotice { job: job(), request_type, regime, due_on: due_on(), alerts })
    };
    let digest =
        |request_type, regime, is_late| DigestLine { job: job(), request_type, regime, due_on: due_on(), is_late };
    let link = format!("https://privacy.example.com/api/v1/privacy/jobs/{JOB}/download?tenant=example&ticket=sample");
    vec![
        Notice::Received { job: job(), request_type: RequestType::Access, due_on: due_on() },
        Notice::Code { job: job(), code: Sensitive::new("12345678".to_owned()), minutes: 10, until: until(2) },
        Notice::Ready { job: job(), link: Sensitive::new(link), hours: 24, until: until(0) },
        Notice::Scheduled { job: job(), final_at: until(24) },
        Notice::NotDeleted { job: job() },
        Notice::Erased { job: job() },
        clock(Moved::Extended, "the request covers ten years of records"),
        clock(Moved::Paused(WaitingFor::Identity), "the address is shared by several people"),
        clock(Moved::Resumed, "the proof has arrived"),
        clock(Moved::Rejected(Regime::Gdpr), "the same request was answered last week"),
        Notice::Lifting { job: job(), reason: "the data was found to be right".to_owned() },
        Notice::Approval(ApprovalNotice { job: job(), corrects: false, records: 128, sources: 5, due_on: due_on() }),
        Notice::Undelivered(UndeliveredNotice { job: job(), notice: NoticeName::ExportReady, due_on: due_on() }),
        deadline(DeadlineAlert::ThreeDays),
        deadline(DeadlineAlert::RequestOverdue),
        Notice::Digest(vec![
            digest(RequestType::Access, Regime::Gdpr, true),
            digest(RequestType::Erasure, Regime::Ccpa, false),
        ]),
    ]
}

#[cfg(test)]
mod tests {
    use domain::notice::Language;

    use super::*;
    use crate::notice::{Addressee, Style, mail};

    #[test]
    fn there_is_a_sample_of_every_notice() {
        let names: Vec<_> = samples().iter().map(Notice::name).collect();
        assert_eq!(names, NoticeName::ALL);
    }

    #[test]
    fn every_notice_is_written_in_every_language_and_no_two_are_alike() {
        let mut seen = std::collections::BTreeSet::new();
        for notice in samples() {
            for language in Language::ALL {
                let style = Style { language: *language, template: None };
                let to = Sensitive::new("ada@example.com".to_owned());
                let (notice_id, receiver) = ("notice".to_owned(), "subject".to_owned());
                let addressee = Addressee { to, notice_id, tenant: "acme".parse().unwrap(), receiver };
                let written = mail(&notice, style, addressee).unwrap();
                let (text, html) = (written.text.expose(), written.html.expose());
                assert!(!text.contains('{') && !html.contains("{{"), "{text}");
                assert!(html.contains(&format!("lang=\"{language}\"")), "{html}");
                assert!(!text.contains("ada@example.com") && !html.contains("ada@example.com"));
                assert!(seen.insert((*language, written.subject.clone(), text.clone())));
            }
        }
        assert_eq!(seen.len(), NoticeName::ALL.len() * Language::ALL.len());
    }
}
