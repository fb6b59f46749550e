//! The words of notices in French.

use domain::job::DeadlineAlert;
use domain::notice::Language;
use domain::request::{Regime, RequestType};

use super::{
    ApprovalNotice, ClockNotice, DeadlineNotice, DigestLine, Labels, Moved, Notice, UndeliveredNotice, Words, law,
    waiting_for_words,
};

const LANGUAGE: Language = Language::Fr;
/// What the GDPR is called.
const GDPR: &str = "RGPD";

pub(super) const LABELS: Labels = Labels { download: "Télécharger vos données", reference: "Référence" };

pub(super) fn words(notice: &Notice) -> Words {
    match notice {
        Notice::Received { request_type, due_on, .. } => {
            let due_on = due_on.day_in(LANGUAGE);
            let asked = request(*request_type);
            said("Votre demande a bien été reçue", vec![format!("Nous avons reçu une demande ({asked}) concernant les données personnelles que nous détenons pour cette adresse."), format!("Vous recevrez une réponse au plus tard le {due_on}."), "Si vous n'êtes pas à l'origine de cette demande, ignorez ce message : rien n'est communiqué sans votre confirmation.".to_owned()])
        }
        Notice::Code { minutes, until, .. } => said("Votre code de confirmation", vec!["Merci de confirmer que la demande concernant vos données personnelles vient bien de vous.".to_owned(), format!("Le code ci-dessous est utilisable une seule fois, pendant {minutes} minutes : jusqu'au {}.", until.time_in(LANGUAGE)), "Si vous n'êtes pas à l'origine de cette demande, ne transmettez ce code à personne.".to_owned()]),
        Notice::Ready { until, .. } => said("Vos données sont prêtes", vec!["L'archive contenant vos données personnelles peut maintenant être téléchargée.".to_owned(), format!("Le lien ci-dessous est valable jusqu'au {}. Toute personne qui le détient peut récupérer l'archive : gardez-le pour vous.", until.time_in(LANGUAGE))]),
        Notice::Scheduled { final_at, .. } => said("Vos données vont être effacées", vec![format!("Votre demande a été approuvée. Les données personnelles que nous détenons sur vous seront effacées après le {}.", final_at.time_in(LANGUAGE)), "Jusque-là, vous pouvez retirer votre demande ; ensuite, personne ne pourra rétablir ces données.".to_owned()]),
        Notice::NotDeleted { .. } => said("Vos données ne seront pas effacées", vec!["La demande d'effacement de vos données personnelles a été retirée. Rien n'a été effacé.".to_owned(), "Si ce n'était pas votre souhait, vous pouvez demander à nouveau l'effacement à tout moment.".to_owned()]),
        Notice::Erased { .. } => said("Vos données ont été effacées", vec!["Les données personnelles que nous détenions sur vous ont été effacées, ou rendues anonymes lorsque la loi nous oblige à en garder la trace.".to_owned(), "Un reçu signé indique ce qui a été fait, source par source. Vous pouvez le demander avec le numéro de votre demande.".to_owned(), "Ceci est le dernier message concernant cette demande : votre adresse n'a été conservée que pour l'envoyer.".to_owned()]),
        Notice::Corrected { .. } => said("Vos données ont été rectifiées", vec!["Les données personnelles que nous détenons à votre sujet ont été rectifiées partout où nous en avons trouvé une copie. Les copies qui ne peuvent pas être modifiées ont été signalées à la personne qui a approuvé la rectification.".to_owned(), "Ceux qui ont reçu les données de notre part sont informés de la rectification.".to_owned(), "Un reçu signé indique ce qui a été fait, source par source. Vous pouvez le demander avec le numéro de votre demande.".to_owned()]),
        Notice::Restricted { objected, .. } => restricted(*objected),
        Notice::NoMarketing { .. } => said("Votre opposition à la prospection est acceptée", vec!["À partir de maintenant, nous n'utilisons plus vos données personnelles à des fins de prospection, ni pour le profilage qui y est lié.".to_owned(), "Vous pouvez revenir sur cette décision à tout moment ; personne d'autre ne le peut.".to_owned()]),
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
        RequestType::Access => "accès aux données",
        RequestType::Portability => "portabilité",
        RequestType::Erasure => "effacement",
        RequestType::Rectification => "rectification",
        RequestType::Restriction => "limitation du traitement",
        RequestType::Objection => "opposition",
        RequestType::AutomatedDecisionReview => "réexamen d'une décision automatisée",
        RequestType::OptOut => "refus de la vente et du partage",
        RequestType::LimitUse => "limitation de l'usage des données sensibles",
        RequestType::Anonymization => "anonymisation d'un jeu de données",
    }
}

