//! The words of notices in English.

use domain::job::DeadlineAlert;
use domain::notice::Language;
use domain::request::{Regime, RequestType};

use super::{
    ApprovalNotice, ClockNotice, DeadlineNotice, DigestLine, Labels, Moved, Notice, UndeliveredNotice, Words, law,
    waiting_for_words,
};

const LANGUAGE: Language = Language::En;
/// What the GDPR is called.
const GDPR: &str = "GDPR";

pub(super) const LABELS: Labels = Labels { download: "Download your data", reference: "Reference" };

pub(super) fn words(notice: &Notice) -> Words {
    match notice {
        Notice::Received { request_type, due_on, .. } => {
            let due_on = due_on.day_in(LANGUAGE);
            let asked = request(*request_type);
            said("Your privacy request has arrived", vec![format!("We have received a request ({asked}) about the personal data we hold for this address."), format!("You will have an answer by {due_on} at the latest."), "If you did not ask for this, you can ignore this message: nothing is disclosed without your confirmation.".to_owned()])
        }
        Notice::Code { minutes, until, .. } => said("Your confirmation code", vec!["Please confirm that the request about your personal data comes from you.".to_owned(), format!("The code below can be used once, within {minutes} minutes: until {}.", until.time_in(LANGUAGE)), "If you did not ask for this, do not pass the code on to anyone.".to_owned()]),
        Notice::Ready { until, .. } => said("Your data is ready", vec!["The archive with your personal data can now be downloaded.".to_owned(), format!("The link below works until {}. Whoever has it can fetch the archive: keep it to yourself.", until.time_in(LANGUAGE))]),
        Notice::Scheduled { final_at, .. } => said("Your data will be deleted", vec![format!("Your request was approved. The personal data we hold about you will be deleted after {}.", final_at.time_in(LANGUAGE)), "Until then you can take the request back; after that nobody can bring the data back.".to_owned()]),
        Notice::NotDeleted { .. } => said("Your data will not be deleted", vec!["The request to delete your personal data was taken back. Nothing has been deleted.".to_owned(), "If this is not what you want, you can ask for deletion again at any time.".to_owned()]),
        Notice::Erased { .. } => said("Your data has been deleted", vec!["The personal data we held about you has been deleted, or made anonymous where the law asks us to keep a record.".to_owned(), "A signed receipt says what was done, source by source. You can ask for it with the number of your request.".to_owned(), "This is the last message about this request: your address was kept only to send it.".to_owned()]),
        Notice::Corrected { .. } => said("Your data has been corrected", vec!["The personal data we hold about you has been corrected, wherever we found a copy of it. Copies that can't be changed were named to the officer who approved it.".to_owned(), "Whoever received the data from us is told of the correction.".to_owned(), "A signed receipt says what was done, source by source. You can ask for it with the number of your request.".to_owned()]),
        Notice::Restricted { objected, .. } => restricted(*objected),
        Notice::NoMarketing { .. } => said("Your objection to direct marketing is granted", vec!["From now on we do not use your personal data for direct marketing, nor for profiling that serves it.".to_owned(), "You can take this back at any time; nobody else can.".to_owned()]),
        Notice::Lifting { reason, .. } => lifting(reason),
        Notice::Clock(notice) => clock(notice),
        Notice::Approval(notice) => approval(notice),
        Notice::Undelivered(notice) => undelivered(notice),
        Notice::Deadline(notice) => deadline(notice),
        Notice::Digest(lines) => digest(lines),
    }
}

fn said(title: &str, lines: Vec<String>) -> Words {
    Words { title: title.to_owned(), lines }
}

const fn request(request_type: RequestType) -> &'static str {
    match request_type {
        RequestType::Access => "access to data",
        RequestType::Portability => "a copy to take along",
        RequestType::Erasure => "deletion",
        RequestType::Rectification => "correction",
        RequestType::Restriction => "restriction of use",
        RequestType::Objection => "objection",
        RequestType::AutomatedDecisionReview => "review of an automated decision",
        RequestType::OptOut => "opt-out of sale and sharing",
        RequestType::LimitUse => "limit on the use of sensitive data",
        RequestType::Anonymization => "anonymisation of a data set",
    }
}

fn restricted(objected: bool) -> Words {
    let kept = "From now on we only keep the personal data we hold about you. We use it for nothing else without your consent, except for legal claims or to protect the rights of others.".to_owned();
    let before = "We will tell you before this ends.".to_owned();
    if objected {
        let lines = vec![
            "We have accepted your objection to the use of your personal data.".to_owned(),
            kept,
            "You can also ask us to delete the data.".to_owned(),
            before,
        ];
        return said("Your objection was accepted", lines);
    }
    said("The use of your data is restricted", vec![kept, before])
}

fn lifting(reason: &str) -> Words {
    let lines = vec![
        "We are about to lift the restriction on the use of the personal data we hold about you.".to_owned(),
        format!("The reason: {reason}"),
        "If you do not agree, please reply; you can also object, or lodge a complaint with a supervisory authority."
            .to_owned(),
    ];
    said("The restriction of your data is about to end", lines)
}

/// That a refused objection restricts no longer.
const LIFTED: &str = "With this the restriction on the use of your data ends.";

