//! The cost of verifying and normalising one event, for each provider: alone, and in a batch of 100.

use std::time::Duration;

use anyhow::{Context as _, bail};
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::provider::{InboundPost, InboundPostError, Proof, Provider, Received, receive};
use shared::secret::VerificationSecret;
use shared::source::{ConfiguredUrl, Trust, Verification};

use conformance::batches::{batch, batches, events_of};
use conformance::normalised::owner;
use conformance::{Fixture, Index};
use support::cost::cost;
use support::signers::{Signed, mandrill, sendgrid};

/// Number of events in a batch.
const BATCH: usize = 100;
/// CPU time of one round. The best of [`ROUNDS`] rounds counts, because the rest of the machine disturbed it least.
const ROUND: Duration = Duration::from_millis(200);
const ROUNDS: usize = 5;
/// URL and key with which Mandrill's batches are signed here.
const MANDRILL: (&str, &str) = ("https://hooks.example.com/in", "a key of the benchmark's own");

/// The average cost of one event.
#[derive(Debug, Serialize)]
pub struct Figure {
    /// The provider.
    pub provider: &'static str,
    /// Number of events in a post.
    pub batch: usize,
    /// CPU time for each event, in microseconds.
    pub cpu_us: f64,
    /// Allocations for each event. A reallocation counts as one.
    pub allocations: f64,
    /// Maximum number of bytes allocated at one time for the whole post, without the body.
    pub peak_bytes: u64,
}

/// The costs for every provider. Posts are signed if the provider signs.
pub fn measure() -> anyhow::Result<Vec<Figure>> {
    let now = Clock::default().now();
    let fixtures: Vec<Fixture> = Index::own()?.fixtures(now).collect::<Result<_, _>>()?;
    let mut figures = Vec::new();
    for provider in Provider::of_sources() {
        let own: Vec<_> = fixtures.iter().filter(|fixture| fixture.provider == provider && is_usual(fixture)).collect();
        if provider == Provider::Generic {
            figures.extend([generic(1, now)?, generic(BATCH, now)?]);
        }
        if own.is_empty() {
            continue;
        }
        figures.push(figure(provider, 1, own.len(), || {
            own.iter().try_for_each(|fixture| finish(fixture.receive(), fixture.now))
        })?);
        if batches(provider) {
            let events: Vec<Value> = own.iter().flat_map(|fixture| events_of(fixture)).cycle().take(BATCH).collect();
            let (trust, headers, body) = signed_batch(provider, &events, now)?;
            let post = InboundPost::new(&headers, &body);
            figures.push(figure(provider, BATCH, 1, || finish(receive(provider, &trust, &post, now), now))?);
        }
    }
    Ok(figures)
}

/// The cost of the platform's own body. The index has no fixtures of it.
fn generic(events: usize, now: Timestamp) -> anyhow::Result<Figure> {
    let event = json!({
        "type": "email.clicked", "email_id": "20261101.1@mail.example.com", "recipient": "a.typical.reader@example.com",
        "timestamp": now.to_string(), "url": "https://example.com/offer", "ip": "192.0.2.1", "user_agent": "Mozilla/5.0",
        "campaign_id": "receipts-2026-11", "tags": ["receipt", "monthly"], "metadata": {"order": "A-10442"},
    });
    let (headers, body) = batch(Provider::Generic, &vec![event; events]);
    let (trust, post) = (Trust::unsigned(), InboundPost::new(&headers, &body));
    figure(Provider::Generic, events, 1, || finish(receive(Provider::Generic, &trust, &post, now), now))
}

/// Whether a fixture holds one event and is authenticated as the provider's posts usually are.
fn is_usual(fixture: &Fixture) -> bool {
    let signs = fixture.provider.proof().is_some_and(|proof| proof != Proof::IngestKey);
    let one = fixture.entry["expected"].as_array().is_some_and(|events| events.len() == 1);
    one && (!signs || fixture.entry["auth"]["valid"] == true)
}

/// Does all work up to the row that `ingest` would write.
fn finish(received: Result<Received, InboundPostError>, now: Timestamp) -> anyhow::Result<()> {
    let (tenant, source) = owner();
    for report in received?.reports {
        std::hint::black_box(report.accept(tenant, Some(source), now));
    }
    Ok(())
}

/// Measures `work` on `posts` posts of `batch` events each.
fn figure(
    provider: Provider,
    batch: usize,
    posts: usize,
    work: impl Fn() -> anyhow::Result<()>,
) -> anyhow::Result<Figure> {
    let (done, once) = cost(&work);
    done.with_context(|| format!("{} is refused", provider.as_str()))?;
    let times = (ROUND.as_nanos() / once.cpu.as_nanos().max(1)).clamp(1, 1_000_000);
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let (done, round) = cost(|| (0..times).try_for_each(|_| work()));
        done?;
        best = best.min(round.cpu);
    }
    #[expect(clippy::cast_precision_loss, reason = "counts of a few thousand")]
    let events = (batch * posts) as f64;
    #[expect(clippy::cast_precision_loss, reason = "counts of a few thousand")]
    let (times, allocations) = (times as f64, once.allocations as f64);
    Ok(Figure {
        provider: provider.as_str(),
        batch,
        cpu_us: best.as_secs_f64() * 1_000_000.0 / times / events,
        allocations: allocations / events,
        peak_bytes: once.peak_bytes,
    })
}

/// A batch as its provider would send it, and the trust settings of its source.
fn signed_batch(provider: Provider, events: &[Value], now: Timestamp) -> anyhow::Result<(Trust, HeaderMap, Vec<u8>)> {
    let (headers, body) = batch(provider, events);
    let (verification, signed) = match provider {
        Provider::SendGrid => {
            let key = sendgrid::SigningKey::generate()?;
            (Verification::PublicKey(key.public_key()), key.sign(body, now)?)
        }
        Provider::Mandrill => {
            let (url, key) = MANDRILL;
            let signed = mandrill::sign_form(key, url, body);
            let key = VerificationSecret::parse(key).context("a key")?;
            (Verification::KeyAndUrl { key, url: ConfiguredUrl::parse(url).context("a URL")? }, signed)
        }
        Provider::Mailjet | Provider::SparkPost | Provider::Brevo => return Ok((Trust::unsigned(), headers, body)),
        Provider::Mailgun
        | Provider::Resend
        | Provider::Postmark
        | Provider::Ses
        | Provider::MailerSend
        | Provider::Generic
        | Provider::Own
        | Provider::Mailhooks => bail!("{} posts no batches", provider.as_str()),
    };
    Ok((Trust::verified_by(verification), headers_of(&signed)?, signed.body))
}

fn headers_of(signed: &Signed) -> anyhow::Result<HeaderMap> {
    let headers = signed.headers.iter();
    headers.map(|(name, value)| Ok((name.parse::<HeaderName>()?, HeaderValue::from_str(value)?))).collect()
}
