//! Commands for operators on a deployed stack. The scripts in `infra` find the stack and run these commands.
//!
//! A command runs outside of Lambda, so the SDK's default chain finds credentials and region. Functions do not use that
//! chain.

use clap::{Parser, Subcommand};
use shared::aws;

mod rotate_data_key;

/// The command line of the operators' commands.
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