fn restricted(objected: bool) -> Words {
    let kept = "Désormais, nous ne faisons que conserver les données personnelles que nous détenons sur vous. Sans votre consentement, nous ne les utilisons pour rien d’autre, sauf pour des droits en justice ou pour protéger les droits d’autrui.".to_owned();
    let before = "Nous vous préviendrons avant que cela prenne fin.".to_owned();
    if objected {
        let lines = vec![
            "Nous avons accepté votre opposition à l’utilisation de vos données personnelles.".to_owned(),
            kept,
            "Vous pouvez aussi nous demander d’effacer ces données.".to_owned(),
            before,
        ];
        return said("Votre opposition a été acceptée", lines);
    }
    said("L’utilisation de vos données est limitée", vec![kept, before])
}

fn lifting(reason: &str) -> Words {
    let lines = vec!["Nous allons lever la limitation de l’utilisation des données personnelles que nous détenons sur vous.".to_owned(), format!("Le motif : {reason}"), "Si vous n’êtes pas d’accord, répondez-nous ; vous pouvez aussi vous opposer ou saisir une autorité de contrôle.".to_owned()];
    said("La limitation de vos données va prendre fin", lines)
}

/// That a refused objection restricts no longer.
const LIFTED: &str = "La limitation de l’utilisation de vos données prend ainsi fin.";

fn clock(notice: &ClockNotice) -> Words {
    let reason = format!("Le motif : {}", notice.reason);
    let due_on = notice.due_on.day_in(LANGUAGE);
    match notice.moved {
        Moved::Extended => said("Votre demande prend plus de temps", vec!["Il nous faut plus de temps pour répondre à votre demande concernant vos données personnelles. La loi l'autorise une fois.".to_owned(), reason, format!("Vous recevrez une réponse au plus tard le {due_on}.")]),
        Moved::Paused(waiting_for) => {
            let needed = waiting_for_words(waiting_for, ["une preuve de votre identité", "des précisions sur ce que vous demandez", "le paiement des frais"]);
            said("Nous avons besoin d'un élément de votre part", vec![format!("Pour poursuivre votre demande concernant vos données personnelles, il nous faut {needed}."), reason, "D'ici là, le délai de notre réponse est suspendu. Merci de répondre dès que possible.".to_owned()])
        }
        Moved::Resumed => said("Nous reprenons votre demande", vec!["Le délai de notre réponse court à nouveau.".to_owned(), reason, format!("Vous recevrez une réponse au plus tard le {due_on}.")]),
        Moved::Rejected(regime) => {
            let mut words = said("Votre demande a été refusée", vec!["Nous avons refusé votre demande concernant vos données personnelles.".to_owned(), reason, remedy(regime).to_owned()]);
            words.lines.extend(notice.lifts.then(|| LIFTED.to_owned()));
            words
        }
    }
}

/// Where a person can turn to (GDPR Art. 12(4) and its likes).
const fn remedy(regime: Regime) -> &'static str {
    match regime {
        Regime::Gdpr => {
            "Vous pouvez introduire une réclamation auprès de l'autorité de protection des données de votre lieu de résidence ou de travail, et saisir la justice."
        }
        Regime::UkGdpr => {
            "Vous pouvez vous plaindre auprès de nous, introduire une réclamation auprès de l'Information Commissioner et saisir la justice."
        }
        Regime::Ccpa => {
            "Vous pouvez déposer une plainte auprès de la California Privacy Protection Agency ou du procureur général de Californie."
        }
        Regime::Hipaa => {
            "Vous pouvez nous demander un réexamen du refus et vous plaindre auprès de l'Office for Civil Rights du ministère américain de la santé."
        }
        Regime::Lgpd => "Vous pouvez saisir l'Autoridade Nacional de Proteção de Dados (ANPD) et la justice.",
    }
}

