//! Signs a receipt and keeps it. What it says is the steps' own matter.

use audit_log::receipt::{Receipt, Unsigned};
use domain::erasure::ReceiptRef;

use crate::ports::{ExportStore, ReceiptSigner};
use crate::sealing::sha256;
use crate::step_context::StepContext;
use crate::step_error::StepError;

/// Signs a receipt and keeps it under the fence of the step; a second run keeps another one beside it.
pub(super) async fn sign_and_keep(
    signer: &dyn ReceiptSigner,
    exports: &dyn ExportStore,
    context: &StepContext,
    receipt: &Receipt,
) -> Result<ReceiptRef, StepError> {
    let unsigned =
        Unsigned::new(signer.key_id(), receipt).map_err(|_| StepError::park("the receipt has no canonical form"))?;
    let signature = signer.sign(&unsigned.digest()).await?;
    let signed = unsigned.join_der(&signature).map_err(|_| StepError::park("the signer answered no signature"))?;
    let (tenant, job) = (&context.job.tenant, &context.job.id);
    // The fence keeps a worker that lost its claim from replacing what its successor signed.
    let key = format!("receipts/{tenant}/{job}-{}.jws", context.step.fence);
    let sha256 = sha256(signed.as_bytes());
    exports.put(&key, signed.into_bytes()).await?;
    Ok(ReceiptRef { key, sha256, signed_at: context.now })
}
