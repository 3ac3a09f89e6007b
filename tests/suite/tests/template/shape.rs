//! What the design promises about tables, queues and mappings.

use yaml_rust2::Yaml;

use shared::queue::RETENTION;

use super::{root, template};

fn resources_of(template: &Yaml, kind: &str) -> Vec<(String, Yaml)> {
    let resources = template["Resources"].as_hash().unwrap();
    let wanted = resources.iter().filter(|(_, resource)| resource["Type"].as_str() == Some(kind));
    wanted.map(|(name, resource)| (name.as_str().unwrap().to_owned(), resource["Properties"].clone())).collect()
}

#[test]
fn tables_are_on_demand_encrypted_and_forgetful() {
    let template = template();
    let tables = resources_of(&template, "AWS::DynamoDB::Table");
    assert_eq!(tables.len(), 3);
    for (name, table) in tables {
        assert_eq!(table["BillingMode"].as_str(), Some("PAY_PER_REQUEST"), "{name}");
        assert_eq!(table["SSESpecification"]["SSEEnabled"].as_bool(), Some(true), "{name}");
        assert_eq!(table["TimeToLiveSpecification"]["AttributeName"].as_str(), Some("ttl"), "{name}");
    }
    let registry = &template["Resources"]["RegistryTable"]["Properties"];
    let recovery = &registry["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"];
    assert_eq!(recovery.as_bool(), Some(true));
}

/// Data that is lost with the key, or with the registry, cannot be restored. So both outlive the stack. The exception
/// is a first deployment that fails: then both are deleted. Reason: they held nothing yet, and each further try would
/// leave one more of each.
#[test]
fn key_and_registry_outlive_the_stack_but_not_a_failed_first_deployment() {
    let template = template();
    for name in ["SecretsKey", "RegistryTable"] {
        let resource = &template["Resources"][name];
        assert_eq!(resource["DeletionPolicy"].as_str(), Some("RetainExceptOnCreate"), "{name}");
        assert_eq!(resource["UpdateReplacePolicy"].as_str(), Some("Retain"), "{name}");
    }
}

#[test]
fn the_secrets_key_changes_every_year() {
    let template = template();
    let key = &template["Resources"]["SecretsKey"];
    assert_eq!(key["Condition"].as_str(), Some("MakesSecretsKey"));
    assert_eq!(key["Properties"]["EnableKeyRotation"].as_bool(), Some(true));
    assert_eq!(template["Resources"]["SecretsKeyAlias"]["Properties"]["TargetKeyId"].as_str(), Some("SecretsKey"));
    // The key of an operator is optional. Without it, the stack makes one.
    assert_eq!(template["Parameters"]["SecretsKeyArn"]["Default"].as_str(), Some(""));
}

#[test]
fn queues_outlast_their_function_and_end_in_the_dead_letter_queue() {
    let template = template();
    let timeout = template["Resources"]["DeliverFunction"]["Properties"]["Timeout"].as_i64().unwrap();
    for name in ["DeliveriesQueue", "RetriesQueue"] {
        let queue = &template["Resources"][name]["Properties"];
        assert!(queue["VisibilityTimeout"].as_i64().unwrap() >= 6 * timeout, "{name}");
        assert_eq!(queue["RedrivePolicy"]["deadLetterTargetArn"].as_str(), Some("DeadLetterQueue.Arn"), "{name}");
    }
    // If Lambda has no capacity left and refuses an invocation, the receive counts. Five hours of such refusals must
    // not move messages to the dead-letter queue that were never attempted.
    let deliveries = &template["Resources"]["DeliveriesQueue"]["Properties"];
    let receives = deliveries["RedrivePolicy"]["maxReceiveCount"].as_i64().unwrap();
    assert!(receives * deliveries["VisibilityTimeout"].as_i64().unwrap() >= 5 * 3_600);
    for (name, queue) in resources_of(&template, "AWS::SQS::Queue") {
        assert_eq!(queue["SqsManagedSseEnabled"].as_bool(), Some(true), "{name}");
        assert_eq!(queue["MessageRetentionPeriod"].as_i64(), Some(RETENTION.as_secs()), "{name}");
    }
    let allowed = &template["Resources"]["DeadLetterQueue"]["Properties"]["RedriveAllowPolicy"];
    assert_eq!(allowed["redrivePermission"].as_str(), Some("byQueue"));
}

#[test]
fn every_mapping_reports_items_one_by_one_and_every_handler_answers_so() {
    let template = template();
    let mut mappings = 0;
    for function in ["DispatchFunction", "DeliverFunction"] {
        for (name, event) in template["Resources"][function]["Properties"]["Events"].as_hash().unwrap() {
            let responses = event["Properties"]["FunctionResponseTypes"].as_vec().unwrap();
            assert_eq!(responses[0].as_str(), Some("ReportBatchItemFailures"), "{name:?}");
            mappings += 1;
        }
    }
    assert_eq!(mappings, 3);
    for (room, answer) in [("dispatch", "DynamoDbEventResponse"), ("deliver", "SqsBatchResponse")] {
        let source = std::fs::read_to_string(root().join("functions").join(room).join("src/lib.rs")).unwrap();
        let alternative = answer.replace("Batch", "Event");
        assert!(source.contains(answer) || source.contains(&alternative), "{room}");
    }
}

