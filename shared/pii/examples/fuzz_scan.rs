//! Scans random inputs put together from pieces that readers look for: `fuzz_scan [COUNT] [SEED]`; stops at a panic or a wrong span.

#![expect(clippy::print_stdout, reason = "an example prints")]

use pii::detect::{Confidence, Hit, Scanner};

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

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let count: u64 = arguments.next().map_or(Ok(10_000_000), |text| text.parse())?;
    let mut state: u64 = arguments.next().map_or(Ok(1), |text| text.parse())?;
    let scanner = Scanner::new().with_threshold(Confidence::percent(0)).with_people();
    let (mut text, mut hits, mut found): (String, Vec<Hit>, usize) = (String::new(), Vec::new(), 0);
    for _ in 0..count {
        text.clear();
        hits.clear();
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut bits = state ^ (state >> 29);
        for _ in 0..1 + bits % 9 {
            bits = bits.rotate_right(7).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            text.push_str(PIECES[usize::try_from((bits >> 33) % 40)?]);
        }
        scanner.find(text.as_bytes(), &mut hits);
        for hit in &hits {
            assert!(text.is_char_boundary(hit.start) && text.is_char_boundary(hit.end), "{text:?} {hit:?}");
        }
        // The same cut in the middle of characters and numbers: any bytes are fine.
        let cut = usize::try_from(bits % 5)?.min(text.len());
        scanner.find(&text.as_bytes()[cut..], &mut hits);
        found += hits.len();
    }
    println!("{count} inputs twice, {found} found, no panic");
    Ok(())
}
