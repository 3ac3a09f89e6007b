//! The real bootstraps around one AWS double. This module moves between them what API Gateway, the stream and the event
//! source mappings would move.

use std::path::Path;

use aws_lambda_events::event::sqs::SqsEvent;
use serde_json::{Value, json};

use crate::lambda_process::LambdaProcess;
use support::World;
use support::world::{DEAD_LETTER, DELIVERIES, DISPATCH_FAILURES, RETRIES, SLOW};

/// The running functions that an event passes.
#[derive(Debug)]
pub struct Fleet {
    ingest: LambdaProcess,
    dispatch: LambdaProcess,
    deliver: LambdaProcess,
    /// Number of invocations so far, by function.
    pub invocations: Invocations,
}

/// Numbers of invocations.
#[derive(Debug, Default, Clone, Copy)]
pub struct Invocations {
    /// Of `ingest`, by HTTP.
    pub ingest: u64,
    /// Of `dispatch`, by the stream.
    pub dispatch: u64,
    /// Of `deliver`, by the queues.
    pub deliver: u64,
}

/// The environment of a room, with the variables of the template, and the tables and queues of `world`.
pub fn environment(world: &World) -> Vec<(&'static str, String)> {
    vec![
        ("AWS_ENDPOINT_URL", world.url().to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ("REGISTRY_TABLE", "registry".to_owned()),
        ("EVENTS_TABLE", "events".to_owned()),
        ("DELIVERIES_TABLE", "deliveries".to_owned()),
        ("DELIVERIES_QUEUE_URL", world.queue_url(DELIVERIES)),
        ("RETRIES_QUEUE_URL", world.queue_url(RETRIES)),
        ("SLOW_QUEUE_URL", world.queue_url(SLOW)),
        ("DEAD_LETTER_QUEUE_URL", world.queue_url(DEAD_LETTER)),
        ("DISPATCH_FAILURES_QUEUE_URL", world.queue_url(DISPATCH_FAILURES)),
        ("DELIVERIES_QUEUE_ARN", "arn:aws:sqs:us-east-1:000000000000:deliveries".to_owned()),
        ("DEAD_LETTER_QUEUE_ARN", "arn:aws:sqs:us-east-1:000000000000:dead-letter".to_owned()),
        ("ADMIN_KEY_SHA256", "0".repeat(64)),
        ("PUBLIC_URL", "https://bench.example".to_owned()),
        ("SECRETS_KEY_ARN", "arn:aws:kms:us-east-1:000000000000:key/bench".to_owned()),
        ("AWS_SDK_UA_APP_ID", "mailhooks-bench".to_owned()),
        ("VERIFY_WEBHOOK_URLS", "false".to_owned()),
        ("RETENTION_DAYS", "30".to_owned()),
        ("CACHE_SECONDS", "30".to_owned()),
        ("ALLOWED_NETWORKS", "127.0.0.0/8".to_owned()),
    ]
}

impl Fleet {
    /// Starts `<bootstraps>/<room>/bootstrap` for the three rooms.
    pub async fn start(bootstraps: &Path, world: &World) -> anyhow::Result<Self> {
        let environment = environment(world);
        let start = |room: &str| {
            let bootstrap = bootstraps.join(room).join("bootstrap");
            let environment = environment.clone();
            async move { LambdaProcess::start(&bootstrap, &environment).await }
        };
        Ok(Self {
            ingest: start("ingest").await?,
            dispatch: start("dispatch").await?,
            deliver: start("deliver").await?,
            invocations: Invocations::default(),
        })
    }

    /// Posts a body to `ingest` as an HTTP API would.
    pub async fn post(&mut self, path: &str, key: &str, body: &str) -> anyhow::Result<Value> {
        self.invocations.ingest += 1;
        let answer = self.ingest.invoke(http_event(path, key, body).to_string().into_bytes()).await?;
        Ok(serde_json::from_slice(&answer)?)
    }

    /// Hands the stored events to `dispatch`, in batches of at most `batch` records.
    pub async fn stream(&mut self, world: &World, batch: usize) -> anyhow::Result<()> {
        loop {
            let Some(event) = world.next_stream_batch(batch)? else { return Ok(()) };
            self.invocations.dispatch += 1;
            let answer = self.dispatch.invoke(serde_json::to_vec(&event)?).await?;
            world.finish_stream_batch(&event, &serde_json::from_slice(&answer)?);
        }
    }

    /// Hands all messages of a queue to `deliver`, batch by batch. Returns the number of batches.
    pub async fn queue(&mut self, world: &World, queue: &str) -> anyhow::Result<u64> {
        let mut batches = 0;
        loop {
            let batch: SqsEvent = world.aws.sqs.receive(queue);
            if batch.records.is_empty() {
                return Ok(batches);
            }
            batches += 1;
            self.invocations.deliver += 1;
            let answer: Value = serde_json::from_slice(&self.deliver.invoke(serde_json::to_vec(&batch)?).await?)?;
            let failed: Vec<String> = answer["batchItemFailures"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|failure| failure["itemIdentifier"].as_str().map(str::to_owned))
                .collect();
            world.aws.sqs.finish(queue, &batch, &failed);
        }
    }

    /// Number of bytes that all three functions have logged so far.
    pub fn log_bytes(&self) -> u64 {
        self.ingest.log_bytes() + self.dispatch.log_bytes() + self.deliver.log_bytes()
    }

    /// Resident memory of each function in KiB, by name.
    pub fn resident_kib(&self) -> anyhow::Result<[(&'static str, u64); 3]> {
        Ok([
            ("ingest", self.ingest.resident_kib()?),
            ("dispatch", self.dispatch.resident_kib()?),
            ("deliver", self.deliver.resident_kib()?),
        ])
    }
}

/// An API Gateway HTTP API event, payload version 2.0.
fn http_event(path: &str, key: &str, body: &str) -> Value {
    json!({
        "version": "2.0", "routeKey": format!("POST {path}"), "rawPath": path, "rawQueryString": "",
        "headers": {"content-type": "application/json", "authorization": format!("Bearer {key}"), "host": "bench"},
        "requestContext": {
            "accountId": "000000000000", "apiId": "bench", "domainName": "bench", "domainPrefix": "bench",
            "http": {"method": "POST", "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "bench"},
            "requestId": "bench", "routeKey": format!("POST {path}"), "stage": "$default",
            "time": "01/Nov/2026:00:00:00 +0000", "timeEpoch": 1_793_491_200_000_u64,
        },
        "body": body, "isBase64Encoded": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = include_str!("../../../template.yaml");

    /// Otherwise a function ends at once, because a variable of its configuration is missing.
    #[tokio::test]
    async fn the_environment_has_every_variable_of_the_template() {
        let world = World::start().await.unwrap();
        let given: Vec<&str> = environment(&world).into_iter().map(|(name, _)| name).collect();
        let of_template = TEMPLATE.split("        Variables:\n").skip(1).flat_map(|block| {
            let names = block.lines().map_while(|line| line.strip_prefix("          ")?.split_once(": "));
            names.map(|(name, _)| name)
        });
        let of_template: Vec<&str> = of_template.collect();
        assert!(of_template.len() > 20, "{of_template:?}");
        for name in of_template {
            assert!(given.contains(&name), "{name}");
        }
    }
}
