//! Fixtures in the format of `tests/fixtures/index.json`, taken through the code that `ingest` runs.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use domain::provider::{
    Certificate, CertificateUrl, InboundPost, InboundPostError, Provider, Received, certificate_wanted,
    parse_public_key, receive,
};
use domain::secret::VerificationSecret;
use domain::source::{ConfiguredUrl, TopicArn, Trust, Verification};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use jiff::Timestamp;
use serde_json::Value;

/// An index. Its fixtures are read on request.
#[derive(Debug)]
pub struct Index {
    folder: PathBuf,
    entries: Vec<Value>,
}

impl Index {
    /// Reads the index at `path`. The paths of its bodies are relative to the index.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read(path).with_context(|| format!("the index {} cannot be read", path.display()))?;
        let index: Value =
            serde_json::from_slice(&text).with_context(|| format!("the index {} is not JSON", path.display()))?;
        let entries = index["fixtures"].as_array();
        let entries = entries.with_context(|| format!("the index {} has no array `fixtures`", path.display()))?;
        Ok(Self { folder: path.parent().map(Path::to_path_buf).unwrap_or_default(), entries: entries.clone() })
    }

    /// The project's own index.
    pub fn own() -> anyhow::Result<Self> {
        Self::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/index.json"))
    }

    /// Each fixture, or the error in its entry. Fixtures without a time arrive at `now`.
    pub fn fixtures(&self, now: Timestamp) -> impl Iterator<Item = anyhow::Result<Fixture>> {
        self.entries.iter().enumerate().map(move |(position, entry)| self.fixture(position, entry, now))
    }

    /// The fixtures with this id.
    pub fn fixtures_with_id(&self, id: &str, now: Timestamp) -> anyhow::Result<Vec<Fixture>> {
        let entries = self.entries.iter().enumerate().filter(|(_, entry)| entry["id"] == id);
        let fixtures: Vec<_> = entries.map(|(position, entry)| self.fixture(position, entry, now)).collect();
        ensure!(!fixtures.is_empty(), "the index has no fixture with the id `{id}`");
        fixtures.into_iter().collect()
    }

    fn fixture(&self, position: usize, entry: &Value, now: Timestamp) -> anyhow::Result<Fixture> {
        let id = entry["id"].as_str().with_context(|| format!("entry {position} of the index has no text `id`"))?;
        self.read_fixture(id, entry, now).with_context(|| format!("fixture `{id}`"))
    }

    fn read_fixture(&self, id: &str, entry: &Value, now: Timestamp) -> anyhow::Result<Fixture> {
        let provider = text(entry, "provider")?;
        let auth = &entry["auth"];
        Ok(Fixture {
            id: id.to_owned(),
            provider: Provider::from_word(provider).with_context(|| format!("no provider is named `{provider}`"))?,
            trust: trust(auth)?,
            headers: headers(entry)?,
            body: self.file(text(entry, "file")?)?,
            now: clock(&auth["now"])?.unwrap_or(now),
            certificate: self.certificate(auth)?,
            entry: entry.clone(),
        })
    }

    fn file(&self, name: &str) -> anyhow::Result<Vec<u8>> {
        let path = self.folder.join(name);
        std::fs::read(&path).with_context(|| format!("its file {} cannot be read", path.display()))
    }

    fn certificate(&self, auth: &Value) -> anyhow::Result<Option<Served>> {
        let Some(file) = auth["cert_file"].as_str() else { return Ok(None) };
        let certificate = Certificate::parse(&self.file(file)?);
        Ok(Some(Served {
            url: auth["cert_url"].as_str().map(str::to_owned),
            certificate: certificate.with_context(|| format!("{file} is no certificate in PEM"))?,
        }))
    }
}

/// A certificate, and its URL; without a URL, the certificate is at every URL.
#[derive(Debug)]
pub struct Served {
    url: Option<String>,
    certificate: Certificate,
}

/// A provider's post, with its source's settings and its time of arrival.
#[derive(Debug)]
pub struct Fixture {
    /// The id in the index.
    pub id: String,
    /// The provider.
    pub provider: Provider,
    /// The trust settings of the source.
    pub trust: Trust,
    /// The headers.
    pub headers: HeaderMap,
    /// The exact bytes of the body.
    pub body: Vec<u8>,
    /// The time of arrival.
    pub now: Timestamp,
    /// The certificate that can be fetched, if there is one.
    pub certificate: Option<Served>,
    /// The entry in the index.
    pub entry: Value,
}

impl Fixture {
    /// Verifies and normalises the post.
    pub fn receive(&self) -> Result<Received, InboundPostError> {
        self.receive_as(&self.trust, &self.headers, &self.body, self.now)
    }

    /// Verifies and normalises the post with another body.
    pub fn receive_body(&self, body: &[u8]) -> Result<Received, InboundPostError> {
        self.receive_as(&self.trust, &self.headers, body, self.now)
    }

