//! What a sweep costs: records a second and AWS calls per 1,000 records, over rows that are worked out when they are asked for.
//!
//! 3,000 rows in the suite; `HABEAS_RETENTION=1000000` asks for more. A page is what DynamoDB answers with at most: 1 MB.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use adapters_memory::{Mutants, SplitMix, yield_once};
use async_trait::async_trait;
use datamap::{Masker, Treatment};
use domain::datum::Datum;
use domain::retention_run::RunPhase;
use habeas_tests::executor::{Ended, Held as HeldTask};
use habeas_tests::sample::tenant;
use jiff::{SignedDuration, Timestamp};
use workflow::ports::{
    Cursor, Erased, ExpiredPage, ExpiredRow, ExpiryOrder, Held, PortError, PortErrorKind, RetentionSource,
};
use workflow::sweep_retention::{Asked, Cap};

use super::scene::{DAY, Scene};

const USUAL: u64 = 3_000;
const PEOPLE: u64 = 1_000;
/// Rows of some 400 bytes in 1 MB.
const PAGE: u64 = 2_500;
const DEATHS: u64 = 30;

#[expect(clippy::disallowed_methods, reason = "a million rows are asked for on demand")]
fn rows() -> u64 {
    std::env::var("HABEAS_RETENTION").ok().and_then(|rows| rows.parse().ok()).unwrap_or(USUAL)
}

/// A table of the first tenant, six tenths of it expired; only what is gone is kept.
struct Generated {
    rows: u64,
    start: Timestamp,
    gone: Mutex<Vec<bool>>,
    calls: AtomicU64,
}

impl Generated {
    fn new(rows: u64, start: Timestamp) -> Arc<Self> {
        let gone = Mutex::new(vec![false; usize::try_from(rows).unwrap()]);
        Arc::new(Self { rows, start, gone, calls: AtomicU64::new(0) })
    }

    fn has_expired(number: u64) -> bool {
        number % 10 < 6
    }

    fn row(&self, number: u64) -> Datum {
        let person = SplitMix::new(number).below(PEOPLE);
        let age = if Self::has_expired(number) { 100 + number % 300 } else { number % 80 };
        let sent_at = self.start - SignedDuration::from_hours(24 * i64::try_from(age).unwrap());
        let text = Datum::Text;
        Datum::Map(vec![
            ("id".to_owned(), text(format!("m-{number:09}"))),
            ("person".to_owned(), text(format!("p-{person}"))),
            ("organization_id".to_owned(), text("org-1".to_owned())),
            ("sent_at".to_owned(), text(sent_at.to_string())),
            ("text".to_owned(), text(format!("{number:0240}"))),
            ("tenant".to_owned(), text("acme".to_owned())),
        ])
    }

    fn gone(&self) -> Vec<bool> {
        self.gone.lock().unwrap().clone()
    }
}

#[async_trait]
impl RetentionSource for Generated {
    async fn expired(&self, order: &ExpiryOrder, after: Option<&Cursor>) -> Result<ExpiredPage, PortError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        yield_once().await;
        let start: u64 = after.map_or(0, |Cursor(text)| text.parse().unwrap());
        let end = (start + PAGE).min(self.rows);
        let gone = self.gone();
        let there: Vec<u64> = (start..end).filter(|number| !gone[usize::try_from(*number).unwrap()]).collect();
        let scanned = there.len() as u64;
        let rows = there.into_iter().map(|number| ExpiredRow { row: self.row(number), held: Held::new(number) });
        let rows = rows.filter(|it| order.has_expired(&it.row)).collect();
        Ok(ExpiredPage { scanned, rows, next: (end < self.rows).then(|| Cursor(end.to_string())) })
    }

    async fn remove(
        &self,
        _: &ExpiryOrder,
        _: &Treatment,
        _: &dyn Masker,
        rows: &[ExpiredRow],
    ) -> Result<Vec<Erased>, PortError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        yield_once().await;
        if rows.len() > 25 {
            return Err(PortError::new(PortErrorKind::Corrupt, "remove more than a statement takes"));
        }
        let mut gone = self.gone.lock().unwrap();
        let answer = |it: &ExpiredRow| {
            let number = usize::try_from(*it.held.get::<u64>().unwrap()).unwrap();
            if std::mem::replace(&mut gone[number], true) { Erased::Gone } else { Erased::Done }
        };
        Ok(rows.iter().map(answer).collect())
    }

    async fn is_labelled(&self, _: &ExpiryOrder) -> Result<bool, PortError> {
        Ok(true)
    }
}

