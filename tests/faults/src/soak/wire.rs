//! A minimal HTTP/1.1 server. Reason: the suite must reset connections, send slowly and send garbage, and for this it
//! needs the socket that a library would hide.

use std::io;
use std::net::SocketAddr;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use super::processes::Ends;

/// Maximum size of a request (8 MiB). Reason: no call of a function and no delivery is larger.
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// One request.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) method: Method,
    /// The path with the query.
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// A client's connection.
#[derive(Debug)]
pub(super) struct Connection(BufReader<TcpStream>);

impl Connection {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self(BufReader::new(stream))
    }

    /// The connection's ports, to find the client's process.
    pub(super) fn ends(&self) -> Ends {
        let port = |address: io::Result<SocketAddr>| address.map_or(0, |address| address.port());
        let stream = self.0.get_ref();
        Ends { client: port(stream.peer_addr()), server: port(stream.local_addr()) }
    }

    /// The next request; `None` if the client has closed the connection.
    pub(super) async fn read(&mut self) -> io::Result<Option<Request>> {
        let mut line = String::new();
        if self.0.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        let mut words = line.split_whitespace();
        let method = words.next().and_then(|word| word.parse().ok()).ok_or_else(malformed)?;
        let path = words.next().ok_or_else(malformed)?.to_owned();
        let mut headers = HeaderMap::new();
        loop {
            line.clear();
            self.0.read_line(&mut line).await?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_invalid| malformed())?;
            headers.append(name, HeaderValue::from_str(value.trim()).map_err(|_invalid| malformed())?);
        }
        let length = headers.get("content-length").and_then(|value| value.to_str().ok()?.parse().ok()).unwrap_or(0);
        if length > MOST_BYTES {
            return Err(malformed());
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await?;
        Ok(Some(Request { method, path, headers, body: body.into() }))
    }

    /// Sends a complete answer.
    pub(super) async fn answer(&mut self, status: u16, headers: &HeaderMap, body: &[u8]) -> io::Result<()> {
        let mut head = format!("HTTP/1.1 {status} -\r\ncontent-length: {}\r\n", body.len()).into_bytes();
        for (name, value) in headers {
            head.extend_from_slice(name.as_str().as_bytes());
            head.extend_from_slice(b": ");
            head.extend_from_slice(value.as_bytes());
            head.extend_from_slice(b"\r\n");
        }
        head.extend_from_slice(b"\r\n");
        head.extend_from_slice(body);
        self.send(&head).await
    }

    /// Sends exactly these bytes.
    pub(super) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.get_mut().write_all(bytes).await?;
        self.0.get_mut().flush().await
    }

    /// Ends the connection with a reset instead of a regular close.
    pub(super) fn reset(self) -> io::Result<()> {
        self.0.get_ref().set_zero_linger()
    }
}

fn malformed() -> io::Error {
    io::Error::from(io::ErrorKind::InvalidData)
}