/// An invocation that Lambda refuses is neither an invocation nor an error, so no other alarm sees it.
#[test]
fn every_function_has_an_alarm_on_its_throttles_and_every_alarm_is_explained() {
    let template = template();
    let alarms = resources_of(&template, "AWS::CloudWatch::Alarm");
    let watched = |metric: &str| -> Vec<String> {
        let of_metric = alarms.iter().filter(|(_, alarm)| alarm["MetricName"].as_str() == Some(metric));
        of_metric.map(|(_, alarm)| alarm["Dimensions"][0]["Value"].as_str().unwrap().to_owned()).collect()
    };
    let functions = resources_of(&template, "AWS::Serverless::Function");
    assert_eq!(watched("Throttles"), functions.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>());
    let recursive = functions.iter().filter(|(_, function)| function["RecursiveLoop"].as_str() == Some("Allow"));
    let recursive: Vec<String> = recursive.map(|(name, _)| name.clone()).collect();
    assert_eq!(watched("RecursiveInvocationsDropped"), recursive);
    let explained = std::fs::read_to_string(root().join("infra/monitoring/README.md")).unwrap();
    for (name, alarm) in &alarms {
        let name = name.strip_suffix("Alarm").unwrap();
        assert!(explained.contains(name), "infra/monitoring/README.md does not explain {name}");
        assert!(!alarm["AlarmActions"].is_badvalue(), "{name} has no action");
    }
}

/// A function that computes gets a larger share of the processor. A function that waits does not pay for one.
#[test]
fn each_function_has_memory_by_what_it_does() {
    let template = template();
    for (function, parameter, default) in [
        ("IngestFunction", "IngestMemorySize", 512),
        ("DispatchFunction", "DispatchMemorySize", 512),
        ("DeliverFunction", "MemorySize", 128),
        ("ApiFunction", "MemorySize", 128),
    ] {
        let memory = &template["Resources"][function]["Properties"]["MemorySize"];
        assert_eq!(memory.as_str(), Some(parameter), "{function}");
        assert_eq!(template["Parameters"][parameter]["Default"].as_i64(), Some(default), "{parameter}");
    }
    assert!(template["Globals"]["Function"]["MemorySize"].is_badvalue());
}

#[test]
fn logs_are_json_quiet_and_forgotten() {
    let template = template();
    for (name, function) in resources_of(&template, "AWS::Serverless::Function") {
        assert_eq!(function["LoggingConfig"]["LogFormat"].as_str(), Some("JSON"), "{name}");
        assert_eq!(function["LoggingConfig"]["SystemLogLevel"].as_str(), Some("WARN"), "{name}");
    }
    for (name, group) in resources_of(&template, "AWS::Logs::LogGroup") {
        assert!(!group["RetentionInDays"].is_badvalue(), "{name}");
    }
    let parameters = &template["Parameters"];
    assert_eq!(parameters["Architecture"]["Default"].as_str(), Some("arm64"));
    assert_eq!(parameters["AdminKeySha256"]["NoEcho"].as_bool(), Some(true));
}

/// Each function gets every variable of the configuration file that it reads, and no other.
#[test]
fn functions_get_the_variables_that_they_read() {
    let template = template();
    let config = std::fs::read_to_string(root().join("shared/src/config.rs")).unwrap();
    for (room, function) in [
        ("Ingest", "IngestFunction"),
        ("Dispatch", "DispatchFunction"),
        ("Deliver", "DeliverFunction"),
        ("Api", "ApiFunction"),
    ] {
        let reader = config.split(&format!("impl {room}Config {{")).nth(1).unwrap();
        let reader = reader.split("\nimpl ").next().unwrap().split("\n#[expect").next().unwrap();
        let set = template["Resources"][function]["Properties"]["Environment"]["Variables"].as_hash().unwrap();
        for name in set.keys().filter_map(Yaml::as_str).filter(|name| *name != "AWS_SDK_UA_APP_ID") {
            let read = reader.contains(name) || (name == "ALLOWED_NETWORKS" && reader.contains("networks()"));
            assert!(read, "{function} sets {name}, which {room} does not read");
        }
        for constant in config.lines().filter_map(|line| line.strip_prefix("pub const ")) {
            let name = constant.split(':').next().unwrap();
            let read =
                reader.contains(&format!("({name}")) || (name == "ALLOWED_NETWORKS" && reader.contains("networks()"));
            assert!(!read || set.keys().any(|key| key.as_str() == Some(name)), "{room} reads {name}, which is not set");
        }
    }
}
