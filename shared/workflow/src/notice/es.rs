//! The words of notices in Spanish.

use domain::job::DeadlineAlert;
use domain::notice::Language;
use domain::request::{Regime, RequestType};

use super::{
    ApprovalNotice, ClockNotice, DeadlineNotice, DigestLine, Labels, Moved, Notice, UndeliveredNotice, Words, law,
    waiting_for_words,
};

const LANGUAGE: Language = Language::Es;
/// What the GDPR is called.
const GDPR: &str = "RGPD";

pub(super) const LABELS: Labels = Labels { download: "Descargar sus datos", reference: "Referencia" };

pub(super) fn words(notice: &Notice) -> Words {
    match notice {
        Notice::Received { request_type, due_on, .. } => {
            let due_on = due_on.day_in(LANGUAGE);
            let asked = request(*request_type);
            said("Hemos recibido su solicitud", vec![format!("Hemos recibido una solicitud ({asked}) sobre los datos personales que tenemos de esta dirección."), format!("Tendrá una respuesta a más tardar el {due_on}."), "Si no la ha hecho usted, puede ignorar este mensaje: no se comunica nada sin su confirmación.".to_owned()])
        }
        Notice::Code { minutes, until, .. } => said("Su código de confirmación", vec!["Confirme, por favor, que la solicitud sobre sus datos personales es suya.".to_owned(), format!("El código siguiente sirve una sola vez, durante {minutes} minutos: hasta el {}.", until.time_in(LANGUAGE)), "Si no la ha hecho usted, no dé el código a nadie.".to_owned()]),
        Notice::Ready { until, .. } => said("Sus datos están listos", vec!["Ya puede descargar el archivo con sus datos personales.".to_owned(), format!("El enlace siguiente sirve hasta el {}. Quien lo tenga puede obtener el archivo: no lo comparta.", until.time_in(LANGUAGE))]),
        Notice::Scheduled { final_at, .. } => said("Sus datos se van a suprimir", vec![format!("Su solicitud se ha aprobado. Los datos personales que tenemos de usted se suprimirán después del {}.", final_at.time_in(LANGUAGE)), "Hasta entonces puede retirar la solicitud; después nadie podrá recuperar los datos.".to_owned()]),
        Notice::NotDeleted { .. } => said("Sus datos no se suprimirán", vec!["La solicitud de suprimir sus datos personales se ha retirado. No se ha suprimido nada.".to_owned(), "Si no es lo que quiere, puede pedir de nuevo la supresión en cualquier momento.".to_owned()]),
        Notice::Erased { .. } => said("Sus datos se han suprimido", vec!["Los datos personales que teníamos de usted se han suprimido, o se han hecho anónimos donde la ley nos obliga a conservar un registro.".to_owned(), "Un recibo firmado dice qué se ha hecho, fuente por fuente. Puede pedirlo con el número de su solicitud.".to_owned(), "Este es el último mensaje sobre esta solicitud: su dirección se conservó solo para enviarlo.".to_owned()]),
        Notice::Corrected { .. } => said("Sus datos han sido rectificados", vec!["Los datos personales que tenemos sobre usted han sido rectificados en todos los lugares donde encontramos una copia. Las copias que no se pueden cambiar se indicaron a quien aprobó la rectificación.".to_owned(), "Quienes recibieron los datos de nosotros son informados de la rectificación.".to_owned(), "Un recibo firmado dice lo que se hizo, fuente por fuente. Puede pedirlo con el número de su solicitud.".to_owned()]),
        Notice::Restricted { objected, .. } => restricted(*objected),
        Notice::NoMarketing { .. } => said("Se acepta su oposición a la mercadotecnia directa", vec!["Desde ahora no usamos sus datos personales para mercadotecnia directa, ni para la elaboración de perfiles relacionada con ella.".to_owned(), "Puede retirarlo en cualquier momento; nadie más puede hacerlo.".to_owned()]),
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
        RequestType::Access => "acceso a los datos",
        RequestType::Portability => "portabilidad",
        RequestType::Erasure => "supresión",
        RequestType::Rectification => "rectificación",
        RequestType::Restriction => "limitación del tratamiento",
        RequestType::Objection => "oposición",
        RequestType::AutomatedDecisionReview => "revisión de una decisión automatizada",
        RequestType::OptOut => "exclusión de la venta y cesión",
        RequestType::LimitUse => "límite al uso de datos sensibles",
        RequestType::Anonymization => "anonimización de un conjunto de datos",
    }
}

