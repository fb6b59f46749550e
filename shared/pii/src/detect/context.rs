//! Context words in en, de, fr, es, it, pt, nl and pl: what the text just before (or behind) a number is about.
//!
//! A word counts from its beginning, so that compounds and plurals are found; short ones count only on their own.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind, MatchKind};

use super::PiiType;
use super::bytes::is_word;

/// What words beside a number are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    Phone,
    Card,
    Bank,
    Routing,
    Ssn,
    Passport,
    License,
    Medical,
    NationalId,
    Birth,
    Address,
    /// Orders, amounts, versions: what looks like a person's number and isn't.
    Other,
}

const TOPICS: usize = 12;

const WORDS: [(Topic, &str); 12] = [
    (
        Topic::Phone,
        "phone|telephone|tel|mobile|cell|cellphone|fax|call|calling|reach|answering|dial|sms|text me|message on|message to|messages to|messages on|registered|whatsapp|hotline|office|desk|contact|landline|telefon|handy|mobil|rufnummer|anrufen|festnetz|durchwahl|portable|appeler|appelez|joindre|numéro de tél|téléphone|teléfono|móvil|celular|llamar|llámame|telefono|cellulare|chiamare|chiamami|telefone|telemóvel|ligar|ligue|telefoon|mobiel|bellen|telefonu|komórka|komórkowy|zadzwoń|dzwonić|tél",
    ),
    (
        Topic::Card,
        "card|credit|debit|cc|visa|mastercard|amex|maestro|discover|diners|kreditkarte|karte|kartennummer|carte|tarjeta|carta|cartão|creditcard|kaart|karta|karty|kartę|billed amount",
    ),
    (
        Topic::Bank,
        "iban|account number|account no|account num|account #|acct|bank account|checking account|savings account|bank|wire|konto|kontonummer|bankverbindung|compte|cuenta|conto|conta|rekening|rachunek|konta",
    ),
    (Topic::Routing, "routing|aba|rtn|transit number|bankleitzahl|blz|sort code"),
    (Topic::Ssn, "ssn|social security|social-security|soc sec|ss#|ssns|social_security|seguro social"),
    (
        Topic::Passport,
        "passport|reisepass|passnummer|pass-nr|passeport|pasaporte|passaporto|passaporte|paspoort|paszport",
    ),
    (
        Topic::License,
        "driver's license|driver’s license|drivers license|driver license|driver's licence|drivers licence|driver licence|driver_license|drivers_license|driving licence|driving license|license number|license no|licence number|licence no|dl|dl#|dln|lic#|führerschein|fuehrerschein|permis de conduire|carnet de conducir|permiso de conducir|patente di guida|patente|carta de condução|carteira de motorista|cnh|rijbewijs|prawo jazdy|prawa jazdy",
    ),
    (
        Topic::Medical,
        "mrn|medical record|medical_record|patient id|patient no|patient number|patient|chart number|chart no|health record|patientennummer|krankenakte|fallnummer|dossier médical|dossier medical|historia clínica|historia clinica|número de paciente|cartella clinica|prontuário|prontuario|medisch dossier|patiëntnummer|dokumentacja medyczna|nr pacjenta",
    ),
    (
        Topic::NationalId,
        "national id|national_id|identity card|id card|id number|identity number|nhs|nino|national insurance|social insurance|sin|bsn|burgerservicenummer|sofinummer|pesel|cpf|cnpj|aadhaar|aadhar|uidai|dni|nie|nif|codice fiscale|cod. fisc|nir|insee|numéro de sécurité sociale|sécurité sociale|securite sociale|ahv|avs|oasi|sozialversicherungsnummer|steuer-id|steuerid|steueridentifikationsnummer|steuerliche identifikationsnummer|identifikationsnummer|steuernummer|idnr|tin|tax id|tax number|my number|mynumber|kojin bango|personalausweis|ausweisnummer|ausweis|carte d'identité|cédula|cedula|documento|carta d'identità|identiteitskaart|dowód osobisty|numer ewidencyjny",
    ),
    (
        Topic::Birth,
        "birth|born|dob|d.o.b|bday|birthday|birthdate|date of birth|geburtsdatum|geburtstag|geboren|geb.|né le|née le|né(e)|naissance|nacimiento|nacido|nacida|nació|nascita|nato il|nata il|nascimento|nascido|nascida|geboortedatum|geboorte|urodzenia|urodzony|urodzona|urodzin|ur.",
    ),
    (
        Topic::Address,
        "address|located at|located on|office is at|offices are|taxi to|ship to|deliver to|sent to|return to|street|zip|postcode|postal|adresse|straße|plz|anschrift|rue|code postal|dirección|calle|código postal|indirizzo|via|cap|endereço|rua|cep|adres|straat|postcode|ulica|kod pocztowy",
    ),
    (
        Topic::Other,
        "order|orders|invoice|ticket|tracking|transaction|trace|build|version|amount|total|price|sku|serial|model|port|job|rows|count|bestellung|bestellnummer|rechnung|commande|facture|pedido|factura|ordine|fattura|fatura|bestelling|factuur|zamówienie|faktura|isbn|issn|timestamp|unix|epoch|euro|eur|usd|items|units|bytes",
    ),
];

struct Finder {
    automaton: AhoCorasick,
    topics: Vec<Topic>,
    lengths: Vec<usize>,
}

