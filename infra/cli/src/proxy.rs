//! A plain address for the API of an emulator, which knows it by host name only.
//!
//! One connection per request: the head is rewritten, the rest passes through untouched.

use std::net::Ipv4Addr;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::args::ProxyArguments;
use crate::home::Home;
use crate::waiting::pause;
use crate::{emulator, processes};

/// The longest head that is passed on; the API refuses far shorter ones.
const HEAD_LIMIT_BYTES: usize = 64 * 1024;

/// Serves until it is ended.
pub(crate) async fn run(arguments: &ProxyArguments) -> anyhow::Result<ExitCode> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, arguments.port)).await?;
    loop {
        let (client, _) = listener.accept().await?;
        let (upstream, host) = (arguments.upstream.clone(), arguments.host.clone());
        // A broken connection concerns its client alone.
        tokio::spawn(async move { drop(pass(client, &upstream, &host).await) });
    }
}

/// Makes a proxy to this API run in the background; true if a new one was started.
pub(crate) async fn ensure_running(home: &Home, port: u16, upstream: &str, host: &str) -> anyhow::Result<bool> {
    let marker = format!("proxy --port {port} --upstream {upstream} --host {host}");
    let pid_file = home.state("proxy.pid");
    if processes::running(&pid_file, &marker).is_some() {
        return Ok(false);
    }
    stop(home).await;
    emulator::ensure_free(port, "--proxy-port").await?;
    let program = std::env::current_exe().context("cannot tell our own program")?;
    let mut command = Command::new(program);
    command.args(marker.split(' '));
    let log = home.state("proxy.log");
    processes::start(&mut command, &log, &pid_file)?;
    for _ in 0..100 {
        if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_ok() {
            return Ok(true);
        }
        pause(50).await;
    }
    bail!("the proxy did not start: see {}", log.display())
}

/// Ends the proxy of this checkout; false if none ran.
pub(crate) async fn stop(home: &Home) -> bool {
    processes::stop(&home.state("proxy.pid"), "proxy --port ").await
}

async fn pass(mut client: TcpStream, upstream: &str, host: &str) -> anyhow::Result<()> {
    let mut received = Vec::with_capacity(4096);
    let end = loop {
        if let Some(at) = received.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        if received.len() > HEAD_LIMIT_BYTES || client.read_buf(&mut received).await? == 0 {
            client.write_all(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").await?;
            return Ok(());
        }
    };
    let Ok(mut server) = TcpStream::connect(upstream).await else {
        client.write_all(b"HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").await?;
        return Ok(());
    };
    server.write_all(&rewritten(&received[..end], host)).await?;
    server.write_all(&received[end + 4..]).await?;
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}

/// The head with our `host`, asking for the connection to end after the answer.
fn rewritten(head: &[u8], host: &str) -> Vec<u8> {
    let mut lines = head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let mut out = lines.next().unwrap_or_default().to_vec();
    out.extend_from_slice(format!("\r\nhost: {host}\r\nconnection: close\r\n").as_bytes());
    for line in lines {
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default().to_ascii_lowercase();
        if name != b"host" && name != b"connection" && name != b"keep-alive" {
            out.extend_from_slice(line);
            out.extend_from_slice(b"\r\n");
        }
    }
    out.extend_from_slice(b"\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::rewritten;

    #[test]
    fn only_host_and_connection_are_changed() {
        let head = b"POST /a?b HTTP/1.1\r\nHost: 127.0.0.1:8787\r\nAuthorization: Bearer x\r\nConnection: keep-alive";
        let expected = "POST /a?b HTTP/1.1\r\nhost: api.test\r\nconnection: close\r\nAuthorization: Bearer x\r\n\r\n";
        assert_eq!(String::from_utf8_lossy(&rewritten(head, "api.test")), expected);
    }
}
