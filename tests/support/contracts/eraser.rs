//! The contract of an eraser: what was planned goes, once, and nothing else changes.
//!
//! The adapter under test is loaded with the rows of the connector's contract; the suite changes some by [`Rows`].

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use datamap::{DataMap, Exemption, FieldRewrite, Masker, Masking, Strategy, Treatment};
use domain::datum::Datum;
use domain::ids::TenantId;
use workflow::ports::{Connector, Cursor, Erased, Eraser, ErasureOrder, PortErrorKind, Share, Target};

use super::connector::{ROWS_EACH, export_all, lookup};

mod flags;
pub mod together;

/// Changes rows behind the adapter's back.
#[async_trait]
pub trait Rows: Send + Sync {
    /// Puts a row in the place of the one with the same id.
    async fn put(&self, row: Datum);
    /// Takes a row away.
    async fn remove(&self, id: &str);
}

/// What is under test.
#[derive(Clone, Copy)]
pub struct Under<'a> {
    /// Plans and erases.
    pub eraser: &'a dyn Eraser,
    /// Reads the same rows.
    pub connector: &'a dyn Connector,
    /// Changes the same rows.
    pub rows: &'a dyn Rows,
    /// The map of the connector's contract.
    pub map: &'a Arc<DataMap>,
    /// Whose rows are erased.
    pub tenant: &'a TenantId,
    /// Who shares the table.
    pub other: &'a TenantId,
}

/// Keyed hashes that anybody can make.
#[derive(Debug)]
pub struct PlainMasker;

impl Masker for PlainMasker {
    fn lasting(&self, value: &[u8]) -> String {
        format!("{:016x}", value.iter().fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte))))
    }

    fn passing(&self, value: &[u8]) -> String {
        self.lasting(&[value, b"job"].concat())
    }
}

/// A strategy for a field.
#[must_use]
pub fn field(path: &str, strategy: Strategy) -> FieldRewrite {
    FieldRewrite { path: path.to_owned(), masking: Masking { strategy, configuration: BTreeMap::new() } }
}

/// Every target of an order, over all pages.
pub async fn plan_all(eraser: &dyn Eraser, order: &ErasureOrder) -> Vec<Target> {
    let mut targets = Vec::new();
    let mut after: Option<Cursor> = None;
    for _ in 0..10_000 {
        let page = eraser.plan(order, after.as_ref()).await.unwrap();
        targets.extend(page.targets);
        match page.next {
            Some(next) => after = Some(next),
            None => return targets,
        }
    }
    panic!("the plan has no end")
}

/// Erases all targets, as many at once as may be.
pub async fn erase_all(eraser: &dyn Eraser, order: &ErasureOrder, targets: &[Target]) -> Vec<Erased> {
    let mut answers = Vec::new();
    for chunk in targets.chunks(25) {
        answers.extend(eraser.erase(order, chunk).await.unwrap());
    }
    answers
}

impl Under<'_> {
    fn order(&self, email: &str, treatment: Treatment) -> ErasureOrder {
        let lookup = lookup(self.map, self.tenant, "shop.orders", "email", &[email]);
        ErasureOrder { lookup, treatment, masker: Arc::new(PlainMasker), owner: None }
    }

    async fn rows_of(&self, tenant: &TenantId, email: &str) -> Vec<Datum> {
        let lookup = lookup(self.map, tenant, "shop.orders", "email", &[email]);
        let mut rows = export_all(self.connector, &lookup).await;
        rows.sort_by_cached_key(id);
        rows
    }
}

fn id(row: &Datum) -> String {
    row.get("id").and_then(Datum::as_text).unwrap().to_owned()
}

fn with(row: &Datum, name: &str, value: Datum) -> Datum {
    let Datum::Map(mut entries) = row.clone() else { panic!("a row is an object") };
    entries.iter_mut().filter(|(key, _)| key == name).for_each(|entry| entry.1 = value.clone());
    Datum::Map(entries)
}

/// Runs the whole contract over the loaded rows.
pub async fn run(under: Under<'_>) {
    let others = under.rows_of(under.other, "ada@example.com").await;
    let ada = under.rows_of(under.tenant, "ada@example.com").await;
    assert_eq!((others.len(), ada.len()), (ROWS_EACH, ROWS_EACH));
    what_is_kept_is_no_target(under).await;
    flags::come_and_go(under).await;
    rewritten_rows_keep_the_rest(under).await;
    what_drifted_is_not_touched(under).await;
    assert_eq!(under.rows_of(under.tenant, "ada@example.com").await, ada, "rows of another person");
    several_orders_have_what_each_has_alone(under).await;
    whole_rows_go_once(under).await;
    assert_eq!(under.rows_of(under.other, "ada@example.com").await, others, "rows of another tenant");
}

async fn what_is_kept_is_no_target(under: Under<'_>) {
    let kept = Exemption { exemption: "tax".to_owned(), reason: None };
    let planned = plan_all(under.eraser, &under.order("bob@example.com", Treatment::Delete)).await;
    let order = under.order("bob@example.com", Treatment::Keep { kept });
    assert_eq!(plan_all(under.eraser, &order).await, []);
    let refused = under.eraser.erase(&order, &planned[..1]).await.unwrap_err();
    assert_eq!(refused.kind, PortErrorKind::Corrupt);
    assert_eq!(under.rows_of(under.tenant, "bob@example.com").await.len(), ROWS_EACH);
}