/// A world in which the policy was reported the night before.
fn reported(rows: u64) -> (Scene, Arc<Generated>, Asked) {
    let mut scene = Scene::with_cap(Mutants::NONE, Cap { rows: u64::MAX, percent: 100 });
    let table = Generated::new(rows, scene.memory.now());
    scene.sweep.source = Arc::clone(&table) as _;
    let asked = Asked { collection: Some("chat.messages".to_owned()), ..Asked::default() };
    until_done(&mut scene, &table, &asked);
    scene.memory.advance(DAY);
    scene.memory.change(|state| state.faults.reset());
    table.calls.store(0, Ordering::Relaxed);
    (scene, table, asked)
}

fn until_done(scene: &mut Scene, table: &Arc<Generated>, asked: &Asked) {
    loop {
        let Ended::With(report) = scene.slice("acme", asked) else { panic!("nothing dies here") };
        assert_eq!(report.failed, 0, "{:?}", scene.memory.inspect(|state| state.retention_warnings.last().cloned()));
        if !report.is_unfinished {
            break;
        }
        scene.sweep.source = Arc::clone(table) as _;
    }
}

fn calls(scene: &Scene, table: &Generated) -> u64 {
    scene.memory.inspect(|state| state.faults.calls().len() as u64) + table.calls.load(Ordering::Relaxed)
}

#[test]
fn a_thousand_records_cost_45_calls_at_most_and_thirty_deaths_change_nothing() {
    let rows = rows();
    let (mut scene, table, asked) = reported(rows);
    let began = Instant::now();
    until_done(&mut scene, &table, &asked);
    let took = began.elapsed().as_secs_f64();
    let told = scene.run_of("acme", "chat.messages");
    assert_eq!(told.phase, RunPhase::Ended);
    let (tally, made) = (told.told(), calls(&scene, &table));
    let expected: Vec<bool> = (0..rows).map(Generated::has_expired).collect();
    assert!(table.gone() == expected, "exactly what expired is gone");
    assert_eq!((tally.scanned, tally.archived, tally.deleted), (rows, rows * 6 / 10, rows * 6 / 10));
    let per_thousand = made as f64 * 1_000.0 / tally.deleted as f64;
    println!(
        "retention: {rows} records looked at, {} archived and deleted in {took:.1} s ({:.0} records/s), {per_thousand:.1} \
         AWS calls per 1,000",
        tally.deleted,
        rows as f64 / took
    );
    // Few rows share their chunks with the keys that are made for the first time.
    assert!(per_thousand <= 45.0 || rows < 200_000, "{per_thousand}");
    let archived = scene.archived(&tenant("acme")).len() as u64;
    assert_eq!(archived, tally.deleted);
    killed(rows, made, &expected);
}

fn killed(rows: u64, made: u64, expected: &[bool]) {
    let (mut scene, table, asked) = reported(rows);
    let mut deaths = 0;
    while deaths < DEATHS {
        let asked = Asked { tenant: Some(tenant("acme")), ..asked.clone() };
        let ends_at = scene.memory.now() + SignedDuration::from_mins(14);
        let mut task = HeldTask::new(&scene.memory, Box::pin(scene.sweep.run(&asked, ends_at)));
        task.make_calls(u32::try_from(made / DEATHS + deaths * 3 % 17).unwrap());
        drop(task);
        deaths += 1;
        scene.restart();
        scene.sweep.source = Arc::clone(&table) as _;
    }
    until_done(&mut scene, &table, &asked);
    assert!(table.gone() == expected, "after {deaths} deaths other rows are gone");
    let tally = scene.run_of("acme", "chat.messages").told();
    assert_eq!((tally.archived, tally.deleted), (rows * 6 / 10, rows * 6 / 10), "after {deaths} deaths");
    assert_eq!(scene.archived(&tenant("acme")).len() as u64, tally.deleted);
    println!("retention: {deaths} deaths, the same rows gone, each archived");
}
