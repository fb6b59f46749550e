//! The stack under test, brought up through the program itself, and used by one test at a time.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use tokio::sync::{Mutex, MutexGuard};

use crate::tokens::Issuer;

/// Parameters of the template that a test needs beside the defaults.
pub(crate) type Parameters = &'static [&'static str];

/// What is deployed now; `None` before the first test.
static TURN: Mutex<Option<Parameters>> = Mutex::const_new(None);

/// The running stack; no other test uses it while this lives.
pub(crate) struct Stack {
    /// Address of the API.
    pub(crate) api_url: String,
    /// Address of the AWS services.
    pub(crate) endpoint_url: String,
    /// Region of the stack.
    pub(crate) region: String,
    /// Outputs of the template.
    resources: BTreeMap<String, String>,
    /// Directory that holds `.habeas`.
    pub(crate) home: PathBuf,
    /// Signs tokens.
    pub(crate) issuer: Issuer,
    _turn: MutexGuard<'static, Option<Parameters>>,
}

impl Stack {
    /// The stack with the parameters given; `None` where stack tests are left out.
    pub(crate) async fn with(parameters: Parameters) -> Option<Self> {
        if is_set("HABEAS_SKIP_STACK") {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "stack tests must not be left out in CI");
            println!("left out: HABEAS_SKIP_STACK is set");
            return None;
        }
        let mut turn = TURN.lock().await;
        if turn.is_none() && !emulator_runs(&home()) {
            stop_when_we_end();
        }
        if *turn != Some(parameters) {
            let mut arguments = vec!["up".to_owned(), "--detach".to_owned()];
            arguments.extend(up_arguments(parameters));
            succeeded(&habeas(&arguments), "habeas up");
            *turn = Some(parameters);
        }
        let home = home();
        let text = std::fs::read_to_string(home.join(".habeas/stack.json")).unwrap();
        let told: Value = serde_json::from_str(&text).unwrap();
        let text = |name: &str| told[name].as_str().unwrap().to_owned();
        Some(Self {
            api_url: text("api_url"),
            endpoint_url: text("endpoint_url"),
            region: text("region"),
            resources: serde_json::from_value(told["resources"].clone()).unwrap(),
            issuer: Issuer::load(&home.join(".habeas/issuer.json")),
            home,
            _turn: turn,
        })
    }

    /// The stack as everybody deploys it.
    pub(crate) async fn plain() -> Option<Self> {
        Self::with(&[]).await
    }

    /// An output of the template.
    pub(crate) fn resource(&self, name: &str) -> &str {
        self.resources.get(name).unwrap_or_else(|| panic!("the template has no output {name}"))
    }

    /// Loads a folder and publishes its data map for a tenant.
    #[expect(clippy::unused_self, reason = "only who holds the stack may load")]
    pub(crate) fn load_and_publish(&self, dir: &Path, tenant: &str) {
        let dir = dir.to_string_lossy().into_owned();
        succeeded(&habeas(&["load".to_owned(), dir.clone()]), "habeas load");
        let publish = ["datamap", "publish", &dir, "--tenant", tenant].map(str::to_owned);
        succeeded(&habeas(&publish), "habeas datamap publish");
    }
}

/// Arguments of `up` and `demo`: what the environment adds, and the parameters.
pub(crate) fn up_arguments(parameters: Parameters) -> Vec<String> {
    let added = std::env::var("HABEAS_STACK_UP").unwrap_or_default();
    let mut arguments: Vec<String> = added.split_whitespace().map(str::to_owned).collect();
    arguments.extend(parameters.iter().flat_map(|parameter| ["--parameter".to_owned(), (*parameter).to_owned()]));
    arguments
}

/// Runs the program to its end.
pub(crate) fn habeas(arguments: &[String]) -> Output {
    Command::new(program()).args(arguments).current_dir(home()).stdin(Stdio::null()).output().unwrap()
}

/// Asserts that the program ended well; tells what it said if not.
pub(crate) fn succeeded(output: &Output, what: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what}: {}\n{said}", output.status);
}

/// A fresh directory for one test.
pub(crate) fn scratch(name: &str) -> PathBuf {
    let dir = std::env::temp_dir().join(format!("habeas-stack-{name}-{}", std::process::id()));
    drop(std::fs::remove_dir_all(&dir));
    std::fs::create_dir_all(&dir).unwrap();
    dir
}

/// The root of the checkout.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Seconds since 1970.
pub(crate) fn epoch_seconds() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

/// Waits.
pub(crate) async fn pause(millis: u64) {
    tokio::time::sleep(std::time::Duration::from_millis(millis)).await;
}

fn home() -> PathBuf {
    std::env::var("HABEAS_STACK_HOME").map_or_else(|_| root(), PathBuf::from)
}

/// The program, built once as `cargo habeas` builds it; later calls wait for no other cargo.
fn program() -> &'static str {
    static PROGRAM: OnceLock<String> = OnceLock::new();
    PROGRAM.get_or_init(|| std::env::var("HABEAS_BIN").unwrap_or_else(|_| built_program()))
}

fn built_program() -> String {
    let arguments = ["build", "--quiet", "--bin", "habeas", "--message-format=json-render-diagnostics"];
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(root()).stdin(Stdio::null()).output().unwrap();
    succeeded(&output, "cargo build --bin habeas");
    let text = String::from_utf8(output.stdout).unwrap();
    let messages = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut programs = messages.filter(|message| message["target"]["name"] == "habeas");
    programs.find_map(|message| message["executable"].as_str().map(str::to_owned)).unwrap()
}

fn is_set(name: &str) -> bool {
    std::env::var(name).is_ok_and(|value| !value.is_empty() && value != "0")
}

fn emulator_runs(home: &Path) -> bool {
    let pid = std::fs::read_to_string(home.join(".habeas/emulator.pid")).unwrap_or_default();
    !pid.is_empty() && Path::new("/proc").join(pid.trim()).exists()
}

/// Leaves a shell behind that stops the stack once this process is gone: a test binary has no last word of its own.
#[expect(clippy::zombie_processes, reason = "it outlives this process on purpose")]
fn stop_when_we_end() {
    use std::os::unix::process::CommandExt as _;
    let wait = r#"while kill -0 "$1" 2>/dev/null; do sleep 1; done; shift; exec "$1" down"#;
    let pid = std::process::id().to_string();
    let mut command = Command::new("sh");
    command.args(["-c", wait, "sh", &pid, program()]).current_dir(home()).process_group(0);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
}
