//! The template, the documentation and the api room have the same paths and methods.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::Request;
use shared::breaker::ClosedReason;
use shared::delivery::DeadReason;
use shared::dialect::Dialect;
use shared::event::EventType;
use shared::provider::Provider;
use shared::recovery::{FailureReason, Recoverable, RecoveryStatus};
use shared::stream::StreamKind;
use shared::webhook::DisabledReason;
use support::World;
use tower::ServiceExt as _;
use yaml_rust2::{Yaml, YamlLoader};

use super::{root, template};

/// The deployment fails if the settings of a route are given for a route that does not exist, or not yet.
///
/// What wants no key cannot use up the throttle of the management API, and neither of both can use up that of events.
#[test]
fn what_wants_no_key_management_and_events_have_throttles_of_their_own() {
    let template = template();
    let stage = &template["Resources"]["DefaultStage"];
    let settings = stage["Properties"]["RouteSettings"].as_hash().unwrap();
    for (route, throttle) in settings {
        let found = template["Resources"].as_hash().unwrap().iter().find(|(_, resource)| {
            resource["Type"].as_str() == Some("AWS::ApiGatewayV2::Route")
                && resource["Properties"]["RouteKey"] == *route
        });
        let (name, _) = found.unwrap_or_else(|| panic!("{route:?} is not routed"));
        let waits_for = &stage["DependsOn"];
        assert!(waits_for == name || waits_for.as_vec().is_some_and(|names| names.contains(name)), "{route:?}");
        let (rate, burst) = (&throttle["ThrottlingRateLimit"], &throttle["ThrottlingBurstLimit"]);
        let takes_events = route.as_str().is_some_and(|route| route.starts_with("POST "));
        if takes_events {
            assert_eq!((rate.as_str(), burst.as_str()), (Some("ThrottleRate"), Some("ThrottleBurst")), "{route:?}");
        } else {
            assert!(rate.as_i64().is_some_and(|limit| (1..=100).contains(&limit)), "{route:?}");
            assert!(burst.as_i64().is_some_and(|limit| (1..=200).contains(&limit)), "{route:?}");
        }
    }
    let routes: BTreeSet<&str> = settings.iter().filter_map(|(route, _)| route.as_str()).collect();
    let expected = [
        "GET /.well-known/webhooks/{tenant_id}",
        "GET /health",
        "POST /api/v1/events",
        "POST /api/webhooks",
        "POST /api/webhooks/{ingest_key}",
    ];
    assert_eq!(routes, BTreeSet::from(expected));
    let default = &stage["Properties"]["DefaultRouteSettings"]["ThrottlingRateLimit"];
    assert_eq!(default.as_str(), Some("ApiThrottleRate"));
}

/// The routes of the template, as `(method and path, the integration that serves it)`.
fn routed() -> Vec<(String, String)> {
    let template = template();
    let resources = template["Resources"].as_hash().unwrap().values();
    let routes = resources.filter(|resource| resource["Type"].as_str() == Some("AWS::ApiGatewayV2::Route"));
    let text = |value: &Yaml| value.as_str().unwrap().to_owned();
    routes.map(|route| (text(&route["Properties"]["RouteKey"]), text(&route["Properties"]["Target"]))).collect()
}

pub(crate) fn openapi() -> Yaml {
    let text = std::fs::read_to_string(root().join("infra/openapi.yaml")).unwrap();
    YamlLoader::load_from_str(&text).unwrap().remove(0)
}

