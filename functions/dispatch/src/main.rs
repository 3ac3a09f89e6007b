//! The dispatch function's bootstrap.

use anyhow::Context as _;
use dispatch::Dispatch;
use lambda_runtime::service_fn;
use shared::clock::Clock;
use shared::{aws, config, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    telemetry::init();
    let config = config::DispatchConfig::from_env().context("configuration")?;
    let sdk = aws::sdk_config(config::Aws::from_env().context("configuration")?).context("AWS clients")?;
    let room = Dispatch::new(&sdk, &config, Clock::default());
    let room = &room;
    lambda_runtime::run(service_fn(move |event| dispatch::handle(event, room)))
        .await
        .map_err(|error| anyhow::anyhow!(error).context("Lambda runtime"))
}
