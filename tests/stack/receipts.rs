//! Receipts of the deployed stack, verified with its public key.

use audit_log::key::ReceiptKey;
use audit_log::receipt::{Receipt, verify};

use crate::api::Api;
use crate::aws;
use crate::harness::Stack;

/// The key that receipts hold under.
pub(crate) async fn key(stack: &Stack) -> ReceiptKey {
    let aws = adapters_aws::Aws::new(aws::config(stack).await, adapters_aws::CallCounter::process());
    let der = aws.receipt_signer(stack.resource("ReceiptKey")).public_key().await.unwrap();
    ReceiptKey::from_der(&der).unwrap()
}

/// The receipt of a job, as it was signed and as it reads.
pub(crate) async fn verified(api: &Api, job: &str, key: &ReceiptKey) -> (String, Receipt) {
    let jws = api.get(&format!("/privacy/jobs/{job}/receipt")).await.expect(200).text();
    let receipt: Receipt = verify(&jws, key).unwrap().read().unwrap();
    assert_eq!(receipt.job, job);
    (jws, receipt)
}
