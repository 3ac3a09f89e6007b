//! The api function's bootstrap.

use anyhow::Context as _;
use api::Api;
use shared::clock::Clock;
use shared::{aws, config, http_event, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    telemetry::init();
    let config = config::ApiConfig::from_env().context("configuration")?;
    let sdk = aws::sdk_config(config::Aws::from_env().context("configuration")?).context("AWS clients")?;
    let room = Api::new(&sdk, &config, Clock::default());
    http_event::run(api::router(room)).await.map_err(|error| anyhow::anyhow!(error).context("Lambda runtime"))
}
