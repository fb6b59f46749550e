//! The words of notices in German.

use domain::job::DeadlineAlert;
use domain::notice::Language;
use domain::request::{Regime, RequestType};

use super::{
    ApprovalNotice, ClockNotice, DeadlineNotice, DigestLine, Labels, Moved, Notice, UndeliveredNotice, Words, law,
    waiting_for_words,
};

const LANGUAGE: Language = Language::De;
/// What the GDPR is called.
const GDPR: &str = "DSGVO";

pub(super) const LABELS: Labels = Labels { download: "Daten herunterladen", reference: "Vorgang" };

pub(super) fn words(notice: &Notice) -> Words {
    match notice {
        Notice::Received { request_type, due_on, .. } => {
            let due_on = due_on.day_in(LANGUAGE);
            let asked = request(*request_type);
            said("Ihre Datenschutzanfrage ist eingegangen", vec![format!("Wir haben eine Anfrage ({asked}) zu den personenbezogenen Daten erhalten, die wir zu dieser Adresse führen."), format!("Sie erhalten spätestens am {due_on} eine Antwort."), "Wenn Sie das nicht waren, können Sie diese Nachricht ignorieren: Ohne Ihre Bestätigung geben wir nichts heraus.".to_owned()])
        }
        Notice::Code { minutes, until, .. } => said("Ihr Bestätigungscode", vec!["Bitte bestätigen Sie, dass die Anfrage zu Ihren personenbezogenen Daten von Ihnen kommt.".to_owned(), format!("Der folgende Code gilt einmal und nur {minutes} Minuten lang: bis {}.", until.time_in(LANGUAGE)), "Wenn Sie das nicht waren, geben Sie den Code an niemanden weiter.".to_owned()]),
        Notice::Ready { until, .. } => said("Ihre Daten liegen bereit", vec!["Das Archiv mit Ihren personenbezogenen Daten kann jetzt heruntergeladen werden.".to_owned(), format!("Der folgende Link gilt bis {}. Wer ihn hat, kann das Archiv abrufen: Behalten Sie ihn für sich.", until.time_in(LANGUAGE))]),
        Notice::Scheduled { final_at, .. } => said("Ihre Daten werden gelöscht", vec![format!("Ihr Antrag wurde genehmigt. Nach dem {} löschen wir die personenbezogenen Daten, die wir über Sie führen.", final_at.time_in(LANGUAGE)), "Bis dahin können Sie den Antrag zurücknehmen; danach kann niemand die Daten wiederherstellen.".to_owned()]),
        Notice::NotDeleted { .. } => said("Ihre Daten werden nicht gelöscht", vec!["Der Antrag, Ihre personenbezogenen Daten zu löschen, wurde zurückgenommen. Es wurde nichts gelöscht.".to_owned(), "Wenn Sie das nicht wollten, können Sie die Löschung jederzeit erneut beantragen.".to_owned()]),
        Notice::Erased { .. } => said("Ihre Daten wurden gelöscht", vec!["Die personenbezogenen Daten, die wir über Sie geführt haben, wurden gelöscht oder anonymisiert, wo das Gesetz eine Aufbewahrung verlangt.".to_owned(), "Ein signierter Nachweis hält fest, was in welcher Quelle geschehen ist. Sie können ihn mit der Nummer Ihres Vorgangs anfordern.".to_owned(), "Dies ist die letzte Nachricht zu diesem Vorgang: Ihre Adresse haben wir nur dafür behalten.".to_owned()]),
        Notice::Corrected { .. } => said("Ihre Daten wurden berichtigt", vec!["Die personenbezogenen Daten, die wir über Sie gespeichert haben, wurden überall berichtigt, wo wir eine Kopie davon gefunden haben. Kopien, die sich nicht ändern lassen, wurden der Stelle genannt, die der Berichtigung zugestimmt hat.".to_owned(), "Wer die Daten von uns erhalten hat, wird über die Berichtigung informiert.".to_owned(), "Ein signierter Beleg sagt Quelle für Quelle, was getan wurde. Sie können ihn mit der Nummer Ihrer Anfrage anfordern.".to_owned()]),
        Notice::Restricted { objected, .. } => restricted(*objected),
        Notice::NoMarketing { .. } => said("Ihrem Widerspruch gegen Direktwerbung wird entsprochen", vec!["Ab jetzt verwenden wir Ihre personenbezogenen Daten nicht mehr für Direktwerbung und nicht für Profiling, das ihr dient.".to_owned(), "Sie können das jederzeit zurücknehmen; niemand sonst kann es.".to_owned()]),
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
        RequestType::Access => "Auskunft",
        RequestType::Portability => "Datenübertragbarkeit",
        RequestType::Erasure => "Löschung",
        RequestType::Rectification => "Berichtigung",
        RequestType::Restriction => "Einschränkung der Verarbeitung",
        RequestType::Objection => "Widerspruch",
        RequestType::AutomatedDecisionReview => "Überprüfung einer automatisierten Entscheidung",
        RequestType::OptOut => "Widerspruch gegen Verkauf und Weitergabe",
        RequestType::LimitUse => "Beschränkung der Nutzung sensibler Daten",
        RequestType::Anonymization => "Anonymisierung eines Datenbestands",
    }
}

