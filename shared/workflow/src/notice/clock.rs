//! The words of mails about a moved clock or a refusal, with what the person can do about it.

use domain::job::WaitingFor;
use domain::request::Regime;

/// What happened to a request and its date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    /// The longer period was taken.
    Extended,
    /// The clock stands still.
    Paused(WaitingFor),
    /// The clock goes on.
    Resumed,
    /// The request was refused under this law.
    Rejected(Regime),
}

/// A notice about a moved clock or a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockNotice {
    /// The job's id.
    pub job: String,
    /// What happened.
    pub moved: Moved,
    /// Why, in the words of whoever decided.
    pub reason: String,
    /// The day of the law, UTC.
    pub due_on: String,
}

impl ClockNotice {
    /// Title and lines.
    pub(super) fn words(&self) -> (&'static str, Vec<String>) {
        let reason = format!("The reason: {}", self.reason);
        let due_on = &self.due_on;
        match self.moved {
            Moved::Extended => (
                "Your privacy request takes longer",
                vec![
                    "We need more time to answer your request about your personal data. The law allows this once."
                        .to_owned(),
                    reason,
                    format!("You will have an answer by {due_on} at the latest."),
                ],
            ),
            Moved::Paused(waiting_for) => (
                "We need something from you",
                vec![
                    format!("To go on with your request about your personal data we need {}.", needed(waiting_for)),
                    reason,
                    "Until we have it the time for our answer stands still. Please reply as soon as you can."
                        .to_owned(),
                ],
            ),
            Moved::Resumed => (
                "We go on with your privacy request",
                vec![
                    "The time for our answer runs again.".to_owned(),
                    reason,
                    format!("You will have an answer by {due_on} at the latest."),
                ],
            ),
            Moved::Rejected(regime) => (
                "Your privacy request was refused",
                vec![
                    "We have refused your request about your personal data.".to_owned(),
                    reason,
                    remedy(regime).to_owned(),
                ],
            ),
        }
    }
}

const fn needed(waiting_for: WaitingFor) -> &'static str {
    match waiting_for {
        WaitingFor::Identity => "proof of who you are",
        WaitingFor::Clarification => "to know more precisely what you ask for",
        WaitingFor::Fee => "the fee to be paid",
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