fn clock(notice: &ClockNotice) -> Words {
    let reason = format!("The reason: {}", notice.reason);
    let due_on = notice.due_on.day_in(LANGUAGE);
    match notice.moved {
        Moved::Extended => said(
            "Your privacy request takes longer",
            vec![
                "We need more time to answer your request about your personal data. The law allows this once."
                    .to_owned(),
                reason,
                format!("You will have an answer by {due_on} at the latest."),
            ],
        ),
        Moved::Paused(waiting_for) => {
            let needed = waiting_for_words(
                waiting_for,
                ["proof of who you are", "to know more precisely what you ask for", "the fee to be paid"],
            );
            said(
                "We need something from you",
                vec![
                    format!("To go on with your request about your personal data we need {needed}."),
                    reason,
                    "Until we have it the time for our answer stands still. Please reply as soon as you can."
                        .to_owned(),
                ],
            )
        }
        Moved::Resumed => said(
            "We go on with your privacy request",
            vec![
                "The time for our answer runs again.".to_owned(),
                reason,
                format!("You will have an answer by {due_on} at the latest."),
            ],
        ),
        Moved::Rejected(regime) => {
            let mut words = said(
                "Your privacy request was refused",
                vec![
                    "We have refused your request about your personal data.".to_owned(),
                    reason,
                    remedy(regime).to_owned(),
                ],
            );
            words.lines.extend(notice.lifts.then(|| LIFTED.to_owned()));
            words
        }
    }
}

/// Where a person can turn to (GDPR Art. 12(4) and its likes).
const fn remedy(regime: Regime) -> &'static str {
    match regime {
        Regime::Gdpr => {
            "You can lodge a complaint with the data protection authority where you live or work, and you can go to court."
        }
        Regime::UkGdpr => {
            "You can complain to us, lodge a complaint with the Information Commissioner, and you can go to court."
        }
        Regime::Ccpa => {
            "You can file a complaint with the California Privacy Protection Agency or the Attorney General of California."
        }
        Regime::Hipaa => {
            "You can ask us to have the refusal reviewed, and you can complain to the Office for Civil Rights of the U.S. Department of Health and Human Services."
        }
        Regime::Lgpd => {
            "You can petition the Autoridade Nacional de Proteção de Dados (ANPD), and you can go to court."
        }
    }
}

fn approval(notice: &ApprovalNotice) -> Words {
    let (records, sources, due_on) = (notice.records, notice.sources, notice.due_on.day_in(LANGUAGE));
    if notice.corrects {
        return said("A correction waits for approval", vec![format!("The plan to correct a person's data is ready. Records that would change: {records}. Sources: {sources}."), "Nothing has been changed yet, and nothing will be before somebody who did not ask for the correction has looked at the plan and approved it.".to_owned(), format!("The law asks for an answer to the person by {due_on}.")]);
    }
    said("An erasure waits for approval", vec![format!("The plan to delete a person's data is ready. Records that would change: {records}. Sources: {sources}."), "Nothing has been changed yet, and nothing will be before somebody who did not ask for the erasure has looked at the plan and approved it.".to_owned(), format!("The law asks for an answer to the person by {due_on}.")])
}

fn undelivered(notice: &UndeliveredNotice) -> Words {
    let (told, due_on) = (notice.notice, notice.due_on.day_in(LANGUAGE));
    said(
        "A message to a person came back",
        vec![
            "Mail about this request was refused for good by the address on record. It is not sent again.".to_owned(),
            format!("What the person was to be told: {told}."),
            format!("Please reach the person in another way. The law asks for an answer by {due_on}."),
        ],
    )
}

fn deadline(notice: &DeadlineNotice) -> Words {
    let (asked, law) = (request(notice.request_type), law(notice.regime, GDPR));
    let due_on = notice.due_on.day_in(LANGUAGE);
    let mut lines = vec![format!("The law asks for an answer to this request ({asked}, {law}) by {due_on}.")];
    let more = notice.alerts.iter().filter_map(|alert| why(*alert)).map(str::to_owned);
    lines.extend(more);
    said(if notice.is_late() { "A privacy request is overdue" } else { "A privacy request is due soon" }, lines)
}

const fn why(alert: DeadlineAlert) -> Option<&'static str> {
    match alert {
        DeadlineAlert::DsrOverdue => Some("25 days have passed since it arrived."),
        DeadlineAlert::AcknowledgementDue => Some("Its receipt is not confirmed, and the last day to do so is near."),
        DeadlineAlert::StillPaused => Some("Its clock stands still; without the pause the date would be over."),
        DeadlineAlert::Due | DeadlineAlert::RequestOverdue => {
            Some("That date has come, and the request is not answered.")
        }
        DeadlineAlert::SevenDays | DeadlineAlert::FiveDays | DeadlineAlert::ThreeDays | DeadlineAlert::OneDay => None,
    }
}

fn digest(due: &[DigestLine]) -> Words {
    let mut lines = vec![
        if due.is_empty() {
            "Nothing is due this week."
        } else {
            "Requests that are open and due within seven days, or overdue:"
        }
        .to_owned(),
    ];
    for DigestLine { job, request_type, regime, due_on, is_late } in due {
        let late = if *is_late { " – overdue" } else { "" };
        let (due_on, asked, law) = (due_on.day_in(LANGUAGE), request(*request_type), law(*regime, GDPR));
        lines.push(format!("{due_on}{late}: {job} ({asked}, {law})"));
    }
    said("Privacy requests due this week", lines)
}
