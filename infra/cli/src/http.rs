//! One plain GET over HTTP/1.1, enough to ask a stack on this machine whether it answers. No TLS, no redirects.

use anyhow::Context as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Status code.
    pub(crate) status: u16,
    /// Head, in lower case.
    pub(crate) head: String,
    /// Body as it came.
    pub(crate) body: String,
}

/// Fetches `url`, under the `host` name given in place of the URL's own.
pub(crate) async fn get(url: &str, host: Option<&str>) -> anyhow::Result<Answer> {
    let (authority, path) = split(url)?;
    let mut stream = TcpStream::connect(authority).await.with_context(|| format!("no answer from {authority}"))?;
    let host = host.unwrap_or(authority);
    let request = format!("GET /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\naccept: */*\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await?;
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").context("the answer has no end of head")?;
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).context("the answer has no status")?;
    Ok(Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() })
}

/// Host with port, and the rest without its first slash.
pub(crate) fn split(url: &str) -> anyhow::Result<(&str, &str)> {
    let rest = url.strip_prefix("http://").with_context(|| format!("{url} is not an http:// address"))?;
    Ok(rest.split_once('/').unwrap_or((rest, "")))
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn an_address_is_split_at_the_first_slash() {
        assert_eq!(split("http://127.0.0.1:1/a/b").ok(), Some(("127.0.0.1:1", "a/b")));
        assert_eq!(split("http://127.0.0.1:1").ok(), Some(("127.0.0.1:1", "")));
        assert!(split("https://example.com").is_err());
    }
}