static FINDER: LazyLock<Finder> = LazyLock::new(|| {
    let pairs: Vec<(Topic, &str)> =
        WORDS.iter().flat_map(|(topic, words)| words.split('|').map(|word| (*topic, word))).collect();
    let automaton = AhoCorasickBuilder::new()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::LeftmostLongest)
        .kind(Some(AhoCorasickKind::DFA))
        .build(pairs.iter().map(|(_, word)| word))
        .expect("the word list is fixed and small");
    Finder {
        automaton,
        topics: pairs.iter().map(|(topic, _)| *topic).collect(),
        lengths: pairs.iter().map(|(_, word)| word.len()).collect(),
    }
});

const FAR: u8 = u8::MAX;
const BEFORE_BYTES: usize = 56;
const BEHIND_BYTES: usize = 18;
/// Longer words count with any ending.
const ALONE_UP_TO: usize = 4;

/// How near each topic is to a place in a text; 0 is next to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context {
    distances: [u8; TOPICS],
}

impl Context {
    /// Reads the words around `start..end`; a field's name counts like a word right before it.
    pub(crate) fn around(text: &[u8], start: usize, end: usize, field: Option<Topic>) -> Self {
        let mut context = Self { distances: [FAR; TOPICS] };
        let from = start.saturating_sub(BEFORE_BYTES);
        context.read(&text[from..start], |_, word_end| start - from - word_end);
        let until = text.len().min(end + BEHIND_BYTES);
        let behind = &text[end..until];
        let line = behind.iter().position(|byte| *byte == b'\n').unwrap_or(behind.len());
        // What stands behind counts less than what stands before at the same distance.
        context.read(&behind[..line], |word_start, _| word_start + 8);
        if let Some(topic) = field {
            context.distances[topic as usize] = 0;
        }
        context
    }

    fn read(&mut self, window: &[u8], distance: impl Fn(usize, usize) -> usize) {
        let finder = &*FINDER;
        for found in finder.automaton.find_iter(window) {
            let (start, end) = (found.start(), found.end());
            let id = found.pattern().as_usize();
            let glued = start > 0 && is_letter(window[start - 1]) && !after_escape(window, start);
            let runs_on = end < window.len() && is_letter(window[end]);
            if glued || (runs_on && finder.lengths[id] <= ALONE_UP_TO) {
                continue;
            }
            let near = u8::try_from(distance(start, end)).unwrap_or(FAR - 1);
            let slot = &mut self.distances[finder.topics[id] as usize];
            *slot = near.min(*slot);
        }
    }

    /// Whether `topic` is near, and nearer than `other`.
    pub(crate) const fn prefers(&self, topic: Topic, other: Topic) -> bool {
        let distance = self.distances[topic as usize];
        distance != FAR && distance < self.distances[other as usize]
    }

    /// Whether `topic` is near, and nearer than words for orders, amounts and the like.
    pub(crate) const fn speaks_of(&self, topic: Topic) -> bool {
        let distance = self.distances[topic as usize];
        distance != FAR && distance <= self.distances[Topic::Other as usize]
    }

    /// Whether `topic` is near, and no other topic is nearer.
    pub(crate) fn is_about(&self, topic: Topic) -> bool {
        let distance = self.distances[topic as usize];
        distance != FAR && self.distances.iter().all(|other| *other >= distance)
    }

    /// Whether words for orders, amounts and the like are nearest.
    pub(crate) fn is_about_other_things(&self) -> bool {
        self.is_about(Topic::Other)
    }
}

const fn is_letter(byte: u8) -> bool {
    is_word(byte) && byte != b'_' && !byte.is_ascii_digit() || byte >= 0x80
}

fn after_escape(window: &[u8], start: usize) -> bool {
    start > 1 && window[start - 2] == b'\\' && matches!(window[start - 1], b'n' | b'r' | b't')
}

/// The topic a field's type stands for.
pub(crate) const fn topic_of(kind: PiiType) -> Option<Topic> {
    Some(match kind {
        PiiType::Phone => Topic::Phone,
        PiiType::CreditCard => Topic::Card,
        PiiType::Iban | PiiType::BankAccount => Topic::Bank,
        PiiType::Ssn => Topic::Ssn,
        PiiType::Passport => Topic::Passport,
        PiiType::DriversLicense => Topic::License,
        PiiType::MedicalRecord => Topic::Medical,
        PiiType::NationalId => Topic::NationalId,
        PiiType::DateOfBirth => Topic::Birth,
        PiiType::Address => Topic::Address,
        PiiType::Email
        | PiiType::IpAddress
        | PiiType::MacAddress
        | PiiType::Url
        | PiiType::Secret
        | PiiType::Name
        | PiiType::CryptoAddress => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn before(text: &str) -> Context {
        Context::around(text.as_bytes(), text.len(), text.len(), None)
    }

    #[test]
    fn words_of_each_language_name_the_topic() {
        let phones =
            ["my phone is", "Telefonnummer:", "téléphone", "teléfono", "cellulare", "telemóvel", "telefoon", "komórka"];
        for text in phones {
            assert!(before(text).speaks_of(Topic::Phone), "{text}");
        }
        let births =
            ["born", "geboren am", "née le", "nacida el", "nato il", "nascido em", "geboortedatum", "urodzony"];
        for text in births {
            assert!(before(text).is_about(Topic::Birth), "{text}");
        }
    }

    #[test]
    fn the_nearest_word_decides_and_parts_of_words_do_not_count() {
        assert!(before("phone order 12 invoice ").is_about_other_things());
        assert!(!before("hotel ").speaks_of(Topic::Phone));
        assert!(!before("telling ").speaks_of(Topic::Phone));
        assert!(!before("recall ").speaks_of(Topic::Phone));
    }
}
