//! The deliver function's bootstrap.

use anyhow::Context as _;
use deliver::Deliver;
use lambda_runtime::service_fn;
use shared::clock::Clock;
use shared::{aws, config, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    telemetry::init();
    let config = config::DeliverConfig::from_env().context("configuration")?;
    let sdk = aws::sdk_config(config::Aws::from_env().context("configuration")?).context("AWS clients")?;
    let room = Deliver::new(&sdk, &config, Clock::default()).context("outbound HTTP")?;
    let room = &room;
    lambda_runtime::run(service_fn(move |event| deliver::handle(event, room)))
        .await
        .map_err(|error| anyhow::anyhow!(error).context("Lambda runtime"))
}
