//! A TLS proxy before the emulator, which speaks plain HTTP. Reason: some clients of other systems accept only `https`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use axum::serve::Listener as _;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;

use super::tls::TlsListener;

const LOOPBACK: &str = "127.0.0.1";
/// Base64 in a line of PEM (RFC 7468).
const PEM_LINE: usize = 64;

/// A proxy that forwards every byte to the emulator, as long as the test's runtime lives.
#[derive(Debug)]
pub struct TlsFront {
    authority: String,
    certificate_file: PathBuf,
}

impl TlsFront {
    /// Starts a proxy before `behind`, a host and port, and writes the proxy's certificate to `folder`.
    pub async fn before(behind: &str, folder: &Path) -> anyhow::Result<Self> {
        let (mut listener, certificate) = TlsListener::bind(LOOPBACK).await?;
        let authority = listener.local_addr()?.to_string();
        let certificate_file = folder.join(format!("{}.pem", authority.replace(':', "_")));
        std::fs::write(&certificate_file, pem(&certificate)?)?;
        let behind = behind.to_owned();
        tokio::spawn(async move {
            loop {
                let (mut client, _) = listener.accept().await;
                let behind = behind.clone();
                // Either side may close; the copy then closes the other side.
                tokio::spawn(async move {
                    let mut server = TcpStream::connect(behind).await?;
                    copy_bidirectional(&mut client, &mut server).await
                });
            }
        });
        Ok(Self { authority, certificate_file })
    }

    /// The proxy's host and port.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The file with the certificate that the proxy's clients must trust.
    pub fn certificate_file(&self) -> &Path {
        &self.certificate_file
    }
}

fn pem(certificate: &[u8]) -> Result<String, std::fmt::Error> {
    let base64 = BASE64_STANDARD.encode(certificate);
    let mut pem = "-----BEGIN CERTIFICATE-----\n".to_owned();
    for line in base64.as_bytes().chunks(PEM_LINE) {
        writeln!(pem, "{}", String::from_utf8_lossy(line))?;
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    Ok(pem)
}
