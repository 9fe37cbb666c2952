//! A listener and clients of all tempers.

use std::time::Instant;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::response::IntoResponse;
use axum::routing::get;
use futures::FutureExt;
use http::{HeaderMap, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;

use super::*;
use crate::shutdown::Tasks;

const SOON: Duration = Duration::from_secs(5);
const SHORT: Duration = Duration::from_millis(100);
const ASK: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";
const ASK_LARGE: &[u8] = b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n";

struct Served {
    address: SocketAddr,
    stop: CancellationToken,
    tasks: Tasks,
}

async fn open() -> Listener {
    Listener::bind("127.0.0.1:0".parse().unwrap())
        .await
        .unwrap()
}

async fn open_with(deadlines: Deadlines) -> Listener {
    Listener {
        deadlines,
        ..open().await
    }
}

fn serve(listener: Listener, router: impl Into<Site>) -> Served {
    let (address, stop) = (listener.local_addr(), CancellationToken::new());
    let tasks = Tasks::default();
    tasks.spawn("listener", listener.serve(router.into(), stop.clone()));
    Served {
        address,
        stop,
        tasks,
    }
}

/// More than the kernel takes off the server's hands.
const LARGE_BYTES: usize = 64 * 1024 * 1024;

fn large() -> Router {
    hello().route("/large", get(async || vec![b'x'; LARGE_BYTES]))
}

fn hello() -> Router {
    Router::new().route("/", get(async || "hello"))
}

/// All that the peer says until it closes, within [`SOON`].
async fn rest(stream: &mut TcpStream) -> String {
    let mut said = String::new();
    let read = tokio::time::timeout(SOON, stream.read_to_string(&mut said)).await;
    read.expect("the connection is still open").unwrap();
    said
}

async fn hears(stream: &mut TcpStream, word: &str) {
    let mut heard = Vec::new();
    while !String::from_utf8_lossy(&heard).contains(word) {
        let read = tokio::time::timeout(SOON, stream.read_buf(&mut heard)).await;
        assert_ne!(
            read.expect("nothing came").unwrap(),
            0,
            "closed before {word}"
        );
    }
}

#[tokio::test]
async fn an_occupied_port_is_named_with_the_way_out() {
    let taken = open().await.local_addr();
    let _holder = TcpListener::bind(taken).await.unwrap();
    let error = Listener::bind(taken).await.unwrap_err().to_string();
    assert!(
        error.contains(&taken.port().to_string()) && error.contains("APP_PORT"),
        "{error}"
    );
}

#[tokio::test]
async fn a_connection_serves_request_after_request() {
    let served = serve(open().await, hello());
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    for _ in 0..3 {
        stream.write_all(ASK).await.unwrap();
        hears(&mut stream, "hello").await;
    }
}

#[tokio::test]
async fn a_handler_knows_its_peer() {
    let peer = async |ConnectInfo(peer): ConnectInfo<SocketAddr>| format!("<{peer}>");
    let served = serve(open().await, Router::new().route("/", get(peer)));
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream.write_all(ASK).await.unwrap();
    let own = stream.local_addr().unwrap();
    hears(&mut stream, &format!("<{own}>")).await;
}

#[tokio::test]
async fn a_shortcut_answers_what_it_takes_and_the_router_the_rest() {
    let shortcut = Shortcut::new(
        |_, path| path == "/short",
        |request, peer| {
            async move { format!("<{} {peer}>", request.method).into_response() }.boxed()
        },
    );
    let served = serve(open().await, Site::from(hello()).with(shortcut));
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    let own = stream.local_addr().unwrap();
    for _ in 0..2 {
        stream.write_all(ASK).await.unwrap();
        hears(&mut stream, "hello").await;
        // Its body is nobody's, and is no request either.
        let asked = b"PUT /short HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nGET /";
        stream.write_all(asked).await.unwrap();
        hears(&mut stream, &format!("<PUT {own}>")).await;
    }
}

#[tokio::test]
async fn a_client_that_says_nothing_is_cut_off() {
    let deadlines = Deadlines {
        first_byte: SHORT,
        ..Deadlines::default()
    };
    let served = serve(open_with(deadlines).await, hello());
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn a_client_that_dribbles_its_headers_is_cut_off() {
    let deadlines = Deadlines {
        head: SHORT,
        ..Deadlines::default()
    };
    let served = serve(open_with(deadlines).await, hello());
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    let started = Instant::now();
    // Each byte comes in good time; it is the whole that takes too long.
    let cut_off = async {
        while stream.write_all(b"G").await.is_ok() && started.elapsed() < SOON {
            tokio::time::sleep(SHORT / 4).await;
        }
    };
    cut_off.await;
    assert!(started.elapsed() < SOON, "still listened to");
}

#[tokio::test]
async fn a_client_that_rests_too_long_is_let_go() {
    let deadlines = Deadlines {
        head: SHORT,
        ..Deadlines::default()
    };
    let served = serve(open_with(deadlines).await, hello());
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream.write_all(ASK).await.unwrap();
    assert!(rest(&mut stream).await.ends_with("hello"));
}

#[tokio::test]
async fn a_client_that_never_reads_its_answer_is_cut_off() {
    let deadlines = Deadlines {
        write: SHORT,
        ..Deadlines::default()
    };
    let listener = Listener {
        connections_max: 1,
        ..open_with(deadlines).await
    };
    let served = serve(listener, large());
    let mut deaf = TcpStream::connect(served.address).await.unwrap();
    deaf.write_all(ASK_LARGE).await.unwrap();
    deaf.readable().await.unwrap();

    // Its place becomes free, though it is still there.
    let mut next = TcpStream::connect(served.address).await.unwrap();
    next.write_all(ASK).await.unwrap();
    hears(&mut next, "hello").await;
    assert!(rest(&mut deaf).await.len() < LARGE_BYTES);
}

#[tokio::test]
async fn a_client_that_reads_slowly_is_waited_for() {
    let deadline = Duration::from_secs(1);
    let deadlines = Deadlines {
        write: deadline,
        ..Deadlines::default()
    };
    let served = serve(open_with(deadlines).await, large());
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream.write_all(ASK_LARGE).await.unwrap();
    let started = Instant::now();
    let mut piece = vec![0; LARGE_BYTES / 64];
    for _ in 0..64 {
        stream.read_exact(&mut piece).await.unwrap();
        tokio::time::sleep(SHORT / 4).await;
    }
    assert!(started.elapsed() > deadline, "too fast to tell");
}

#[tokio::test]
async fn an_overlong_head_is_refused() {
    let served = serve(open().await, hello());
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    let head = format!("GET / HTTP/1.1\r\ncookie: {}\r\n\r\n", "x".repeat(20_000));
    stream.write_all(head.as_bytes()).await.unwrap();
    hears(&mut stream, "HTTP/1.1 431").await;
}

#[tokio::test]
async fn one_connection_too_many_waits_for_a_place() {
    let listener = open().await.at_most(1);
    let served = serve(listener, hello());
    let mut first = TcpStream::connect(served.address).await.unwrap();
    first.write_all(ASK).await.unwrap();
    hears(&mut first, "hello").await;

    let mut second = TcpStream::connect(served.address).await.unwrap();
    second.write_all(ASK).await.unwrap();
    let early = tokio::time::timeout(SHORT, second.readable()).await;
    assert!(early.is_err(), "served beyond the limit");
    drop(first);
    hears(&mut second, "hello").await;
}

#[tokio::test]
async fn a_drain_finishes_what_is_under_way_and_closes_the_rest() {
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let slow = {
        let (begun, go_on) = (Arc::clone(&begun), Arc::clone(&go_on));
        get(async move || {
            begun.notify_one();
            go_on.notified().await;
            "finished"
        })
    };
    let served = serve(open().await, hello().route("/slow", slow));

    let mut silent = TcpStream::connect(served.address).await.unwrap();
    let mut resting = TcpStream::connect(served.address).await.unwrap();
    resting.write_all(ASK).await.unwrap();
    hears(&mut resting, "hello").await;
    let mut busy = TcpStream::connect(served.address).await.unwrap();
    busy.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    begun.notified().await;

    served.stop.cancel();
    assert_eq!(rest(&mut silent).await, "");
    assert_eq!(rest(&mut resting).await, "");
    assert!(
        TcpStream::connect(served.address).await.is_err(),
        "still accepts"
    );
    go_on.notify_one();
    assert!(rest(&mut busy).await.ends_with("finished"));
    assert_eq!(served.tasks.stop(SOON).await, Ok(()));
}

#[tokio::test]
async fn a_connection_can_be_upgraded_and_keeps_its_place() {
    let upgrade = async |mut request: axum::extract::Request| {
        let upgraded = hyper::upgrade::on(&mut request);
        let slot = request.extensions_mut().remove::<Slot>().unwrap();
        Tasks::default().spawn("echo", async move {
            let mut io = TokioIo::new(upgraded.await.unwrap());
            let mut byte = [0];
            io.read_exact(&mut byte).await.unwrap();
            io.write_all(&byte).await.unwrap();
            drop(slot);
        });
        let headers = HeaderMap::from_iter([
            (header::CONNECTION, "upgrade".parse().unwrap()),
            (header::UPGRADE, "echo".parse().unwrap()),
        ]);
        (StatusCode::SWITCHING_PROTOCOLS, headers)
    };
    let listener = open().await.at_most(1);
    let router = Router::new().route("/", get(upgrade));
    let served = serve(listener, router.route("/hello", get("hello")));
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    let ask = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";
    stream.write_all(ask).await.unwrap();
    hears(&mut stream, "\r\n\r\n").await;
    let mut second = TcpStream::connect(served.address).await.unwrap();
    let ask = b"GET /hello HTTP/1.1\r\nhost: x\r\n\r\n";
    second.write_all(ask).await.unwrap();
    let early = tokio::time::timeout(SHORT, second.readable()).await;
    assert!(early.is_err(), "served beyond the limit");
    stream.write_all(b"!").await.unwrap();
    assert_eq!(rest(&mut stream).await, "!");
    hears(&mut second, "hello").await;
}
