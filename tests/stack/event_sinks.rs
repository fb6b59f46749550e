//! The adapters that take masked events keep the promises of the one in memory, on a FIFO queue and a stream of their own.

use async_trait::async_trait;
use habeas_tests::contracts::event_sink;

use crate::contracts::{start, unique};
use crate::harness::Stack;

/// Reads a queue of masked events.
struct MaskedQueue(aws_sdk_sqs::Client, String);

#[async_trait]
impl event_sink::Outlet for MaskedQueue {
    async fn drain(&self, count: usize) -> Vec<Vec<u8>> {
        let mut bodies = Vec::new();
        while bodies.len() < count {
            let request = self.0.receive_message().queue_url(&self.1).max_number_of_messages(10).wait_time_seconds(1);
            let messages = request.send().await.unwrap().messages.unwrap_or_default();
            assert!(!messages.is_empty(), "{} of {count} events arrived", bodies.len());
            for message in messages {
                bodies.push(message.body().unwrap().as_bytes().to_vec());
                let receipt = message.receipt_handle().unwrap();
                self.0.delete_message().queue_url(&self.1).receipt_handle(receipt).send().await.unwrap();
            }
        }
        bodies
    }
}

/// Reads a stream of masked events, shard after shard.
struct MaskedStream(aws_sdk_kinesis::Client, String);

#[async_trait]
impl event_sink::Outlet for MaskedStream {
    async fn drain(&self, _count: usize) -> Vec<Vec<u8>> {
        let mut bodies = Vec::new();
        for shard in self.0.list_shards().stream_name(&self.1).send().await.unwrap().shards() {
            let from = self.0.get_shard_iterator().stream_name(&self.1).shard_id(shard.shard_id());
            let from = from.shard_iterator_type(aws_sdk_kinesis::types::ShardIteratorType::TrimHorizon);
            let iterator = from.send().await.unwrap().shard_iterator.unwrap();
            let page = self.0.get_records().shard_iterator(iterator).limit(1_000).send().await.unwrap();
            bodies.extend(page.records.into_iter().map(|record| record.data.into_inner()));
        }
        bodies
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn queues_and_streams_keep_the_contract_of_event_sinks() {
    let Some(stack) = Stack::plain().await else { return };
    let (aws, config, mut names) = start(&stack).await;
    let sqs = aws_sdk_sqs::Client::new(&config);
    let queue = sqs.create_queue().queue_name(format!("{}.fifo", unique(&mut names, "masked")));
    let queue = queue.attributes(aws_sdk_sqs::types::QueueAttributeName::FifoQueue, "true");
    let url = queue.send().await.unwrap().queue_url.unwrap();
    event_sink::run(aws.sqs_sink(&url).as_ref(), &MaskedQueue(sqs, url.clone()), &mut names).await;
    let kinesis = aws_sdk_kinesis::Client::new(&config);
    let stream = unique(&mut names, "masked");
    kinesis.create_stream().stream_name(&stream).shard_count(2).send().await.unwrap();
    crate::harness::pause(1_000).await;
    let outlet = MaskedStream(kinesis, stream.clone());
    event_sink::run(aws.kinesis_sink(&stream).as_ref(), &outlet, &mut names).await;
    outlet.0.delete_stream().stream_name(&stream).send().await.unwrap();
}
