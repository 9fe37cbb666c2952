//! Who may subscribe, and what is refused before the upgrade.

use tokio::io::AsyncWriteExt;

use super::*;

#[tokio::test]
async fn a_position_that_cannot_be_read_is_refused_before_the_upgrade() {
    let process = Process::without_database().await;
    let path = format!("{WORKSPACE}?min_position=LINKS");
    let refused = process.subscribe(&member_of(1), &path).await;
    assert_eq!(refused.err(), Some(400));
}

#[tokio::test]
async fn a_browser_may_send_its_token_as_a_subprotocol_and_does_not_get_it_back() {
    let process = Process::without_database().await;
    let mut request = process.request(WORKSPACE);
    let protocols = format!("millrace.v1, bearer.{}", token(&member_of(1), world::now()));
    request
        .headers_mut()
        .insert("sec-websocket-protocol", protocols.parse().unwrap());
    request
        .headers_mut()
        .insert("origin", "https://go.example.com".parse().unwrap());
    let (mut socket, response) = connect_async(request).await.unwrap();
    assert_eq!(response.headers()["sec-websocket-protocol"], "millrace.v1");
    greeting(&mut socket).await;
}

#[tokio::test]
async fn what_cannot_be_a_subscription_is_refused_before_the_upgrade() {
    let process = Process::without_database().await;
    let ada = member_of(1);
    let mut forged = process.request(WORKSPACE);
    forged
        .headers_mut()
        .insert("authorization", "Bearer a.b.c".parse().unwrap());
    assert_eq!(connect(forged).await.err(), Some(401));
    assert_eq!(connect(process.request(WORKSPACE)).await.err(), Some(401));

    let mut foreign = process.request(WORKSPACE);
    let header = format!("Bearer {}", token(&ada, world::now()));
    foreign
        .headers_mut()
        .insert("authorization", header.parse().unwrap());
    foreign
        .headers_mut()
        .insert("origin", "https://evil.example".parse().unwrap());
    assert_eq!(connect(foreign).await.err(), Some(403));

    let resuming = process
        .subscribe(&ada, "/v1/links/clicks/live?cursor=nonsense")
        .await;
    assert_eq!(resuming.err(), Some(422));
    let of_link = format!("/v1/links/{}/clicks/live", Uuid::from_u128(70));
    assert_eq!(process.subscribe(&ada, &of_link).await.err(), Some(503));
}

#[tokio::test]
async fn a_plain_request_is_told_to_upgrade() {
    let stage = Stage::new().await;
    let answer = stage.ask(&member_of(1), WORKSPACE, &[]).await;
    assert_eq!(answer.status(), 426);
    assert_eq!(answer.headers()["upgrade"], "websocket");
}

#[tokio::test]
async fn a_socket_keeps_its_place_among_the_connections_until_it_is_closed() {
    let process = Process::without_database().await;
    let listener = Listener::bind(([127, 0, 0, 1], 0).into()).await.unwrap();
    let listener = listener.at_most(1);
    let address = listener.local_addr();
    let site = router(process.app.clone()).into();
    let serving = listener.serve(site, process.tasks.stopping());
    process.tasks.spawn("narrow", serving);
    let process = Process { address, ..process };
    let mut socket = process.subscribe(&member_of(1), WORKSPACE).await.unwrap();
    greeting(&mut socket).await;

    let mut second = TcpStream::connect(address).await.unwrap();
    let ask = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";
    second.write_all(ask).await.unwrap();
    let early = timeout(Duration::from_millis(200), second.readable()).await;
    assert!(early.is_err(), "served beyond the limit");
    socket.close(None).await.unwrap();
    let answered = timeout(SOON, second.readable()).await;
    answered.expect("an answer").unwrap();
}