async fn rewritten_rows_keep_the_rest(under: Under<'_>) {
    let fields = vec![field("amount", Strategy::NullRewrite), field("lines.note", Strategy::StringRewrite)];
    let order = under.order("bob@example.com", Treatment::Rewrite { fields, kept: None });
    let before = under.rows_of(under.tenant, "bob@example.com").await;
    let planned = plan_all(under.eraser, &order).await;
    assert_eq!((planned.len(), planned.iter().map(|it| it.rows).sum::<u64>()), (ROWS_EACH, ROWS_EACH as u64));
    assert_eq!(under.rows_of(under.tenant, "bob@example.com").await, before, "planning changes nothing");
    for _ in 0..2 {
        let answers = erase_all(under.eraser, &order, &planned).await;
        assert!(answers.len() == ROWS_EACH && answers.iter().all(|it| *it == Erased::Done), "{answers:?}");
    }
    let after = under.rows_of(under.tenant, "bob@example.com").await;
    let note = Datum::List(vec![Datum::Map(vec![("note".to_owned(), Datum::Text("[REDACTED]".to_owned()))])]);
    let wanted: Vec<Datum> =
        before.iter().map(|row| with(&with(row, "amount", Datum::Null), "lines", note.clone())).collect();
    assert_eq!(after, wanted);
    assert_eq!(plan_all(under.eraser, &order).await, []);
}

async fn what_drifted_is_not_touched(under: Under<'_>) {
    let order = under.order("bob@example.com", Treatment::Delete);
    let planned = plan_all(under.eraser, &order).await;
    let before = under.rows_of(under.tenant, "bob@example.com").await;
    let eve = with(&before[0], "email", Datum::Text("eve@example.com".to_owned()));
    under.rows.put(eve.clone()).await;
    under.rows.put(with(&before[1], "amount", Datum::Number("5".to_owned()))).await;
    under.rows.remove(&id(&before[2])).await;
    let answers = erase_all(under.eraser, &order, &planned).await;
    let count = |wanted| answers.iter().filter(|it| **it == wanted).count();
    // A row that goes as a whole may change in what nobody watches.
    assert_eq!([Erased::Drifted, Erased::Gone, Erased::Done].map(count), [1, 1, ROWS_EACH - 2]);
    assert_eq!(under.rows_of(under.tenant, "eve@example.com").await, [eve]);
    assert_eq!(under.rows_of(under.tenant, "bob@example.com").await, []);
}

async fn several_orders_have_what_each_has_alone(under: Under<'_>) {
    let fields = vec![field("lines.note", Strategy::StringRewrite)];
    let [rewrites, deletes] = [Treatment::Rewrite { fields, kept: None }, Treatment::Delete];
    let mut shares = Vec::new();
    for order in [under.order("eve@example.com", deletes), under.order("ada@example.com", rewrites)] {
        let mut targets = plan_all(under.eraser, &order).await;
        targets.truncate(25);
        shares.push(Share { order, targets });
    }
    let kept = Treatment::Keep { kept: Exemption { exemption: "tax".to_owned(), reason: None } };
    shares.push(Share { order: under.order("ada@example.com", kept), targets: shares[1].targets.clone() });
    let eve = under.rows_of(under.tenant, "eve@example.com").await;
    under.rows.put(with(&eve[0], "email", Datum::Text("bob@example.com".to_owned()))).await;
    let answers = under.eraser.erase_together(&shares).await;
    let answers: Vec<_> = answers.into_iter().map(|answer| answer.map_err(|error| error.kind)).collect();
    let expected =
        [Ok(vec![Erased::Drifted]), Ok(vec![Erased::Done; shares[1].targets.len()]), Err(PortErrorKind::Corrupt)];
    assert_eq!(answers, expected);
    assert_eq!(under.rows_of(under.tenant, "bob@example.com").await.len(), 1, "what drifted is left alone");
    let rewritten = under.rows_of(under.tenant, "ada@example.com").await;
    let is_rewritten = |row: &&Datum| String::from_utf8_lossy(&row.to_json()).contains("[REDACTED]");
    assert_eq!(rewritten.iter().filter(is_rewritten).count(), shares[1].targets.len());
    assert!(under.eraser.erase_together(&[]).await.is_empty());
    under.rows.remove(&id(&eve[0])).await;
}

async fn whole_rows_go_once(under: Under<'_>) {
    let order = under.order("ada@example.com", Treatment::Delete);
    let planned = plan_all(under.eraser, &order).await;
    assert_eq!(planned, plan_all(under.eraser, &order).await, "planning again gives the same");
    assert!(erase_all(under.eraser, &order, &planned).await.iter().all(|it| *it == Erased::Done));
    assert!(erase_all(under.eraser, &order, &planned).await.iter().all(|it| *it == Erased::Gone));
    assert_eq!(under.rows_of(under.tenant, "ada@example.com").await, []);
}
