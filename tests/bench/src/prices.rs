//! List prices in US dollars, in us-east-1 on 2026-11-01. Prices are changed only here.
//!
//! Sources: the public price pages of DynamoDB (on-demand, standard class), SQS (standard queues), Lambda (requests and
//! arm64 duration), API Gateway (HTTP APIs) and CloudWatch Logs (ingestion, standard class). Free tiers are not
//! considered.

/// Price of a million write units of up to 1 KiB.
pub const DYNAMODB_WRITES: f64 = 0.625;
/// Price of a million read units of up to 4 KiB, strongly consistent.
pub const DYNAMODB_READS: f64 = 0.125;
/// Price of a million SQS requests of up to 64 KiB.
pub const SQS_REQUESTS: f64 = 0.40;
/// Price of a million Lambda requests.
pub const LAMBDA_REQUESTS: f64 = 0.20;
/// Price of a million requests to an HTTP API.
pub const HTTP_API_REQUESTS: f64 = 1.00;
/// Price of a GB of ingested log lines.
pub const LOG_GB: f64 = 0.50;
