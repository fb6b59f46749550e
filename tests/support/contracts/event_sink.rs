//! The contract of what takes masked events: all arrive, in the order of their key, with the ids they were given.

use std::collections::BTreeMap;

use async_trait::async_trait;
use workflow::ports::{EventBatch, EventSink, MaskedEvent};

use crate::names::Names;

/// The receiving end.
#[async_trait]
pub trait Outlet: Send + Sync {
    /// The bodies that arrived since it was last asked, at least so many, in the order of arrival.
    async fn drain(&self, count: usize) -> Vec<Vec<u8>>;
}

/// Events of a few keys; the bodies are what a reader gets.
#[must_use]
pub fn batch(names: &mut Names, count: usize) -> EventBatch {
    let shard = format!("contract/{}", names.tenant());
    let event = |at: usize| MaskedEvent {
        id: format!("{shard}/{at}"),
        key: format!("hash_{:016x}", at % 7),
        body: format!("{{\"id\":\"{shard}/{at}\",\"key\":{},\"event\":{at}}}", at % 7).into_bytes(),
    };
    EventBatch { shard: shard.clone(), first: "0".to_owned(), events: (0..count).map(event).collect() }
}

/// All cases.
///
/// # Panics
/// Where the port breaks its contract.
pub async fn run(sink: &dyn EventSink, outlet: &dyn Outlet, names: &mut Names) {
    let none = EventBatch { events: Vec::new(), ..batch(names, 1) };
    assert_eq!(sink.write(&none).await.unwrap(), 0);
    let sent = batch(names, 60);
    assert_eq!(sink.write(&sent).await.unwrap(), 60);
    let arrived = outlet.drain(60).await;
    let by_key = |bodies: Vec<Vec<u8>>| {
        let mut keys: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for body in bodies {
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            keys.entry(body["key"].as_u64().unwrap()).or_default().push(body["event"].as_u64().unwrap());
        }
        keys
    };
    assert_eq!(by_key(arrived), by_key(sent.events.into_iter().map(|event| event.body).collect()));
}
