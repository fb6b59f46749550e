//! `habeas up`: from nothing to a stack that answers, and from a current stack to the same in seconds.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use aws_config::SdkConfig;

use crate::args::{Role, UpArguments};
use crate::cloudformation::{self, Deployed};
use crate::commands::{datamap, down, load, package};
use crate::deployment::{Plan, Record};
use crate::emulator::Emulator;
use crate::home::Home;
use crate::issuer::{Bearer, Issuer};
use crate::repair::{self, Repair};
use crate::sample::{DEMO_SUBJECT, demo_organization};
use crate::stack::{self, Stack};
use crate::{http, proxy, report, waiting};

/// Tenant of the sample company and of the local tokens.
const TENANT: &str = "sample";
/// Tokens in stack.json last a working day; each `up` signs new ones.
const TOKEN_SECONDS: u32 = 12 * 3600;

/// Brings the stack up; in the foreground until ctrl-c, then ends what it started.
pub(crate) async fn run(arguments: &UpArguments) -> anyhow::Result<ExitCode> {
    let home = Home::find()?;
    let (stack, started) = bring_up(&home, arguments).await?;
    report::line(&format!("api       {}", stack.api_url));
    report::line(&format!("aws       {}   (credentials test / test, region {})", stack.endpoint_url, stack.region));
    report::line(&format!("tokens    {}", home.state("stack.json").display()));
    report::line(&format!("operator  {}", stack.tokens.get("operator").map_or("", String::as_str)));
    if arguments.detach {
        report::note("the stack is left running; `cargo habeas down` stops it");
        return Ok(ExitCode::SUCCESS);
    }
    report::note("running; ctrl-c stops it");
    tokio::signal::ctrl_c().await.context("cannot listen for ctrl-c")?;
    if started.proxy {
        proxy::stop(&home).await;
    }
    if started.emulator {
        Emulator::new(&home, arguments.port).stop().await;
        down::forget(&home);
    }
    Ok(ExitCode::SUCCESS)
}

/// A stack that answers: the running one if it is current, else a new or updated one. Leaves it running.
pub(crate) async fn ready(home: &Home, arguments: &UpArguments) -> anyhow::Result<Stack> {
    Ok(bring_up(home, arguments).await?.0)
}

/// What this run has started itself and may therefore end.
#[derive(Clone, Copy, Debug)]
struct Started {
    emulator: bool,
    proxy: bool,
}

async fn bring_up(home: &Home, arguments: &UpArguments) -> anyhow::Result<(Stack, Started)> {
    let (endpoint_url, emulator) = endpoint(home, arguments).await?;
    let config = stack::aws_config(&endpoint_url, &arguments.region).await;
    let issuer = Issuer::load_or_create(home)?;
    if !arguments.no_build {
        report::note("building the functions");
        package::build(home, &arguments.profile)?;
    }
    let mut up = Up { home, config, plan: plan(home, arguments, &issuer)?, record: Record::load(home) };
    let deployed = up.deploy().await?;
    let proxy = up.proxy(arguments.proxy_port, &endpoint_url, &deployed).await?;
    let stack = Stack {
        api_url: format!("http://127.0.0.1:{}", arguments.proxy_port),
        endpoint_url,
        region: arguments.region.clone(),
        stack_name: up.plan.stack_name.clone(),
        tenant: TENANT.to_owned(),
        tokens: tokens(&issuer)?,
        resources: deployed.outputs,
    };
    stack.save(home)?;
    assert_real_code_answers(&stack).await?;
    if !arguments.no_sample {
        up.sample(&stack).await?;
    }
    Ok((stack, Started { emulator, proxy }))
}

/// Address of the stack to use, and whether this run started it.
async fn endpoint(home: &Home, arguments: &UpArguments) -> anyhow::Result<(String, bool)> {
    let emulator = Emulator::new(home, arguments.port);
    let Some(url) = &arguments.endpoint_url else {
        return Ok((emulator.endpoint_url(), emulator.ensure_running().await?));
    };
    let url = url.trim_end_matches('/');
    http::get(url, None)
        .await
        .with_context(|| format!("AWS_ENDPOINT_URL is {url}: start that stack, or unset it to have one started"))?;
    Ok((url.to_owned(), false))
}

struct Up<'a> {
    // Dependencies.
    home: &'a Home,
    config: SdkConfig,
    // What is wanted, and what is known to be there.
    plan: Plan,
    record: Record,
}

