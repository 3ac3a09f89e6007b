//! What the design promises about tables, queues and mappings.

use std::collections::BTreeSet;

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
}

/// The registry is always restorable. For the other tables, and for the protection of all, the operator decides.
#[test]
fn tables_are_restorable_and_protected_as_the_operator_says() {
    let template = template();
    for name in ["RegistryTable", "EventsTable", "DeliveriesTable"] {
        let table = &template["Resources"][name]["Properties"];
        let enabled = &table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"];
        if name == "RegistryTable" {
            assert_eq!(enabled.as_bool(), Some(true));
        } else {
            assert_eq!(enabled[0].as_str(), Some("HasPointInTimeRecovery"), "{name}");
        }
        assert_eq!(table["DeletionProtectionEnabled"][0].as_str(), Some("HasDeletionProtection"), "{name}");
    }
    for parameter in ["PointInTimeRecovery", "DeletionProtection"] {
        assert_eq!(template["Parameters"][parameter]["Default"].as_str(), Some("false"), "{parameter}");
    }
}

/// Data that is lost with the key or with a table cannot be restored: secrets, and accepted events that are not
/// delivered yet. So key and tables outlive the stack. The exception is a first deployment that fails: then they are
/// deleted. Reason: they held nothing yet, and each further try would leave one more of each.
#[test]
fn key_and_tables_outlive_the_stack_but_not_a_failed_first_deployment() {
    let template = template();
    for name in ["SecretsKey", "RegistryTable", "EventsTable", "DeliveriesTable"] {
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
    for name in ["DeliveriesQueue", "RetriesQueue", "SlowQueue"] {
        let queue = &template["Resources"][name]["Properties"];
        assert!(queue["VisibilityTimeout"].as_i64().unwrap() >= 6 * timeout, "{name}");
        assert_eq!(queue["RedrivePolicy"]["deadLetterTargetArn"].as_str(), Some("DeadLetterQueue.Arn"), "{name}");
    }
    // If Lambda has no capacity left and refuses an invocation, the receive counts. Five hours of such refusals must
    // not move messages to the dead-letter queue that were never attempted.
    for name in ["DeliveriesQueue", "SlowQueue"] {
        let queue = &template["Resources"][name]["Properties"];
        let receives = queue["RedrivePolicy"]["maxReceiveCount"].as_i64().unwrap();
        assert!(receives * queue["VisibilityTimeout"].as_i64().unwrap() >= 5 * 3_600, "{name}");
    }
    for (name, queue) in resources_of(&template, "AWS::SQS::Queue") {
        assert_eq!(queue["SqsManagedSseEnabled"].as_bool(), Some(true), "{name}");
        assert_eq!(queue["MessageRetentionPeriod"].as_i64(), Some(RETENTION.as_secs()), "{name}");
        // A kept queue would have the name that the next stack needs.
        assert_eq!(template["Resources"][&*name]["DeletionPolicy"].as_str(), Some("Delete"), "{name}");
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
    assert_eq!(mappings, 4);
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

#[test]
fn every_function_has_an_alarm_on_its_errors_and_every_table_on_refused_writes() {
    let template = template();
    let alarms = resources_of(&template, "AWS::CloudWatch::Alarm");
    let watched = |metric: &str| -> BTreeSet<String> {
        let of_metric = alarms.iter().filter(|(_, alarm)| alarm["MetricName"].as_str() == Some(metric));
        of_metric.map(|(_, alarm)| alarm["Dimensions"][0]["Value"].as_str().unwrap().to_owned()).collect()
    };
    let named = |kind: &str| resources_of(&template, kind).into_iter().map(|(name, _)| name).collect::<BTreeSet<_>>();
    assert_eq!(watched("Errors"), named("AWS::Serverless::Function"));
    assert_eq!(watched("WriteThrottleEvents"), named("AWS::DynamoDB::Table"));
    assert_eq!(watched("ReadThrottleEvents"), BTreeSet::from(["RegistryTable".to_owned()]));
}

/// The alarms on log lines look for texts that the code logs.
#[test]
fn each_filter_of_log_lines_finds_a_text_of_the_code() {
    let template = template();
    let source = |path: &str| std::fs::read_to_string(root().join(path)).unwrap();
    let mut filters = Vec::new();
    for (_, filter) in resources_of(&template, "AWS::Logs::MetricFilter") {
        let metric = filter["MetricTransformations"][0]["MetricName"].as_str().unwrap().to_owned();
        let pattern = filter["FilterPattern"].as_str().unwrap().to_owned();
        filters.push((metric, filter["LogGroupName"].as_str().unwrap().to_owned(), pattern));
    }
    let of = |metric: &str| -> Vec<(&str, &str)> {
        let found = filters.iter().filter(|(of, _, _)| of == metric);
        found.map(|(_, group, pattern)| (group.as_str(), pattern.as_str())).collect()
    };
    // Each function that opens secrets, and each that takes keys.
    let text = r#""a data key is not available""#;
    assert_eq!(of("SecretsUnavailable"), [("IngestLogs", text), ("DeliverLogs", text), ("ApiLogs", text)]);
    assert!(source("shared/src/store/error.rs").contains(text));
    let text = r#""the key is refused""#;
    let pattern = format!("{{ $.message = {text} }}");
    assert_eq!(of("RefusedKeys"), [("IngestLogs", pattern.as_str()), ("ApiLogs", &pattern)]);
    assert!(source("shared/src/audit.rs").contains(text));
    assert_eq!(of("ParkedMessages"), [("DeliverLogs", r#""is parked""#)]);
    for parks in ["functions/deliver/src/park.rs", "functions/deliver/src/isolate.rs"] {
        assert!(source(parks).contains(" is parked"), "{parks}");
    }
    let alarms = resources_of(&template, "AWS::CloudWatch::Alarm");
    for metric in ["SecretsUnavailable", "RefusedKeys", "ParkedMessages"] {
        assert!(alarms.iter().any(|(_, alarm)| alarm["MetricName"].as_str() == Some(metric)), "{metric}");
    }
}

/// With a domain, the URL that AWS assigns is off, so that no request bypasses what stands in front of the domain.
#[test]
fn a_domain_is_the_only_endpoint_and_the_access_log_says_who_called() {
    let template = template();
    let resources = &template["Resources"];
    let disabled = &resources["HttpApi"]["Properties"]["DisableExecuteApiEndpoint"];
    assert_eq!(disabled[0].as_str(), Some("HasOneEndpoint"));
    assert_eq!((disabled[1].as_bool(), disabled[2].as_bool()), (Some(true), Some(false)));
    let log = &resources["DefaultStage"]["Properties"]["AccessLogSettings"][1]["Format"];
    let log: serde_json::Value = serde_json::from_str(log.as_str().unwrap()).unwrap();
    assert_eq!(log["sourceIp"], "$context.identity.sourceIp");
    assert_eq!(log["error"], "$context.error.message");
    // The path of a post may hold an ingest key.
    assert!(!log.to_string().contains("$context.path"));
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
