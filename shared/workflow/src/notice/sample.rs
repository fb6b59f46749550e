//! One notice of each name with made-up values: for previews, and to try a tenant's templates on.

use domain::job::{DeadlineAlert, WaitingFor};
use domain::request::{Regime, RequestType};
use domain::sensitive::Sensitive;

use super::{ClockNotice, DeadlineNotice, DigestLine, Moved, Notice};

const JOB: &str = "job_0000019c0000000000000000000000000000000000";
const DUE_ON: &str = "2026-03-31";

/// One notice of each published name, in their order.
#[must_use]
pub fn samples() -> Vec<Notice> {
    let job = || JOB.to_owned();
    let due_on = || DUE_ON.to_owned();
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
        Notice::Code { job: job(), code: Sensitive::new("12345678".to_owned()), minutes: 10 },
        Notice::Ready { job: job(), link: Sensitive::new(link), hours: 24 },
        Notice::Scheduled { job: job(), final_on: due_on() },
        Notice::Erased { job: job() },
        clock(Moved::Extended, "the request covers ten years of records"),
        clock(Moved::Paused(WaitingFor::Identity), "the address is shared by several people"),
        clock(Moved::Resumed, "the proof has arrived"),
        clock(Moved::Rejected(Regime::Gdpr), "the same request was answered last week"),
        Notice::Lifting { job: job(), reason: "the data was found to be right".to_owned() },
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
    use domain::notice::{Language, NoticeName};

    use super::*;
    use crate::notice::{Style, mail};

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
                let written = mail(&notice, style, to, "notice".to_owned()).unwrap();
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