fn restricted(objected: bool) -> Words {
    let kept = "Ab jetzt speichern wir die personenbezogenen Daten, die wir über Sie führen, nur noch. Ohne Ihre Einwilligung verwenden wir sie für nichts anderes, außer für Rechtsansprüche oder zum Schutz der Rechte anderer.".to_owned();
    let before = "Bevor das endet, geben wir Ihnen Bescheid.".to_owned();
    if objected {
        let lines = vec![
            "Wir haben Ihrem Widerspruch gegen die Verwendung Ihrer personenbezogenen Daten stattgegeben.".to_owned(),
            kept,
            "Sie können auch verlangen, dass wir die Daten löschen.".to_owned(),
            before,
        ];
        return said("Ihrem Widerspruch wurde stattgegeben", lines);
    }
    said("Die Verarbeitung Ihrer Daten ist eingeschränkt", vec![kept, before])
}

fn lifting(reason: &str) -> Words {
    let lines = vec!["Wir heben die Einschränkung der Verwendung Ihrer personenbezogenen Daten in Kürze auf.".to_owned(), format!("Der Grund: {reason}"), "Wenn Sie nicht einverstanden sind, antworten Sie bitte; Sie können auch widersprechen oder sich bei einer Aufsichtsbehörde beschweren.".to_owned()];
    said("Die Einschränkung Ihrer Daten endet bald", lines)
}

/// That a refused objection restricts no longer.
const LIFTED: &str = "Damit endet die Einschränkung der Verwendung Ihrer Daten.";

fn clock(notice: &ClockNotice) -> Words {
    let reason = format!("Der Grund: {}", notice.reason);
    let due_on = notice.due_on.day_in(LANGUAGE);
    match notice.moved {
        Moved::Extended => said("Ihre Datenschutzanfrage braucht mehr Zeit", vec!["Wir brauchen länger, um Ihre Anfrage zu Ihren personenbezogenen Daten zu beantworten. Das Gesetz lässt das einmal zu.".to_owned(), reason, format!("Sie erhalten spätestens am {due_on} eine Antwort.")]),
        Moved::Paused(waiting_for) => {
            let needed = waiting_for_words(waiting_for, ["einen Nachweis Ihrer Identität", "genauere Angaben dazu, worum es Ihnen geht", "die fällige Gebühr"]);
            said("Wir brauchen etwas von Ihnen", vec![format!("Um Ihre Anfrage zu Ihren personenbezogenen Daten weiter zu bearbeiten, brauchen wir {needed}."), reason, "Bis dahin ruht die Frist für unsere Antwort. Bitte melden Sie sich möglichst bald.".to_owned()])
        }
        Moved::Resumed => said("Wir bearbeiten Ihre Datenschutzanfrage weiter", vec!["Die Frist für unsere Antwort läuft wieder.".to_owned(), reason, format!("Sie erhalten spätestens am {due_on} eine Antwort.")]),
        Moved::Rejected(regime) => {
            let mut words = said("Ihre Datenschutzanfrage wurde abgelehnt", vec!["Wir haben Ihre Anfrage zu Ihren personenbezogenen Daten abgelehnt.".to_owned(), reason, remedy(regime).to_owned()]);
            words.lines.extend(notice.lifts.then(|| LIFTED.to_owned()));
            words
        }
    }
}

/// Where a person can turn to (GDPR Art. 12(4) and its likes).
const fn remedy(regime: Regime) -> &'static str {
    match regime {
        Regime::Gdpr => {
            "Sie können sich bei der Datenschutzaufsicht an Ihrem Wohn- oder Arbeitsort beschweren und vor Gericht gehen."
        }
        Regime::UkGdpr => "Sie können sich bei uns und beim Information Commissioner beschweren und vor Gericht gehen.",
        Regime::Ccpa => {
            "Sie können sich bei der California Privacy Protection Agency oder beim Generalstaatsanwalt von Kalifornien beschweren."
        }
        Regime::Hipaa => {
            "Sie können verlangen, dass wir die Ablehnung überprüfen lassen, und sich beim Office for Civil Rights des US-Gesundheitsministeriums beschweren."
        }
        Regime::Lgpd => {
            "Sie können sich an die Autoridade Nacional de Proteção de Dados (ANPD) wenden und vor Gericht gehen."
        }
    }
}