fn restricted(objected: bool) -> Words {
    let kept = "A partir de ahora solo conservamos los datos personales que tenemos de usted. Sin su consentimiento no los usamos para nada más, salvo para reclamaciones legales o para proteger los derechos de otros.".to_owned();
    let before = "Le avisaremos antes de que esto termine.".to_owned();
    if objected {
        let lines = vec![
            "Hemos aceptado su oposición al uso de sus datos personales.".to_owned(),
            kept,
            "También puede pedirnos que suprimamos los datos.".to_owned(),
            before,
        ];
        return said("Su oposición se ha aceptado", lines);
    }
    said("El uso de sus datos está limitado", vec![kept, before])
}

fn lifting(reason: &str) -> Words {
    let lines = vec!["Vamos a levantar la limitación del uso de los datos personales que tenemos de usted.".to_owned(), format!("El motivo: {reason}"), "Si no está de acuerdo, respóndanos; también puede oponerse o presentar una reclamación ante una autoridad de control.".to_owned()];
    said("La limitación de sus datos va a terminar", lines)
}

/// That a refused objection restricts no longer.
const LIFTED: &str = "Con ello termina la limitación del uso de sus datos.";

fn clock(notice: &ClockNotice) -> Words {
    let reason = format!("El motivo: {}", notice.reason);
    let due_on = notice.due_on.day_in(LANGUAGE);
    match notice.moved {
        Moved::Extended => said("Su solicitud necesita más tiempo", vec!["Necesitamos más tiempo para responder a su solicitud sobre sus datos personales. La ley lo permite una vez.".to_owned(), reason, format!("Tendrá una respuesta a más tardar el {due_on}.")]),
        Moved::Paused(waiting_for) => {
            let needed = waiting_for_words(waiting_for, ["una prueba de su identidad", "saber con más precisión qué pide", "el pago de la tasa"]);
            said("Necesitamos algo de usted", vec![format!("Para seguir con su solicitud sobre sus datos personales necesitamos {needed}."), reason, "Hasta entonces el plazo de nuestra respuesta queda suspendido. Responda, por favor, cuanto antes.".to_owned()])
        }
        Moved::Resumed => said("Seguimos con su solicitud", vec!["El plazo de nuestra respuesta corre de nuevo.".to_owned(), reason, format!("Tendrá una respuesta a más tardar el {due_on}.")]),
        Moved::Rejected(regime) => {
            let mut words = said("Su solicitud se ha rechazado", vec!["Hemos rechazado su solicitud sobre sus datos personales.".to_owned(), reason, remedy(regime).to_owned()]);
            words.lines.extend(notice.lifts.then(|| LIFTED.to_owned()));
            words
        }
    }
}

/// Where a person can turn to (GDPR Art. 12(4) and its likes).
const fn remedy(regime: Regime) -> &'static str {
    match regime {
        Regime::Gdpr => {
            "Puede presentar una reclamación ante la autoridad de protección de datos del lugar donde vive o trabaja, y acudir a los tribunales."
        }
        Regime::UkGdpr => "Puede reclamar ante nosotros y ante el Information Commissioner, y acudir a los tribunales.",
        Regime::Ccpa => {
            "Puede presentar una queja ante la California Privacy Protection Agency o el fiscal general de California."
        }
        Regime::Hipaa => {
            "Puede pedirnos que se revise el rechazo y reclamar ante la Office for Civil Rights del Departamento de Salud de EE. UU."
        }
        Regime::Lgpd => {
            "Puede dirigirse a la Autoridade Nacional de Proteção de Dados (ANPD) y acudir a los tribunales."
        }
    }
}

