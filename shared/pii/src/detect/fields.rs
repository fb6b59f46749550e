//! What a field's name says of its values (R-PII-2), in the languages of the context words.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::PiiType;

/// Types in the order they are tried: `email_address` is an e-mail, `ip_address` no place to live.
const PARTS: [(PiiType, &str); 18] = [
    (
        PiiType::Secret,
        "password|passwd|passwort|secret|api_key|apikey|private_key|access_token|refresh_token|auth_token|contraseña|senha",
    ),
    (PiiType::Email, "email|e_mail|mail|correo|courriel"),
    (PiiType::IpAddress, "ip_address|ipaddress|ip_addr|remote_addr|client_ip|remote_ip|source_ip"),
    (PiiType::MacAddress, "mac_address|macaddress|mac_addr|hardware_address"),
    (PiiType::Iban, "iban"),
    (
        PiiType::CreditCard,
        "credit_card|creditcard|card_number|cardnumber|card_no|kreditkarte|carte_bancaire|numero_tarjeta|numero_carta",
    ),
    (
        PiiType::BankAccount,
        "bank_account|bankaccount|account_number|accountnumber|routing_number|kontonummer|bankverbindung|rekeningnummer",
    ),
    (PiiType::Passport, "passport|reisepass|passeport|pasaporte|passaporto|paspoort|paszport"),
    (
        PiiType::DriversLicense,
        "driver_license|drivers_license|driver_licence|driving_licen|license_number|licence_number|fuehrerschein|führerschein|rijbewijs|prawo_jazdy",
    ),
    (PiiType::MedicalRecord, "medical_record|medicalrecord|patient_id|health_record|krankenakte|patientennummer"),
    (PiiType::Ssn, "ssn|social_security|socialsecurity|social"),
    (
        PiiType::NationalId,
        "national_id|nationalid|tax_id|taxid|tax_number|steuer_id|steuernummer|codice_fiscale|aadhaar|pesel|identity_number",
    ),
    (
        PiiType::DateOfBirth,
        "dob|birth|birthday|birthdate|geburtsdatum|geburtstag|naissance|nacimiento|nascita|nascimento|geboorte|urodzeni",
    ),
    (
        PiiType::Phone,
        "phone|telephone|mobile|cell|telefon|téléphone|teléfono|rufnummer|celular|cellulare|telemovel|telefoon|komorka",
    ),
    (PiiType::CryptoAddress, "wallet_address|bitcoin_address|btc_address|eth_address"),
    (
        PiiType::Address,
        "address|street|city|zip|postal|postcode|strasse|straße|hausnummer|adresse|dirección|direccion|indirizzo|endereço|endereco|ciudad|cidade|straat|ulica|anschrift",
    ),
    (
        PiiType::Name,
        "name|vorname|nachname|prénom|prenom|nombre|apellido|cognome|sobrenome|voornaam|achternaam|nazwisko",
    ),
    (PiiType::Url, "homepage|website"),
];

/// Names that count only as a whole word of the field's name.
const WORDS: [(PiiType, &str); 9] = [
    (PiiType::IpAddress, "ip|ipv4|ipv6"),
    (PiiType::MacAddress, "mac"),
    (PiiType::Phone, "tel|fax|handy|mobil|gsm"),
    (PiiType::CreditCard, "pan|card"),
    (PiiType::NationalId, "cpf|bsn|nhs|dni|nie|nir|ahv|nino"),
    (PiiType::MedicalRecord, "mrn"),
    (PiiType::Secret, "pwd|token"),
    (PiiType::Address, "ort|plz|rue|ville|calle|via|citta|rua|stad|miasto|adres|cap|cep"),
    (PiiType::Name, "nom|nome|imie|naam"),
];

/// Technical names that hold one of the parts above and say nothing about a person.
const TECHNICAL: &str = "filename|file_name|hostname|host_name|pathname|classname|class_name|tablename|table_name|typename|type_name|event_name|bucket_name|domain_name|function_name|product_name|column_name|field_name|app_name|service_name|namespace|cancel|gzip|unzip|capacity|velocity|mailgun|excellent|birthplace_code|zipfile|connector_name|schema_name|db_name";

struct Indicators {
    automaton: AhoCorasick,
    kinds: Vec<Option<(usize, PiiType)>>,
}

/// All parts in one automaton; a technical name has no type.
static INDICATORS: LazyLock<Indicators> = LazyLock::new(|| {
    let technical = TECHNICAL.split('|').map(|part| (part, None));
    let parts = PARTS
        .iter()
        .enumerate()
        .flat_map(|(rank, (kind, parts))| parts.split('|').map(move |part| (part, Some((rank, *kind)))));
    let (parts, kinds): (Vec<&str>, Vec<_>) = technical.chain(parts).unzip();
    let automaton = AhoCorasick::builder()
        .kind(Some(AhoCorasickKind::DFA))
        .build(parts)
        .expect("the list of indicators is fixed and small");
    Indicators { automaton, kinds }
});

/// What values of a field with this name hold, as far as the name says.
#[must_use]
pub fn type_of_field(name: &str) -> Option<PiiType> {
    let name = normalised(name);
    let mut best: Option<(usize, PiiType)> = None;
    for found in INDICATORS.automaton.find_overlapping_iter(&name) {
        let kind = INDICATORS.kinds[found.pattern().as_usize()]?;
        best = Some(best.map_or(kind, |best| if kind.0 < best.0 { kind } else { best }));
    }
    best.map(|(_, kind)| kind).or_else(|| type_of_words(&name))
}

fn type_of_words(name: &str) -> Option<PiiType> {
    let holds = |words: &str| words.split('|').any(|word| name.split('_').any(|part| part == word));
    WORDS.iter().find(|(_, words)| holds(words)).map(|(kind, _)| *kind)
}

/// Lower case, with `_` for blanks, hyphens and the humps of camel case.
fn normalised(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    let mut low = false;
    for letter in name.chars() {
        if matches!(letter, '-' | ' ' | '.' | '/' | '_') {
            out.push('_');
            low = false;
            continue;
        }
        if letter.is_uppercase() && low {
            out.push('_');
        }
        low = letter.is_lowercase() || letter.is_ascii_digit();
        out.extend(letter.to_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indicators_name_the_type() {
        let samples = [
            ("email", PiiType::Email),
            ("userEmailAddress", PiiType::Email),
            ("e-mail", PiiType::Email),
            ("Mobile Phone", PiiType::Phone),
            ("cell", PiiType::Phone),
            ("social", PiiType::Ssn),
            ("SSN", PiiType::Ssn),
            ("first_name", PiiType::Name),
            ("lastname", PiiType::Name),
            ("fullName", PiiType::Name),
            ("username", PiiType::Name),
            ("street", PiiType::Address),
            ("city", PiiType::Address),
            ("zip", PiiType::Address),
            ("postal_code", PiiType::Address),
            ("dob", PiiType::DateOfBirth),
            ("birthDate", PiiType::DateOfBirth),
            ("ip", PiiType::IpAddress),
            ("ip_address", PiiType::IpAddress),
            ("card_number", PiiType::CreditCard),
            ("Vorname", PiiType::Name),
            ("geburtsdatum", PiiType::DateOfBirth),
            ("plz", PiiType::Address),
            ("nazwisko", PiiType::Name),
        ];
        for (name, kind) in samples {
            assert_eq!(type_of_field(name), Some(kind), "{name}");
        }
        for name in ["id", "filename", "cancelled", "amount", "status", "hostname", "script"] {
            assert_eq!(type_of_field(name), None, "{name}");
        }
    }
}
