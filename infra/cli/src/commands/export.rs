//! `habeas export log`: writes what an auditor takes away. It reads the stack; checking is `habeas verify log`, offline.

use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use adapters_aws::{Aws, CallCounter};
use anyhow::Context as _;
use domain::ids::TenantId;
use workflow::export_log::{ExportLog, ExportedLog, KEY_FILE};

use crate::args::{ExportCommand, ExportLogArguments};
use crate::home::Home;
use crate::stack::Stack;
use crate::{report, stack};

/// Runs the subcommand.
pub(crate) async fn run(command: &ExportCommand) -> anyhow::Result<ExitCode> {
    match command {
        ExportCommand::Log(arguments) => log(arguments).await,
    }
}

async fn log(arguments: &ExportLogArguments) -> anyhow::Result<ExitCode> {
    let ExportLogArguments { tenant, out } = arguments;
    let tenant: TenantId = tenant.parse().with_context(|| format!("{tenant} is not the name of a tenant"))?;
    let deployed = Stack::load(&Home::find()?)?;
    let aws = Aws::new(deployed.aws_config().await, CallCounter::process());
    let export = ExportLog {
        evidence: aws.evidence_store(deployed.resource("EvidenceBucket")?, "NONE"),
        signer: aws.checkpoint_signer(deployed.resource("CheckpointKey")?),
        origin: deployed.resource("AuditOrigin")?.to_owned(),
    };
    let told = write_to(&export, &tenant, out).await?;
    let dir = out.display();
    report::line(&format!("{} events of {} in {dir}", told.checkpoint.size, told.checkpoint.origin));
    report::note(&format!("check it anywhere: habeas verify log --dir {dir} --key {dir}/{KEY_FILE}"));
    Ok(ExitCode::SUCCESS)
}

/// Writes each file whole or not at all.
pub(crate) async fn write_to(export: &ExportLog, tenant: &TenantId, out: &Path) -> anyhow::Result<ExportedLog> {
    let keep = |name: &str, bytes: &[u8]| {
        let path = out.join(name);
        fs::create_dir_all(path.parent().unwrap_or(out))?;
        stack::write_whole(&path, bytes).map_err(io::Error::other)
    };
    export.run(tenant, keep).await.with_context(|| format!("the log of {tenant} was not written whole"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use adapters_memory::MemoryWorld;
    use domain::record::Record;
    use domain::transition::{Cause, TransitionBuilder};
    use workflow::seal_audit::{Rules, SealAudit};

    use super::*;

    #[tokio::test]
    async fn a_written_log_is_one_that_verify_accepts() {
        let world = MemoryWorld::new(3, "2026-03-02T09:00:00Z".parse().unwrap());
        let tenant: TenantId = "acme".parse().unwrap();
        for number in 0..700_u16 {
            let nonce = domain::ids::OpNonce::new([0; 16]);
            let mut random = [0; 10];
            random[..2].copy_from_slice(&number.to_be_bytes());
            let mut builder = TransitionBuilder::new(&tenant, nonce, Cause::worker(world.now()), random);
            let event = builder.tenant_event("audit_events", domain::event::Action::Read);
            world.plant(Record::Event(Box::new(event)));
        }
        let origin = "habeas.example/audit".to_owned();
        let (evidence, signer) = (world.evidence_store(), world.checkpoint_signer());
        let sealer = SealAudit {
            feed: world.audit_feed(),
            evidence: Arc::<adapters_memory::MemoryEvidenceStore>::clone(&evidence),
            signer: Arc::<adapters_memory::MemoryCheckpointSigner>::clone(&signer),
            store: world.job_store(),
            alerts: world.alerts(),
            siem: None,
            clock: world.clock(),
            rules: Rules::standard(),
            origin: origin.clone(),
            keep_days: 1,
        };
        assert_eq!(sealer.run().await.unwrap().sealed, 700);
        let out = std::env::temp_dir().join(format!("habeas-export-{}", std::process::id()));
        drop(fs::remove_dir_all(&out));
        let export = ExportLog { evidence, signer, origin };
        let told = write_to(&export, &tenant, &out).await.unwrap();
        assert_eq!((told.checkpoint.size, told.files), (700, 7), "three tiles, three bundles and one tile above");
        let check = || {
            let arguments = crate::args::VerifyLogArguments {
                dir: out.clone(),
                key: out.join(KEY_FILE),
                origin: None,
                known: vec![out.join("checkpoint")],
            };
            crate::commands::verify::run(&crate::args::VerifyCommand::Log(arguments))
        };
        assert_eq!(format!("{:?}", check()), format!("{:?}", ExitCode::SUCCESS));
        fs::remove_file(out.join("tile/1/000.p/2")).unwrap();
        assert_eq!(format!("{:?}", check()), format!("{:?}", ExitCode::from(1)));
        fs::remove_dir_all(out).unwrap();
    }
}