fn approval(notice: &ApprovalNotice) -> Words {
    let (records, sources, due_on) = (notice.records, notice.sources, notice.due_on.day_in(LANGUAGE));
    if notice.corrects {
        return said("Eine Berichtigung wartet auf Zustimmung", vec![format!("Der Plan zur Berichtigung der Daten einer Person ist fertig. Datensätze, die sich ändern würden: {records}. Quellen: {sources}."), "Noch ist nichts geändert, und es wird nichts geändert, bevor jemand, der die Berichtigung nicht beantragt hat, den Plan angesehen und ihm zugestimmt hat.".to_owned(), format!("Das Gesetz verlangt eine Antwort an die Person bis zum {due_on}.")]);
    }
    said("Eine Löschung wartet auf Freigabe", vec![format!("Der Plan für die Löschung der Daten einer Person liegt vor. Betroffene Datensätze: {records}. Quellen: {sources}."), "Noch ist nichts verändert. Es geht erst weiter, wenn jemand, der die Löschung nicht selbst beantragt hat, den Plan geprüft und freigegeben hat.".to_owned(), format!("Das Gesetz verlangt eine Antwort an die Person bis zum {due_on}.")])
}

fn undelivered(notice: &UndeliveredNotice) -> Words {
    let (told, due_on) = (notice.notice, notice.due_on.day_in(LANGUAGE));
    said("Eine Nachricht an eine Person kam zurück", vec!["Eine Nachricht zu diesem Vorgang wurde von der hinterlegten Adresse endgültig abgewiesen. Sie wird nicht noch einmal gesendet.".to_owned(), format!("Was der Person mitgeteilt werden sollte: {told}."), format!("Bitte erreichen Sie die Person auf einem anderen Weg. Das Gesetz verlangt eine Antwort bis zum {due_on}.")])
}

fn deadline(notice: &DeadlineNotice) -> Words {
    let (asked, law) = (request(notice.request_type), law(notice.regime, GDPR));
    let due_on = notice.due_on.day_in(LANGUAGE);
    let mut lines =
        vec![format!("Das Gesetz verlangt eine Antwort auf diese Anfrage ({asked}, {law}) bis zum {due_on}.")];
    let more = notice.alerts.iter().filter_map(|alert| why(*alert)).map(str::to_owned);
    lines.extend(more);
    said(
        if notice.is_late() {
            "Eine Datenschutzanfrage ist überfällig"
        } else {
            "Eine Datenschutzanfrage wird bald fällig"
        },
        lines,
    )
}

const fn why(alert: DeadlineAlert) -> Option<&'static str> {
    match alert {
        DeadlineAlert::DsrOverdue => Some("Seit ihrem Eingang sind 25 Tage vergangen."),
        DeadlineAlert::AcknowledgementDue => Some("Ihr Eingang ist nicht bestätigt, und der letzte Tag dafür ist nah."),
        DeadlineAlert::StillPaused => Some("Ihre Frist ruht; ohne die Pause wäre sie abgelaufen."),
        DeadlineAlert::Due | DeadlineAlert::RequestOverdue => {
            Some("Dieser Tag ist da, und die Anfrage ist nicht beantwortet.")
        }
        DeadlineAlert::SevenDays | DeadlineAlert::FiveDays | DeadlineAlert::ThreeDays | DeadlineAlert::OneDay => None,
    }
}

fn digest(due: &[DigestLine]) -> Words {
    let mut lines = vec![
        if due.is_empty() {
            "Diese Woche wird nichts fällig."
        } else {
            "Offene Anfragen, die innerhalb von sieben Tagen fällig werden oder überfällig sind:"
        }
        .to_owned(),
    ];
    for DigestLine { job, request_type, regime, due_on, is_late } in due {
        let late = if *is_late { " – überfällig" } else { "" };
        let (due_on, asked, law) = (due_on.day_in(LANGUAGE), request(*request_type), law(*regime, GDPR));
        lines.push(format!("{due_on}{late}: {job} ({asked}, {law})"));
    }
    said("Diese Woche fällige Datenschutzanfragen", lines)
}
