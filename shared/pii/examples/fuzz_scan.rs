//! Random inputs put together from pieces that readers look for: `fuzz_scan [COUNT] [SEED]`. It stops at a panic, a span within a
//! character, a masked value that shows more than before, or a value that is found again once it was anonymised.

#![expect(clippy::print_stdout, reason = "an example prints")]

use pii::detect::{Confidence, Hit, PiiType, Scanner};
use pii::differential_privacy::RandomBytes;
use pii::mask::{Anonymizer, HashKey, Method, Replacements, masked};
use serde_json::json;

const PIECES: [&str; 40] = [
    "4111 1111 1111 1111",
    "123-45-6789",
    "a@b.co",
    "+49 30 901820",
    "::",
    ":",
    "@",
    "https://",
    "u:p@",
    "=",
    "\\n",
    "password",
    "eyJ",
    "AKIA",
    "<<",
    "P<UTO",
    "2001:db8",
    "é",
    "born ",
    "DE89",
    "x12",
    "0x",
    "bc1",
    "(",
    ")",
    "-",
    "www.",
    "00-1a-2b-3c-4d-5e",
    "1.2.3.4",
    "\n",
    " ",
    "7",
    "Z",
    "PRIVATE KEY-----\nMII",
    "Mr. ",
    "Anna ",
    "Berlin",
    "12 Oak Street",
    "1990-02-03T",
    "張",
];

const FIELDS: [&str; 8] = ["note", "email", "phone", "name", "dob", "password", "x", "address"];

const HIDING: [Method; 3] = [Method::Masking, Method::Redaction, Method::Hashing];

/// No method that is tried here draws any.
struct NoRandomness;

impl RandomBytes for NoRandomness {
    fn fill(&mut self, buffer: &mut [u8]) {
        buffer.fill(0);
    }
}

/// Puts an input together from the bits of one state.
fn put_together(mut bits: u64, text: &mut String) -> Result<u64, Box<dyn std::error::Error>> {
    text.clear();
    for _ in 0..1 + bits % 9 {
        bits = bits.rotate_right(7).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        text.push_str(PIECES[usize::try_from((bits >> 33) % 40)?]);
    }
    Ok(bits)
}

/// A value shows no more letters and digits once it is masked, and a secret none.
fn check_masking(text: &str, hit: &Hit) {
    assert!(text.is_char_boundary(hit.start) && text.is_char_boundary(hit.end), "{text:?} {hit:?}");
    let (value, shown) = (&text[hit.start..hit.end], |text: &str| text.chars().filter(|it| *it != '*').count());
    let once = masked(hit.kind, value);
    assert!(shown(&once) <= shown(value), "{value:?} shows more as {once:?}");
    assert!(hit.kind != PiiType::Secret || (shown(&once) == 0 && once.len() <= 8), "{value:?} shows {once:?}");
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let count: u64 = arguments.next().map_or(Ok(10_000_000), |text| text.parse())?;
    let mut state: u64 = arguments.next().map_or(Ok(1), |text| text.parse())?;
    let all = Scanner::new().with_threshold(Confidence::percent(0)).with_people();
    let (scanner, key, secret) = (Scanner::new(), HashKey::new(&[7; 32]), [9; 32]);
    let (mut text, mut hits, mut found, mut hidden): (String, Vec<Hit>, usize, usize) = Default::default();
    for _ in 0..count {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let bits = put_together(state ^ (state >> 29), &mut text)?;
        hits.clear();
        all.find(text.as_bytes(), &mut hits);
        for hit in &hits {
            check_masking(&text, hit);
        }
        // The same cut in the middle of characters and numbers: any bytes are fine.
        let cut = usize::try_from(bits % 5)?.min(text.len());
        all.find(&text.as_bytes()[cut..], &mut hits);
        found += hits.len();
        // Anonymised and looked at again, as a document would be.
        let (field, method) = (FIELDS[usize::try_from(bits % 8)?], HIDING[usize::try_from(bits / 8 % 3)?]);
        let mut replacements = Replacements::new(&secret, NoRandomness);
        let document = json!({ field: text });
        let done = Anonymizer::new(&scanner, method, &key, &mut replacements).anonymize(document);
        let again = scanner.scan_value(&done.document);
        assert!(again.is_empty(), "{text:?} in {field} became {} by {method:?}: {again:?}", done.document);
        hidden += done.found;
    }
    println!(
        "{count} inputs, each cut and anonymised as well: {found} found, {hidden} hidden, none found again, no panic"
    );
    Ok(())
}
