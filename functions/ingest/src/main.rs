//! The ingest function's bootstrap.

use anyhow::Context as _;
use ingest::Ingest;
use lambda_http::service_fn;
use shared::clock::Clock;
use shared::{aws, config, http_event, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    telemetry::init();
    let config = config::IngestConfig::from_env().context("configuration")?;
    let sdk = aws::sdk_config(config::Aws::from_env().context("configuration")?).context("AWS clients")?;
    let room = Ingest::new(&sdk, &config, Clock::default());
    let room = &room;
    http_event::run(service_fn(move |request| ingest::handle(request, room)))
        .await
        .map_err(|error| anyhow::anyhow!(error).context("Lambda runtime"))
}
