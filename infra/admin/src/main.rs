//! Commands for operators, on a deployed stack. `infra/*.py` finds the stack and runs them.
//!
//! Unlike the functions, a command runs outside of Lambda, so the SDK's ordinary chain finds credentials and region.

use clap::{Parser, Subcommand};
use shared::aws;

mod rotate_data_key;

/// Commands for operators.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes a new data key and encrypts every stored secret with it.
    RotateDataKey(rotate_data_key::Arguments),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let sdk = aws_config::defaults(aws::behavior())
        .http_client(aws::http_client()?)
        .timeout_config(aws::timeouts())
        .load()
        .await;
    match arguments.command {
        Command::RotateDataKey(arguments) => rotate_data_key::run(arguments, &sdk).await,
    }
}
