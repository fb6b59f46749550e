//! Change events masked per second of CPU time: `bench_mask FILE`, one event a line; medians of five rounds.
//!
//! `examples/mask_peers.py` runs it beside Python and Node on the same file, all replacing the same six fields by HMACs.

#![expect(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;
use std::fs;

use masking::{CollectionRules, EventMasker, FieldRule, Keys, Method, Treatment};
use pii::detect::PiiType;

const PERSONAL: [(&str, PiiType); 6] = [
    ("first_name", PiiType::Name),
    ("last_name", PiiType::Name),
    ("email", PiiType::Email),
    ("ssn", PiiType::Ssn),
    ("card_number", PiiType::CreditCard),
    ("phone", PiiType::Phone),
];
/// Fields the map names and has no category for: looked at, not replaced.
const OTHERS: [&str; 8] = ["id", "ip", "street", "city", "status", "balance_cents", "comment", "updated_at"];

fn rules() -> CollectionRules {
    let rule = |path: &str, treatment| FieldRule { path: path.to_owned(), treatment, identity: None };
    let personal = PERSONAL.map(|(path, kind)| rule(path, Treatment::Personal(kind)));
    let others = OTHERS.map(|path| rule(path, Treatment::Scan));
    CollectionRules { names: vec!["customers".to_owned()], fields: personal.into_iter().chain(others).collect() }
}

/// CPU seconds of this one thread.
fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    let text = fs::read_to_string("/proc/self/schedstat")?;
    let nanoseconds: f64 = text.split(' ').next().ok_or("no time in schedstat")?.parse()?;
    Ok(nanoseconds / 1e9)
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: bench_mask FILE")?;
    let bytes = fs::read(path)?;
    let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    let modes = [
        ("six mapped fields hashed, the rest scanned", vec![rules()], Method::Hashing),
        ("the same, masked", vec![rules()], Method::Masking),
        ("no map: names and detection, hashed", Vec::new(), Method::Hashing),
    ];
    for (name, rules, method) in modes {
        let mut masker = EventMasker::new(&rules, method, Keys::new(&[7; 32]));
        let mut out = Vec::with_capacity(1 << 22);
        let mut rounds = Vec::new();
        let mut replaced = 0;
        for _ in 0..5 {
            let before = cpu_seconds()?;
            replaced = 0;
            for line in &lines {
                if out.len() > 1 << 21 {
                    out.clear();
                }
                replaced += masker.mask(None, line, &mut out)?.replaced;
                out.push(b'\n');
            }
            rounds.push(cpu_seconds()? - before);
        }
        rounds.sort_by(f64::total_cmp);
        let median = rounds[2];
        #[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
        let (events, megabytes) = (lines.len() as f64, bytes.len() as f64 / 1e6);
        println!(
            "{name}: {:.0} events/s, {:.0} MB/s, {:.0} B an event, {replaced} values replaced",
            events / median,
            megabytes / median,
            megabytes * 1e6 / events
        );
    }
    Ok(())
}