#[test]
fn every_provider_dialect_event_type_and_reason_is_documented() {
    let words = |schema: &str| -> Vec<String> {
        let words = openapi()["components"]["schemas"][schema]["enum"].clone().into_vec().unwrap();
        words.iter().map(|word| word.as_str().unwrap().to_owned()).collect()
    };
    let providers: Vec<_> = Provider::of_sources().map(Provider::as_str).collect();
    assert_eq!(words("Provider"), providers);
    let dialects: Vec<_> = Dialect::ALL.iter().map(|dialect| dialect.as_str()).collect();
    assert_eq!(words("Dialect"), dialects);
    let (mut of_mailjet, mut known) = (words("MailjetEventType"), Dialect::Mailjet.known_names());
    of_mailjet.sort_unstable();
    known.sort_unstable();
    assert_eq!(of_mailjet, known);
    // `failed` stands for two names of Mailgun's API. For `rejected`, that API has no webhook.
    let named = Dialect::Mailgun.known_names().into_iter().filter(|name| !["failed", "rejected"].contains(name));
    let (mut of_mailgun, mut named) = (words("MailgunName"), named.collect::<Vec<_>>());
    of_mailgun.sort_unstable();
    named.sort_unstable();
    assert_eq!(of_mailgun, named);
    let types: Vec<_> = EventType::ALL.iter().map(|event_type| event_type.as_str()).collect();
    assert_eq!(words("EventType"), types);
    let operational: Vec<_> = EventType::OPERATIONAL.iter().map(|event_type| event_type.as_str()).collect();
    assert_eq!(words("OperationalEventType"), operational);
    let closed: Vec<_> = ClosedReason::ALL.iter().map(|reason| reason.as_str()).collect();
    assert_eq!(words("ClosedReason"), closed);
    let disabled: Vec<_> = DisabledReason::ALL.iter().map(|reason| reason.as_str()).collect();
    assert_eq!(words("DisabledReason"), disabled);
    let dead: Vec<_> = DeadReason::ALL.iter().map(|reason| reason.as_str()).collect();
    assert_eq!(words("DeadReason"), dead);
    let streams: Vec<_> = StreamKind::ALL.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(words("StreamKind"), streams);
    let recoverable: Vec<_> = Recoverable::ALL.iter().map(|state| state.as_str()).collect();
    assert_eq!(words("Recoverable"), recoverable);
    let failures: Vec<_> = FailureReason::ALL.iter().map(|reason| reason.as_str()).collect();
    assert_eq!(words("RecoveryFailure"), failures);
    assert_eq!(words("RecoveryStatus"), RecoveryStatus::WORDS);
}

#[test]
fn what_is_routed_is_documented_and_nothing_else() {
    let openapi = openapi();
    let mut documented = BTreeSet::new();
    for (path, item) in openapi["paths"].as_hash().unwrap() {
        for method in item.as_hash().unwrap().keys().filter_map(|key| key.as_str()).filter(|key| *key != "parameters") {
            documented.insert(format!("{} {}", method.to_uppercase(), path.as_str().unwrap()));
        }
    }
    let routed: BTreeSet<_> = routed().into_iter().map(|(route, _)| route).collect();
    assert_eq!(routed, documented);
}

/// Without a key, the room answers 401 to every operation that it knows, or answers it, as `/health` does. It answers
/// 404 or 405 to what it does not know.
#[tokio::test]
async fn what_is_routed_to_the_api_room_is_served_by_it() {
    let world = World::start().await.unwrap();
    let router = api::router(api::Api::new(&world.sdk, &config(), world.clock.clone()));
    for (route, _) in routed().iter().filter(|(_, target)| target.contains("ApiIntegration")) {
        let (method, path) = route.split_once(' ').unwrap();
        let request = Request::builder().method(method).uri(path.replace(['{', '}'], "")).body(Body::empty()).unwrap();
        let status = router.clone().oneshot(request).await.unwrap().status().as_u16();
        assert!(matches!(status, 200 | 401), "{route}: {status}");
    }
}

fn config() -> shared::config::ApiConfig {
    let name = |name: &str| name.to_owned();
    shared::config::ApiConfig {
        registry_table: name("registry"),
        events_table: name("events"),
        deliveries_table: name("deliveries"),
        deliveries_queue_url: name("https://sqs.invalid/deliveries"),
        deliveries_queue_arn: name("arn:aws:sqs:us-east-1:000000000000:deliveries"),
        dead_letter_queue_arn: name("arn:aws:sqs:us-east-1:000000000000:dead-letters"),
        retention_days: 30,
        admin_key: shared::tenant::KeyHash::of("0123456789abcdef"),
        allowed_networks: Vec::new(),
        public_url: String::new(),
        secrets_key_arn: support::kms::KMS_KEY.to_owned(),
        verify_webhook_urls: false,
    }
}