impl Up<'_> {
    /// Deploys and repairs, unless exactly this is deployed already.
    async fn deploy(&mut self) -> anyhow::Result<Deployed> {
        let client = aws_sdk_cloudformation::Client::new(&self.config);
        let present = cloudformation::describe(&client, &self.plan.stack_name).await?;
        let same_stack = present.as_ref().is_some_and(|present| present.stack_id == self.record.stack_id);
        if !same_stack {
            self.record = Record::default();
        }
        let fingerprint = self.plan.fingerprint();
        if let Some(present) = present.filter(|_| same_stack && self.record.fingerprint == fingerprint) {
            return Ok(present);
        }
        let spinner = report::spinner("deploying infra/template.yaml");
        let deployed = self.plan.deploy(&self.config).await?;
        spinner.finish_and_clear();
        self.repair(&deployed).await?;
        self.record.stack_id.clone_from(&deployed.stack_id);
        self.record.fingerprint = fingerprint;
        self.record.save(self.home)?;
        Ok(deployed)
    }

    async fn repair(&self, deployed: &Deployed) -> anyhow::Result<()> {
        let repairs = Repair::new(&self.config, &self.plan.stack_name, &deployed.outputs);
        let mut done = repairs.run().await?;
        let sender = self.plan.parameters.get("MailFrom").map_or("privacy@example.com", String::as_str);
        done.push(repairs.sender(sender).await?);
        report::note(&format!("set by hand, since the emulator's CloudFormation drops it: {}", repair::told(&done)));
        Ok(())
    }

    async fn proxy(&self, port: u16, endpoint_url: &str, deployed: &Deployed) -> anyhow::Result<bool> {
        let api = deployed.outputs.get("HttpApi").context("the template has no output HttpApi")?;
        let (upstream, _) = http::split(endpoint_url)?;
        let upstream_port = upstream.rsplit_once(':').map_or("80", |(_, port)| port);
        let host = format!("{api}.execute-api.localhost:{upstream_port}");
        proxy::ensure_running(self.home, port, upstream, &host).await
    }

    /// Publishes the sample's data map and loads its data, once per stack.
    async fn sample(&mut self, stack: &Stack) -> anyhow::Result<()> {
        let directory = self.home.sample();
        if !has_data_map(&directory) {
            return Ok(());
        }
        let wanted = directory_hash(&directory)?;
        if self.record.sample == wanted {
            return Ok(());
        }
        load::load(stack, &directory).await?;
        datamap::publish(stack, &directory, &stack.tenant).await?;
        self.record.sample = wanted;
        self.record.save(self.home)
    }
}

fn plan(home: &Home, arguments: &UpArguments, issuer: &Issuer) -> anyhow::Result<Plan> {
    let template = fs::read_to_string(home.template()).context("cannot read infra/template.yaml")?;
    let mut parameters = BTreeMap::from(
        [
            ("Stage", "dev".to_owned()),
            ("Emulator", "true".to_owned()),
            // Queues that tests of the masking stream make.
            ("StreamTargetArn", "arn:aws:sqs:*:*:masked-*".to_owned()),
            ("DeletionProtection", "false".to_owned()),
            ("PublicUrl", format!("http://127.0.0.1:{}", arguments.proxy_port)),
            ("TrustedIssuers", issuer.trusted_issuers()),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    for parameter in &arguments.parameters {
        let (name, value) = parameter
            .split_once('=')
            .with_context(|| format!("--parameter {parameter} is not of the form Name=Value"))?;
        ensure!(declares(&template, name), "infra/template.yaml has no parameter {name}");
        parameters.insert(name.to_owned(), value.to_owned());
    }
    let stack_name = format!("habeas-{}", parameters.get("Stage").map_or("dev", String::as_str));
    Ok(Plan { stack_name, template, packages: package::collect(home)?, parameters })
}

/// The emulator takes parameters that the template does not have, without a word; AWS refuses them.
fn declares(template: &str, parameter: &str) -> bool {
    let parameters = template.split("\nResources:\n").next().unwrap_or_default();
    parameters.contains(&format!("\n  {parameter}:\n    Type: "))
}

fn tokens(issuer: &Issuer) -> anyhow::Result<BTreeMap<String, String>> {
    let now = waiting::epoch_seconds();
    let bearers = [
        ("owner", Role::Owner, None, Some(demo_organization())),
        ("dpo", Role::Dpo, None, None),
        ("operator", Role::Operator, None, None),
        ("auditor", Role::Auditor, None, None),
        ("subject", Role::DataSubject, Some(DEMO_SUBJECT), None),
    ];
    bearers
        .into_iter()
        .map(|(name, role, email, org)| {
            let bearer = Bearer { tenant: TENANT, role, email, org };
            Ok((name.to_owned(), issuer.token(&bearer, now, TOKEN_SECONDS)?))
        })
        .collect()
}

/// An emulator without a program answers 200 of its own making: only our refusal of a call without a token counts.
async fn assert_real_code_answers(stack: &Stack) -> anyhow::Result<()> {
    let answer = http::get(&format!("{}/api/v1/privacy/jobs", stack.api_url), None).await?;
    let ours = answer.status == 401 && answer.head.contains("application/problem+json");
    ensure!(
        ours,
        "the stack answers, but not with Habeas's code (status {}, {}): see .habeas/emulator.log, \
         then `cargo habeas down` and `cargo habeas up`",
        answer.status,
        answer.body.lines().next().unwrap_or("no body").chars().take(200).collect::<String>()
    );
    Ok(())
}

fn has_data_map(directory: &Path) -> bool {
    let Ok(mut entries) = fs::read_dir(directory) else { return false };
    entries.any(|entry| entry.is_ok_and(|entry| entry.path().extension().is_some_and(|extension| extension == "yml")))
}

/// Hash over the files of a directory.
fn directory_hash(directory: &Path) -> anyhow::Result<String> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_file() {
            files.push((path.file_name().map(ToOwned::to_owned), package::sha256_hex(&fs::read(&path)?)));
        }
    }
    files.sort();
    Ok(package::sha256_hex(format!("{files:?}").as_bytes()))
}
