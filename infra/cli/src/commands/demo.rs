//! `habeas demo`: one access request from submission to the verified archive, as the person and the officer would see it.

mod erase;
mod mailbox;
mod outcome;
mod place;
mod watch;

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use crate::api::{self, Api};
use crate::args::{DemoArguments, Role};
use crate::commands::{datamap, load, up};
use crate::home::Home;
use crate::issuer::{Bearer, Issuer};
use crate::report;
use crate::sample::DEMO_SUBJECT;
use crate::stack::Stack;
use crate::waiting;
use mailbox::Mailbox;
use outcome::{Outcome, Stopwatch};

/// Tokens of a demo live this long.
const TOKEN_SECONDS: u32 = 3600;

/// Runs the demo; success only if every row and checksum of the archive was verified.
pub(crate) async fn run(arguments: &DemoArguments) -> anyhow::Result<ExitCode> {
    let home = Home::find()?;
    let mut watch = Stopwatch::start();
    let stack = up::ready(&home, &arguments.up).await?;
    watch.lap("up");
    let chosen = if arguments.erase { erase::next_person(&home)? } else { DEMO_SUBJECT.to_owned() };
    let subject = arguments.subject.as_deref().unwrap_or(&chosen);
    // A tenant for each kind of demo: publishing for one takes nothing from the other while both run.
    let own = if arguments.erase { "own-erasure" } else { "own-data" };
    let tenant = prepare(&home, &stack, arguments.data.as_deref(), own).await?;
    watch.lap("load");
    let demo = Demo { home: &home, stack: &stack, tenant: &tenant, subject, started: Instant::now() };
    if arguments.erase {
        return erase::run(&demo, watch, arguments.json).await;
    }
    let outcome = demo.play(watch).await?;
    if arguments.json {
        report::line(&serde_json::to_string_pretty(&outcome.to_json())?);
    } else {
        outcome.print();
    }
    ensure!(
        outcome.is_verified(),
        "the archive is not what its manifest says; it is kept at {}",
        outcome.path.display()
    );
    Ok(ExitCode::SUCCESS)
}

/// Loads and publishes what the demo runs on; gives back the tenant.
async fn prepare(home: &Home, stack: &Stack, data: Option<&Path>, own: &str) -> anyhow::Result<String> {
    let Some(data) = data else {
        // Publishing again changes nothing but the policy, which another tenant's data may have narrowed.
        datamap::publish(stack, &home.sample(), &stack.tenant).await?;
        return Ok(stack.tenant.clone());
    };
    let tenant = own.to_owned();
    let loaded = load::load(stack, data).await?;
    report::note(&format!("loaded {} rows and {} objects", loaded.rows, loaded.objects));
    datamap::publish(stack, data, &tenant).await?;
    Ok(tenant)
}

/// One run for one person.
struct Demo<'a> {
    home: &'a Home,
    stack: &'a Stack,
    tenant: &'a str,
    subject: &'a str,
    started: Instant,
}

impl Demo<'_> {
    async fn play(&self, mut laps: Stopwatch) -> anyhow::Result<Outcome> {
        let operator = self.api(Role::Operator)?;
        let mailbox = Mailbox::new(&self.stack.endpoint_url, self.subject);
        let job = self.submit(&operator).await?;
        laps.lap("submit");
        report::note(&format!("job {job} accepted for one person of tenant {}", self.tenant));
        let code = mailbox.code(&job).await?;
        laps.lap("verification mail");
        let verified = operator.post(&format!("/privacy/jobs/{job}/verify"), &json!({ "code": code })).await?;
        verified.expect_success("the code was refused")?;
        laps.lap("verify");
        let view = watch::until_completed(&operator, &job).await?;
        laps.lap("locate, collect, package");
        let link = mailbox.link(&job).await?;
        laps.lap("ready mail");
        let path = self.home.state("demo").join(format!("{job}.zip"));
        std::fs::create_dir_all(self.home.state("demo"))?;
        let bytes = api::download(&api::location(&link).await?, &path).await?;
        laps.lap("download");
        let archive = archive::verify(std::fs::File::open(&path)?).context("the download is not an archive")?;
        let as_promised = outcome::is_as_promised(&view, &path, bytes)?;
        laps.lap("check");
        let (_, _, receipt) = erase::receipt(self, &operator, &job).await?;
        let is_its_own = receipt.archive.is_some_and(|it| view["archive"]["sha256"] == it.sha256.as_str());
        ensure!(is_its_own, "the receipt is for another archive");
        laps.lap("verify the receipt offline");
        let timeline = self.api(Role::Auditor)?.get(&format!("/privacy/jobs/{job}/timeline?limit=200")).await?;
        let audit = items(timeline.expect_success("the audit trail could not be read")?);
        let total = self.started.elapsed();
        Ok(Outcome { job, view, path, bytes, archive, as_promised, audit, laps: laps.finish(), total })
    }

    async fn submit(&self, operator: &Api) -> anyhow::Result<String> {
        let request = json!({
            "type": "access",
            "regime": "gdpr",
            "subject": { "identities": [{ "type": "email", "value": self.subject }] },
            "format": "both",
            "include_media": true,
        });
        let accepted = operator.post("/privacy/requests", &request).await?.expect_success("the request was refused")?;
        let id = accepted.get("id").and_then(Value::as_str).context("the answer names no job")?;
        Ok(id.to_owned())
    }

    fn api(&self, role: Role) -> anyhow::Result<Api> {
        self.api_of(role, None)
    }

    fn api_of(&self, role: Role, email: Option<&str>) -> anyhow::Result<Api> {
        let bearer = Bearer { tenant: self.tenant, role, email, org: None };
        let token = Issuer::load_or_create(self.home)?.token(&bearer, waiting::epoch_seconds(), TOKEN_SECONDS)?;
        Ok(Api { url: self.stack.api_url.clone(), token })
    }
}

fn items(list: Value) -> Vec<Value> {
    match list {
        Value::Array(items) => items,
        Value::Object(mut page) => page.remove("items").and_then(|items| items.as_array().cloned()).unwrap_or_default(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}