    /// Verifies and normalises another post of the same provider, with the same certificate.
    pub fn receive_as(
        &self,
        trust: &Trust,
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Received, InboundPostError> {
        let post = InboundPost { headers, body, ingest_key: INGEST_KEY, sender: None, certificate: None };
        let wanted = certificate_wanted(self.provider, trust, &post)?;
        // At any other URL there is no certificate, as if the fetch had failed.
        let served = self.certificate.as_ref().filter(|served| {
            let there = |url: &CertificateUrl| served.url.as_ref().is_none_or(|served| served == url.as_str());
            wanted.as_ref().is_some_and(there)
        });
        let post = InboundPost { certificate: served.map(|served| &served.certificate), ..post };
        receive(self.provider, trust, &post, now)
    }
}

/// The ingest key of every fixture.
pub const INGEST_KEY: &str = "mhi_conformance_0000000000000000000000000000000000000000";

fn text<'a>(value: &'a Value, member: &str) -> anyhow::Result<&'a str> {
    value[member].as_str().with_context(|| format!("it has no text `{member}`"))
}

/// The trust settings of the source that received this fixture.
fn trust(auth: &Value) -> anyhow::Result<Trust> {
    let key = || -> anyhow::Result<VerificationSecret> {
        let text =
            auth["key"].as_str().or(auth["secret"].as_str()).context("it has no text `auth.key` or `auth.secret`")?;
        VerificationSecret::parse(text).context("`auth.key` or `auth.secret` is not usable as a key")
    };
    let verification = match auth["scheme"].as_str() {
        None | Some("none") => Verification::Unsigned,
        Some("mailgun-hmac-sha256" | "svix" | "mailersend-hmac-sha256") => Verification::SigningKey(key()?),
        Some("sendgrid-ecdsa-p256") => Verification::PublicKey(
            parse_public_key(text(auth, "public_key")?).context("`auth.public_key` is no P-256 key")?,
        ),
        Some("mandrill-hmac-sha1") => Verification::KeyAndUrl {
            key: key()?,
            url: ConfiguredUrl::parse(text(auth, "configured_url")?).context("`auth.configured_url` is no URL")?,
        },
        Some("sns") => Verification::Topics(topics(auth)?),
        Some(other) => bail!("no scheme is named `{other}`"),
    };
    Ok(Trust::verified_by(verification))
}

fn topics(auth: &Value) -> anyhow::Result<Vec<TopicArn>> {
    let topics = auth["allowed_topic_arns"].as_array().context("it has no array `auth.allowed_topic_arns`")?;
    let topics = topics.iter().map(|topic| {
        topic
            .as_str()
            .and_then(TopicArn::parse)
            .with_context(|| format!("`auth.allowed_topic_arns`: {topic} is no topic"))
    });
    topics.collect()
}

/// Header names may be in any case; a value may be a list of values.
fn headers(entry: &Value) -> anyhow::Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, values) in entry["headers"].as_object().into_iter().flatten() {
        let key = name.parse::<HeaderName>().with_context(|| format!("`{name}` cannot be the name of a header"))?;
        for value in values.as_array().map_or(std::slice::from_ref(values), Vec::as_slice) {
            let value = value.as_str().map(|value| HeaderValue::from_bytes(value.as_bytes()));
            headers.append(&key, value.with_context(|| format!("the header `{name}` is not a text"))??);
        }
    }
    if let Some(content_type) = entry["content_type"].as_str().filter(|_| !headers.contains_key(header::CONTENT_TYPE)) {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_bytes(content_type.as_bytes())?);
    }
    Ok(headers)
}

/// Parses Unix seconds, with or without a fraction, or RFC 3339.
fn clock(now: &Value) -> anyhow::Result<Option<Timestamp>> {
    Ok(Some(match now {
        Value::Null => return Ok(None),
        Value::String(text) => text.parse().context("`auth.now` is not a time")?,
        Value::Number(number) => match number.as_i64() {
            Some(seconds) => Timestamp::from_second(seconds)?,
            None => Timestamp::UNIX_EPOCH
                .checked_add(jiff::SignedDuration::try_from_secs_f64(number.as_f64().unwrap_or(f64::NAN))?)?,
        },
        _ => bail!("`auth.now` is not a time"),
    }))
}

/// The time at which the project's own fixtures arrive in tests, if their entries give no time: 14 March 2026, at which
/// the tests' world begins too. Reason: with a fixed time a test has the same result on every day.
const ARRIVAL: i64 = 1_773_480_413;

/// The project's own fixtures, for tests.
///
/// # Panics
///
/// If a fixture cannot be read. Reason: then there is nothing to test.
#[expect(clippy::expect_used, reason = "see Panics")]
pub fn own_fixtures() -> Vec<Fixture> {
    let index = Index::own().expect("the index can be read");
    let arrival = Timestamp::from_second(ARRIVAL).expect("a constant");
    index.fixtures(arrival).collect::<Result<_, _>>().expect("each fixture can be read")
}
