//! Maximum memory of the room. The test measures it on a thread of its own, and so in real time; the time does not
//! decide how the test ends.

use http::Request;
use shared::provider::{MAX_PROVIDER_BATCH, Provider};
use shared::source::Verification;
use support::World;
use support::cost::cost;
use support::signers::{JSON, Signed};
use yaml_rust2::YamlLoader;

use crate::large_posts::{MIB, sendgrid};
use crate::room::{Room, path};

/// The template's default memory of ingest, in bytes.
fn memory() -> u64 {
    let template = concat!(env!("CARGO_MANIFEST_DIR"), "/../../template.yaml");
    let template = &YamlLoader::load_from_str(&std::fs::read_to_string(template).unwrap()).unwrap()[0];
    let default = &template["Parameters"]["IngestMemorySize"]["Default"];
    u64::try_from(default.as_i64().unwrap()).unwrap() * MIB as u64
}

/// At its peak, the largest post and Lambda's own copy of it leave three quarters of the function's memory for the
/// runtime and the allocator.
#[test]
fn the_largest_post_fits_into_the_memory_of_the_template() {
    // Tables and endpoint run on other threads. The test does not count the allocations of these threads.
    let others = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (room, key) = others.block_on(async {
        let room = Room::in_world(World::start_in_real_time().await.unwrap()).await;
        let (_, key) = room.source(Provider::SendGrid, Verification::Unsigned).await;
        (room, key)
    });
    let (many, large) = (sendgrid(MAX_PROVIDER_BATCH, 810), sendgrid(32, 125 * 1024));
    for (what, body) in [("many events", many), ("large events", large)] {
        assert!((7 * MIB / 2..=4 * MIB).contains(&body.len()), "{what}: {}", body.len());
        let post = Signed::plain(JSON, body);
        let event = post.gateway_event(&path(&key), "192.0.2.1", str::to_owned).to_string();
        let ours = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (answer, cost) = cost(|| {
            let request: Request<_> = lambda_http::request::from_str(&event).unwrap();
            ours.block_on(room.send_request(request))
        });
        assert_eq!(answer.status, 200, "{what}");
        let peak = cost.peak_bytes + event.len() as u64;
        assert!(peak <= memory() / 4, "{what}: {peak} bytes");
    }
}
