//! The pinned AWS emulator: its Python environment, its start and its end. Nothing is deployed here.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail, ensure};

use crate::home::Home;
use crate::waiting::pause;
use crate::{http, processes, report};

const INSTEAD: &str = "or set AWS_ENDPOINT_URL to a LocalStack that runs already";

/// The emulator of one checkout on one port.
#[derive(Debug)]
pub(crate) struct Emulator<'a> {
    home: &'a Home,
    port: u16,
}

impl<'a> Emulator<'a> {
    /// Names the emulator; starts nothing.
    pub(crate) const fn new(home: &'a Home, port: u16) -> Self {
        Self { home, port }
    }

    /// Address of every AWS service it plays.
    pub(crate) fn endpoint_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Makes it run; true if it did not run before. A second call does nothing.
    pub(crate) async fn ensure_running(&self) -> anyhow::Result<bool> {
        if processes::running(&self.pid_file(), &self.marker()).is_some() {
            if self.answers().await {
                return Ok(false);
            }
            bail!("the emulator of this checkout runs, but not on port {}: `cargo habeas down` first", self.port);
        }
        ensure_free(self.port, "--port").await?;
        self.ensure_environment()?;
        self.start().await?;
        Ok(true)
    }

    /// Ends it; false if it did not run.
    pub(crate) async fn stop(&self) -> bool {
        processes::stop(&self.pid_file(), &self.marker()).await
    }

    fn pid_file(&self) -> PathBuf {
        self.home.state("emulator.pid")
    }

    fn program(&self) -> PathBuf {
        self.home.state("venv/bin/ministack")
    }

    fn marker(&self) -> String {
        self.program().to_string_lossy().into_owned()
    }

    async fn answers(&self) -> bool {
        let url = format!("{}/_ministack/health", self.endpoint_url());
        http::get(&url, None).await.is_ok_and(|answer| answer.status == 200)
    }

    async fn start(&self) -> anyhow::Result<()> {
        let log = self.home.state("emulator.log");
        let mut command = Command::new(self.program());
        // Its function processes inherit its environment: nothing of ours may leak into them.
        command.env_clear().envs(inherited(["PATH", "HOME", "TMPDIR"])).envs([
            ("BIND_HOST", "127.0.0.1"),
            ("MINISTACK_HOST", "localhost"),
            ("IOT_MTLS_ENABLED", "0"),
            ("AUTH", "true"),
            ("GATEWAY_PORT", &self.port.to_string()),
            ("AWS_ENDPOINT_URL", &self.endpoint_url()),
        ]);
        let spinner = report::spinner("starting the emulator");
        processes::start(&mut command, &log, &self.pid_file())?;
        for _ in 0..300 {
            if self.answers().await {
                spinner.finish_and_clear();
                return Ok(());
            }
            if processes::running(&self.pid_file(), &self.marker()).is_none() {
                break;
            }
            pause(100).await;
        }
        bail!("the emulator did not start: see {}, {INSTEAD}", log.display());
    }

    /// Makes the private Python environment with exactly the pinned packages, once.
    fn ensure_environment(&self) -> anyhow::Result<()> {
        let requirements = self.home.root().join("infra/local/requirements.txt");
        let pinned =
            fs::read_to_string(&requirements).with_context(|| format!("cannot read {}", requirements.display()))?;
        let installed = self.home.state("venv/installed.txt");
        if fs::read_to_string(&installed).is_ok_and(|text| text == pinned) {
            return Ok(());
        }
        let spinner = report::spinner("preparing the Python environment of the emulator (once, about 30 s)");
        let venv = self.home.state("venv");
        let python = python()?;
        run(Command::new(python).args(["-m", "venv", "--clear"]).arg(&venv)).with_context(|| {
            format!("python3 cannot make a virtual environment: install its venv package, {INSTEAD}")
        })?;
        run(Command::new(venv.join("bin/pip"))
            .args(["install", "--quiet", "--disable-pip-version-check", "--requirement"])
            .arg(&requirements))
        .with_context(|| {
            format!("the emulator could not be installed: check the network and pip's index, {INSTEAD}")
        })?;
        fs::write(installed, pinned)?;
        spinner.finish_and_clear();
        Ok(())
    }
}

/// Refuses a port that something else listens on, and names the way out.
pub(crate) async fn ensure_free(port: u16, option: &str) -> anyhow::Result<()> {
    for _ in 0..10 {
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(());
        }
        // What was ended a moment ago may still hold it.
        pause(100).await;
    }
    bail!("port {port} is taken by another program: stop it, or choose another with {option}")
}

/// The variables of our own environment that a child may have.
pub(crate) fn inherited<const N: usize>(names: [&'static str; N]) -> Vec<(&'static str, std::ffi::OsString)> {
    names.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))).collect()
}

fn python() -> anyhow::Result<&'static str> {
    let check = "import sys; sys.exit(sys.version_info < (3, 10))";
    for name in ["python3", "python"] {
        let status = Command::new(name).args(["-c", check]).stdout(Stdio::null()).stderr(Stdio::null()).status();
        if status.is_ok_and(|status| status.success()) {
            return Ok(name);
        }
    }
    bail!("no Python 3.10 or later on the PATH: install python3 with its venv module, {INSTEAD}")
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let output = command.stdin(Stdio::null()).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no output");
    ensure!(output.status.success(), "{}", last.trim());
    Ok(())
}
