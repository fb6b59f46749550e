//! Seeded records in memory, the same on every machine: nested users, about 450 bytes each.

use std::io::Write as _;

const RECORDS: u64 = 150_000;

/// A small seeded generator (SplitMix64): the same records on every machine.
struct Seeded(u64);

impl Seeded {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn one<'a>(&mut self, words: &'a str) -> &'a str {
        let count = words.split(' ').count() as u64;
        words.split(' ').nth(usize::try_from(self.below(count)).unwrap()).unwrap()
    }

    fn instant(&mut self) -> String {
        let (day, hour, minute, second) = (self.below(28), self.below(24), self.below(60), self.below(60));
        let (year, month) = (2023 + self.below(2), 1 + self.below(12));
        format!("{year}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}Z", day + 1)
    }
}

/// Nested user records of about 450 bytes.
pub(crate) fn generate() -> Vec<u8> {
    let mut out = Vec::new();
    let mut seeded = Seeded(7);
    for id in 0..RECORDS {
        record(id, &mut seeded, &mut out);
    }
    out
}

fn record(id: u64, seeded: &mut Seeded, out: &mut Vec<u8>) {
    let first =
        seeded.one("Ada Bo Chen Dora Elif Femi Gita Hans Iris José Kofi Lena Max Noor Olga Pia Quinn Rosa Sven");
    let last = seeded.one("Okafor Smith Müller García Novak Tanaka Kumar Johnson Dubois Rossi Silva Kowalski Haddad");
    let street = seeded.one("Main Oak Haupt Victor High Roma Elm Lake");
    let city = seeded.one("Boston Berlin Paris London Milano Austin Lagos Oslo");
    let tags: Vec<String> =
        (0..seeded.below(4)).map(|_| format!("\"{}\"", seeded.one("vip beta eu trial b2b"))).collect();
    let login = if seeded.below(10) == 0 { "null".to_owned() } else { format!("\"{}\"", seeded.instant()) };
    let note = if seeded.below(20) == 0 { "said \\\"call me, later\\\"" } else { "" };
    let created = seeded.instant();
    let mail = format!("{}.{}{}", first.to_lowercase(), last.to_lowercase(), seeded.below(100_000));
    write!(
        out,
        "{{\"id\":{id},\"uuid\":\"{:016x}{:016x}\",\"name\":{{\"first\":\"{first}\",\"last\":\"{last}\"}},\
         \"email\":\"{mail}@example.{}\",\"phone\":\"+1-{:03}-555-{:04}\",\"dob\":\"{}-{:02}-{:02}\",\
         \"address\":{{\"street\":\"{} {street} St\",\"city\":\"{city}\",\"zip\":\"{:05}\",\
         \"geo\":{{\"lat\":{}.{:05},\"lon\":-{}.{:05}}}}},\"prefs\":{{\"newsletter\":{},\"lang\":\"{}\",\"tags\":[{}]}},\
         \"balance\":{}.{:02},\"created_at\":\"{created}\",\"last_login\":{login},\"note\":\"{note}\"}}",
        seeded.next(), seeded.next(), seeded.one("com org net"), 200 + seeded.below(799), seeded.below(10_000),
        1940 + seeded.below(65), 1 + seeded.below(12), 1 + seeded.below(28), 1 + seeded.below(9_998),
        seeded.below(100_000), seeded.below(90), seeded.below(100_000), seeded.below(180), seeded.below(100_000),
        seeded.below(2) == 0, seeded.one("en de fr"), tags.join(","), seeded.below(9_000), seeded.below(100),
    )
    .unwrap();
    out.push(b'\n');
}
