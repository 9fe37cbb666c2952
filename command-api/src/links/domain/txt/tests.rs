//! Look-ups, against a small DNS server on loopback.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::rdata::{CNAME, TXT};
use hickory_resolver::proto::rr::{Name, RData, Record};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};

use super::{Dns, LOOK_UP_MAX, TxtError, TxtRecords};
use crate::links::domain::DomainName;
use crate::links::domain::control::{is_proven_by, proof_record};

/// What fits into an answer over UDP.
const UDP_BYTES_MAX: usize = 1_232;

/// A server that knows some names.
struct Server {
    udp: UdpSocket,
    tcp: TcpListener,
}

impl Server {
    async fn start() -> Self {
        let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let udp = UdpSocket::bind(tcp.local_addr().unwrap()).await.unwrap();
        Self { udp, tcp }
    }

    fn address(&self) -> SocketAddr {
        self.udp.local_addr().unwrap()
    }

    async fn over_udp(&self) {
        let mut buffer = [0; 4_096];
        while let Ok((length, peer)) = self.udp.recv_from(&mut buffer).await {
            if let Some(answer) = answer(&buffer[..length]) {
                let whole = answer.to_vec().unwrap();
                let sent = if whole.len() > UDP_BYTES_MAX {
                    answer.truncate().to_vec().unwrap()
                } else {
                    whole
                };
                self.udp.send_to(&sent, peer).await.unwrap();
            }
        }
    }

    async fn over_tcp(&self) {
        while let Ok((mut socket, _)) = self.tcp.accept().await {
            let mut question = vec![0; socket.read_u16().await.unwrap().into()];
            socket.read_exact(&mut question).await.unwrap();
            let answer = answer(&question).unwrap().to_vec().unwrap();
            let length = u16::try_from(answer.len()).unwrap();
            socket.write_u16(length).await.unwrap();
            socket.write_all(&answer).await.unwrap();
        }
    }
}

/// What the server knows; nothing where it keeps silent.
fn answer(question: &[u8]) -> Option<Message> {
    let asked = Message::from_vec(question).unwrap();
    let query = asked.queries[0].clone();
    let name = query.name().clone();
    let mut answer = Message::response(asked.metadata.id, asked.metadata.op_code);
    answer.add_query(query);
    let txt =
        |parts: &[&str]| RData::TXT(TXT::new(parts.iter().map(|it| (*it).to_owned()).collect()));
    let mut add = |name: &Name, data| {
        answer.add_answer(Record::from_rdata(name.clone(), 60, data));
    };
    match name.to_ascii().trim_end_matches('.') {
        "_millrace.proven.example" => {
            add(&name, txt(&["v=spf1 -all"]));
            add(&name, txt(&["millrace-", "verification=t0k", "en"]));
        }
        "_millrace.alias.example" => {
            let other = Name::from_ascii("proofs.example.").unwrap();
            add(&name, RData::CNAME(CNAME(other.clone())));
            add(&other, txt(&["millrace-verification=t0ken"]));
        }
        "_millrace.large.example" => {
            for number in 0..150 {
                add(&name, txt(&[&format!("{number} {}", "x".repeat(200))]));
            }
        }
        "_millrace.empty.example" => {}
        "_millrace.broken.example" => answer.metadata.response_code = ResponseCode::ServFail,
        "_millrace.silent.example" => return None,
        _ => answer.metadata.response_code = ResponseCode::NXDomain,
    }
    Some(answer)
}

async fn look_up(domain: &str) -> Result<Vec<String>, TxtError> {
    let server = Server::start().await;
    let dns = Dns::new(Some(server.address())).unwrap();
    let name = DomainName::parse(domain).unwrap().proof_name();
    tokio::select! {
        records = dns.look_up(&name) => records,
        () = server.over_udp() => panic!("the server ended"),
        () = server.over_tcp() => panic!("the server ended"),
    }
}

#[tokio::test]
async fn a_record_in_pieces_is_read_as_one() {
    let mut records = look_up("proven.example").await.unwrap();
    records.sort();
    assert_eq!(records, ["millrace-verification=t0ken", "v=spf1 -all"]);
}

#[tokio::test]
async fn a_proof_may_stand_behind_an_alias() {
    let records = look_up("alias.example").await.unwrap();
    assert_eq!(records, ["millrace-verification=t0ken"]);
}

#[tokio::test]
async fn a_name_without_records_has_none_whether_or_not_it_is_there() {
    for domain in ["empty.example", "unknown.example"] {
        assert!(look_up(domain).await.unwrap().is_empty(), "{domain}");
    }
}

#[tokio::test]
async fn an_answer_too_large_for_udp_comes_over_tcp_and_is_cut() {
    let records = look_up("large.example").await.unwrap();
    assert_eq!(records.len(), super::RECORDS_MAX);
}

#[tokio::test]
async fn a_server_that_cannot_answer_says_nothing_about_the_records() {
    let error = look_up("broken.example").await.unwrap_err();
    assert!(matches!(error, TxtError::Failed(_)), "{error}");
}

#[tokio::test]
async fn a_server_that_keeps_silent_is_not_waited_for_long() {
    let began = Instant::now();
    look_up("silent.example").await.unwrap_err();
    assert!(began.elapsed() < LOOK_UP_MAX * 2);
}

/// Records without a DNS, for those who test what is made of them.
struct Given(HashMap<String, Vec<String>>);

impl TxtRecords for Given {
    async fn look_up(&self, name: &str) -> Result<Vec<String>, TxtError> {
        Ok(self.0.get(name).cloned().unwrap_or_default())
    }
}

async fn is_proven(records: &impl TxtRecords, domain: &str) -> bool {
    let name = DomainName::parse(domain).unwrap().proof_name();
    is_proven_by(
        &records.look_up(&name).await.unwrap(),
        &proof_record("t0ken"),
    )
}

#[tokio::test]
async fn a_domain_is_proven_by_the_record_at_its_own_name_only() {
    let proof = vec!["millrace-verification=t0ken".to_owned()];
    let given = Given([("_millrace.a.example".to_owned(), proof)].into());
    assert!(is_proven(&given, "a.example").await);
    for other in ["b.a.example", "example.com", "b.example"] {
        assert!(!is_proven(&given, other).await, "{other}");
    }
}