fn approval(notice: &ApprovalNotice) -> Words {
    let (records, sources, due_on) = (notice.records, notice.sources, notice.due_on.day_in(LANGUAGE));
    if notice.corrects {
        return said("Une rectification attend une approbation", vec![format!("Le plan de rectification des données d'une personne est prêt. Enregistrements qui changeraient : {records}. Sources : {sources}."), "Rien n'a encore été modifié, et rien ne le sera avant qu'une personne qui n'a pas demandé la rectification ait examiné le plan et l'ait approuvé.".to_owned(), format!("La loi exige une réponse à la personne au plus tard le {due_on}.")]);
    }
    said("Un effacement attend une approbation", vec![format!("Le plan d'effacement des données d'une personne est prêt. Enregistrements concernés : {records}. Sources : {sources}."), "Rien n'a encore été modifié, et rien ne le sera avant qu'une personne qui n'a pas demandé l'effacement ait examiné et approuvé le plan.".to_owned(), format!("La loi exige une réponse à la personne au plus tard le {due_on}.")])
}

fn undelivered(notice: &UndeliveredNotice) -> Words {
    let (told, due_on) = (notice.notice, notice.due_on.day_in(LANGUAGE));
    said("Un message à une personne est revenu", vec!["Un message concernant cette demande a été refusé définitivement par l'adresse enregistrée. Il n'est pas renvoyé.".to_owned(), format!("Ce que la personne devait apprendre : {told}."), format!("Veuillez joindre la personne autrement. La loi exige une réponse au plus tard le {due_on}.")])
}

fn deadline(notice: &DeadlineNotice) -> Words {
    let (asked, law) = (request(notice.request_type), law(notice.regime, GDPR));
    let due_on = notice.due_on.day_in(LANGUAGE);
    let mut lines =
        vec![format!("La loi exige une réponse à cette demande ({asked}, {law}) au plus tard le {due_on}.")];
    let more = notice.alerts.iter().filter_map(|alert| why(*alert)).map(str::to_owned);
    lines.extend(more);
    said(if notice.is_late() { "Une demande est en retard" } else { "Une demande arrive à échéance" }, lines)
}

const fn why(alert: DeadlineAlert) -> Option<&'static str> {
    match alert {
        DeadlineAlert::DsrOverdue => Some("25 jours se sont écoulés depuis sa réception."),
        DeadlineAlert::AcknowledgementDue => {
            Some("Sa réception n'est pas confirmée, et le dernier jour pour le faire approche.")
        }
        DeadlineAlert::StillPaused => Some("Son délai est suspendu ; sans cela il serait dépassé."),
        DeadlineAlert::Due | DeadlineAlert::RequestOverdue => {
            Some("Cette date est arrivée et la demande est sans réponse.")
        }
        DeadlineAlert::SevenDays | DeadlineAlert::FiveDays | DeadlineAlert::ThreeDays | DeadlineAlert::OneDay => None,
    }
}

fn digest(due: &[DigestLine]) -> Words {
    let mut lines = vec![
        if due.is_empty() {
            "Rien n'arrive à échéance cette semaine."
        } else {
            "Demandes ouvertes qui arrivent à échéance dans les sept jours, ou en retard :"
        }
        .to_owned(),
    ];
    for DigestLine { job, request_type, regime, due_on, is_late } in due {
        let late = if *is_late { " – en retard" } else { "" };
        let (due_on, asked, law) = (due_on.day_in(LANGUAGE), request(*request_type), law(*regime, GDPR));
        lines.push(format!("{due_on}{late}: {job} ({asked}, {law})"));
    }
    said("Demandes à traiter cette semaine", lines)
}
