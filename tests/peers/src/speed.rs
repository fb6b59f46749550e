//! Everyone over the same lines, in turns, so that what else the machine does falls on all of them.

use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::process::Command;

use crate::peers::Peers;

const ROUNDS: usize = 5;

/// A contestant: its name, how many MB at most it is given, what it does with the lines.
type Contestant = (&'static str, f64, fn(&Peers, &[&str]) -> usize);

/// What one of them took.
#[derive(Default)]
struct Taken {
    /// MB for each CPU second, round by round.
    rates: Vec<f64>,
    found: usize,
    megabytes: f64,
}

impl Taken {
    fn median(&mut self) -> (f64, f64, f64) {
        self.rates.sort_by(f64::total_cmp);
        (self.rates[self.rates.len() / 2], self.rates[0], self.rates[self.rates.len() - 1])
    }
}

/// CPU seconds of this thread.
fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(text.split(' ').next().ok_or("no time in schedstat")?.parse::<f64>()? / 1e9)
}

/// The first lines of a text, up to so many MB.
fn first<'t>(lines: &[&'t str], megabytes: f64) -> (Vec<&'t str>, f64) {
    let mut bytes = 0;
    let taken = lines.iter().take_while(|line| {
        bytes += line.len() + 1;
        bytes as f64 <= megabytes * 1e6
    });
    let taken: Vec<&str> = taken.copied().collect();
    let size = taken.iter().map(|line| line.len() + 1).sum::<usize>() as f64 / 1e6;
    (taken, size)
}

/// A program of another language: it gets the file, and prints MB, CPU seconds and how much it found.
fn ask(program: &[&str], path: &str) -> Result<[f64; 3], Box<dyn Error>> {
    let output = Command::new(program[0]).args(&program[1..]).arg(path).output()?;
    let text = String::from_utf8(output.stdout)?;
    let numbers: Vec<f64> = text.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    <[f64; 3]>::try_from(numbers).map_err(|_| format!("{program:?} answered {text:?}").into())
}

/// Prints MB of each CPU second for everyone.
pub fn compare(path: &str, megabytes: f64, program: &[&str]) -> Result<(), Box<dyn Error>> {
    let text = fs::read_to_string(path)?;
    let all: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    let are_documents = all.first().is_some_and(|line| line.starts_with('{'));
    let peers = Peers::new()?;
    let mut contestants: Vec<Contestant> = vec![
        ("combined expression, no validators", 64.0, Peers::by_expression),
        ("habeas", 64.0, Peers::by_habeas),
        ("habeas, names and places too", 64.0, Peers::by_habeas_with_people),
        ("datafog-core 1.0.0", 16.0, Peers::by_datafog),
        ("redact-core 0.12.7", 2.0, Peers::by_redact),
    ];
    if are_documents {
        contestants.insert(2, ("habeas, as JSON with field names", 64.0, Peers::by_habeas_in_documents));
    }
    let mut taken: Vec<Taken> = contestants.iter().map(|_| Taken::default()).collect();
    let mut other = Taken::default();
    for _ in 0..ROUNDS {
        for ((_, most, job), taken) in contestants.iter().zip(&mut taken) {
            let (lines, size) = first(&all, most.min(megabytes));
            let before = cpu_seconds()?;
            let found = black_box(job(&peers, black_box(&lines)));
            taken.rates.push(size / (cpu_seconds()? - before));
            (taken.found, taken.megabytes) = (found, size);
        }
        if !program.is_empty() {
            let [size, seconds, found] = ask(program, path)?;
            other.rates.push(size / seconds);
            (other.found, other.megabytes) = (found as usize, size);
        }
    }
    let names = contestants.iter().map(|(name, ..)| *name).chain(["presidio-analyzer, patterns"]);
    for (name, mut taken) in names.zip(taken.into_iter().chain([other])).filter(|(_, taken)| !taken.rates.is_empty()) {
        let (median, least, most) = taken.median();
        let per_kilobyte = taken.found as f64 / taken.megabytes / 1e3;
        println!(
            "{name:36} {median:9.2} MB/s ({least:.2} to {most:.2}), {:.1} MB, {per_kilobyte:.1} found in a kB",
            taken.megabytes
        );
    }
    Ok(())
}