fn approval(notice: &ApprovalNotice) -> Words {
    let (records, sources, due_on) = (notice.records, notice.sources, notice.due_on.day_in(LANGUAGE));
    if notice.corrects {
        return said("Una rectificación espera aprobación", vec![format!("El plan para rectificar los datos de una persona está listo. Registros que cambiarían: {records}. Fuentes: {sources}."), "Todavía no se ha cambiado nada, y nada se cambiará antes de que alguien que no pidió la rectificación haya examinado el plan y lo haya aprobado.".to_owned(), format!("La ley exige una respuesta a la persona a más tardar el {due_on}.")]);
    }
    said("Una supresión espera aprobación", vec![format!("El plan para suprimir los datos de una persona está listo. Registros afectados: {records}. Fuentes: {sources}."), "Todavía no se ha cambiado nada, y no se cambiará hasta que alguien que no haya pedido la supresión revise y apruebe el plan.".to_owned(), format!("La ley exige una respuesta a la persona a más tardar el {due_on}.")])
}

fn undelivered(notice: &UndeliveredNotice) -> Words {
    let (told, due_on) = (notice.notice, notice.due_on.day_in(LANGUAGE));
    said("Un mensaje a una persona ha vuelto", vec!["La dirección registrada ha rechazado de forma definitiva un mensaje sobre esta solicitud. No se envía de nuevo.".to_owned(), format!("Lo que la persona debía saber: {told}."), format!("Contacte con la persona por otra vía. La ley exige una respuesta a más tardar el {due_on}.")])
}

fn deadline(notice: &DeadlineNotice) -> Words {
    let (asked, law) = (request(notice.request_type), law(notice.regime, GDPR));
    let due_on = notice.due_on.day_in(LANGUAGE);
    let mut lines =
        vec![format!("La ley exige una respuesta a esta solicitud ({asked}, {law}) a más tardar el {due_on}.")];
    let more = notice.alerts.iter().filter_map(|alert| why(*alert)).map(str::to_owned);
    lines.extend(more);
    said(if notice.is_late() { "Una solicitud está fuera de plazo" } else { "Una solicitud vence pronto" }, lines)
}

const fn why(alert: DeadlineAlert) -> Option<&'static str> {
    match alert {
        DeadlineAlert::DsrOverdue => Some("Han pasado 25 días desde que llegó."),
        DeadlineAlert::AcknowledgementDue => {
            Some("Su recepción no está confirmada y el último día para hacerlo está cerca.")
        }
        DeadlineAlert::StillPaused => Some("Su plazo está suspendido; sin la pausa habría vencido."),
        DeadlineAlert::Due | DeadlineAlert::RequestOverdue => {
            Some("Esa fecha ha llegado y la solicitud no tiene respuesta.")
        }
        DeadlineAlert::SevenDays | DeadlineAlert::FiveDays | DeadlineAlert::ThreeDays | DeadlineAlert::OneDay => None,
    }
}

fn digest(due: &[DigestLine]) -> Words {
    let mut lines = vec![
        if due.is_empty() {
            "Esta semana no vence nada."
        } else {
            "Solicitudes abiertas que vencen en siete días o están fuera de plazo:"
        }
        .to_owned(),
    ];
    for DigestLine { job, request_type, regime, due_on, is_late } in due {
        let late = if *is_late { " – fuera de plazo" } else { "" };
        let (due_on, asked, law) = (due_on.day_in(LANGUAGE), request(*request_type), law(*regime, GDPR));
        lines.push(format!("{due_on}{late}: {job} ({asked}, {law})"));
    }
    said("Solicitudes que vencen esta semana", lines)
}
