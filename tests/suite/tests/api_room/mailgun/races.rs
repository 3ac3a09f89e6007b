//! Interrupted requests, and concurrent requests.

use axum::http::Method;
use futures::future::join_all;
use support::Break;

use super::{CLICKED, Client, LIST};
use crate::room::Room;

/// A client repeats an interrupted request. By then, a POST has done everything or nothing. A PUT or a DELETE does what
/// is left.
#[tokio::test]
async fn a_request_that_broke_off_is_completed_by_its_repetition() {
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        for how in [Break::Before, Break::After] {
            let mut calls = 0;
            while completed_after_a_break(&method, calls, how).await {
                calls += 1;
            }
            assert!(calls >= 5, "{method} {how:?}: {calls} calls");
        }
    }
}

/// Breaks one call of the request, and repeats the request. Returns whether the request made the call.
async fn completed_after_a_break(method: &Method, calls_before: usize, how: Break) -> bool {
    let what = format!("{method} {how:?} {calls_before}");
    let three = ["https://a.example/", "https://b.example/", "https://c.example/"];
    let new = ["https://c.example/", "https://d.example/", "https://e.example/"];
    let fields: Vec<_> = std::iter::once(("id", "clicked")).chain(three.map(|url| ("url", url))).collect();
    let expected: &[&str] = match *method {
        Method::POST => &three,
        Method::PUT => &new,
        _ => &[],
    };

    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    if *method != Method::POST {
        assert_eq!(client.post(LIST, &fields).await.status, 200);
    }
    let request = async || match *method {
        Method::POST => client.post(LIST, &fields).await,
        Method::PUT => client.put(CLICKED, &new.map(|url| ("url", url))).await,
        _ => client.delete(CLICKED).await,
    };
    room.world.aws.break_call(calls_before, how);
    let broken = request().await;
    if room.world.aws.call_off_break() {
        assert_eq!(broken.status, 200, "{what}");
        return false;
    }
    assert_eq!(broken.status, 503, "{what}");
    let listed = client.urls(CLICKED).await;
    match *method {
        Method::POST => assert!([0, 3].contains(&listed.len()), "{what}: {listed:?}"),
        // At every moment, at least one webhook gets the events.
        Method::PUT => assert!(listed.len() >= 3, "{what}: {listed:?}"),
        _ => {}
    }
    let repeated = request().await;
    match repeated.status {
        200 => {}
        // The whole request was carried out before the answer was lost.
        400 if *method == Method::POST => assert_eq!(listed.len(), 3, "{what}"),
        404 if *method == Method::DELETE => assert!(listed.is_empty(), "{what}"),
        other => panic!("{what}: {other}"),
    }
    assert_eq!(client.urls(CLICKED).await, expected, "{what}");
    true
}

/// Several clients replace the same name at the same time. One of them wins, and the name keeps a URL. If each client
/// could remove a URL that another client counts on, the name would have none.
#[tokio::test]
async fn of_replacements_at_once_one_stays() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    for round in 0..10 {
        let (old, new) = ("https://old.example/", format!("https://new-{round}.example/"));
        client.put(CLICKED, &[("url", old)]).await;
        // Each request begins when the request before it has made a few more calls.
        let mut requests = Vec::new();
        for (delay, url) in [new.as_str(), old].into_iter().enumerate() {
            let client = &client;
            requests.push(async move {
                for _ in 0..delay * round {
                    client.get(LIST).await;
                }
                client.put(CLICKED, &[("url", url)]).await.status
            });
        }
        assert_eq!(join_all(requests).await, [200, 200]);
        let left = client.urls(CLICKED).await;
        assert!(left == [old] || left == [new.as_str()], "{left:?}");
    }
}
