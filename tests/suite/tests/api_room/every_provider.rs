//! From a source's settings in a request to a post that ingest accepts.

use support::amazon::Amazon;
use support::senders::Sender;

use crate::room::Room;

#[tokio::test]
async fn a_source_of_each_provider_trusts_its_sender_and_nobody_else() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let amazon = Amazon::start().await.unwrap();
    let ingest = room.world.ingest(amazon.outbound());
    for sender in Sender::all().unwrap() {
        let word = sender.provider.as_str();
        let source = tenant.post("/api/v1/sources", &sender.settings()).await;
        assert_eq!(source.status, 201, "{word}: {}", source.body);
        let id = source.text("id").parse().unwrap();
        let stored = room.world.registry.sources.get(tenant.tenant_id(), id).await.unwrap().unwrap();
        assert_eq!(stored.trust, sender.trust().unwrap(), "{word}");

        let path = source.text("ingest_path");
        let good = sender.post(path.rsplit('/').next().unwrap(), 1, room.world.clock.now()).unwrap();
        for (post, expected) in [(sender.spoiled(good.clone()), 401), (sender.unsigned(good.clone()), 401), (good, 200)]
        {
            let answer = ingest::handle(post.request(&path).unwrap(), &ingest).await.unwrap();
            assert_eq!(answer.status(), expected, "{word}");
        }
    }
    let expected: usize = Sender::all().unwrap().iter().map(|sender| sender.types().len()).sum();
    assert_eq!(room.world.event_rows().unwrap().len(), expected);
}
