//! A small DNS server on loopback, which knows the TXT records that it is told.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::net::UdpSocket;
use tokio::task::JoinSet;

/// More than any question here.
const MESSAGE_BYTES_MAX: usize = 512;
/// A message's head (RFC 1035, section 4.1.1).
const HEAD_BYTES: usize = 12;

pub(crate) struct Dns {
    pub(crate) address: SocketAddr,
    records: Arc<Mutex<HashMap<String, String>>>,
    /// Ends when it is dropped.
    _serving: JoinSet<()>,
}

impl Dns {
    pub(crate) async fn start() -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = socket.local_addr().unwrap();
        let records = Arc::default();
        let mut serving = JoinSet::new();
        serving.spawn(serve(socket, Arc::clone(&records)));
        Self {
            address,
            records,
            _serving: serving,
        }
    }

    /// Somebody who controls the name sets its record.
    pub(crate) fn sets(&self, name: &str, value: &str) {
        let mut records = self.records.lock().unwrap();
        records.insert(name.to_owned(), value.to_owned());
    }
}

async fn serve(socket: UdpSocket, records: Arc<Mutex<HashMap<String, String>>>) {
    let mut buffer = [0; MESSAGE_BYTES_MAX];
    while let Ok((length, peer)) = socket.recv_from(&mut buffer).await {
        let answer = answer(&buffer[..length], &records.lock().unwrap());
        socket.send_to(&answer, peer).await.unwrap();
    }
}

/// The question again, and the record behind it; `NXDOMAIN` where there is none.
fn answer(question: &[u8], records: &HashMap<String, String>) -> Vec<u8> {
    let (name, end) = name(question);
    let record = records.get(&name);
    let (code, count) = if record.is_some() { (0, 1) } else { (3, 0) };
    // A recursive answer to one question; what the asker said of itself (EDNS) is not given back.
    let mut answer = question[..2].to_vec();
    answer.extend([0x81, 0x80 | code, 0, 1, 0, count, 0, 0, 0, 0]);
    // The name is followed by the question's type and class.
    answer.extend(&question[HEAD_BYTES..end + 4]);
    if let Some(value) = record {
        let length = u8::try_from(value.len()).unwrap();
        // A pointer to the name, TXT, IN, no time to live, and one string.
        answer.extend([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 0, 0, length + 1, length]);
        answer.extend(value.as_bytes());
    }
    answer
}

/// The name that is asked for, and where it ends.
fn name(question: &[u8]) -> (String, usize) {
    let (mut labels, mut at) = (Vec::new(), HEAD_BYTES);
    while question[at] != 0 {
        let end = at + 1 + usize::from(question[at]);
        labels.push(String::from_utf8_lossy(&question[at + 1..end]).to_lowercase());
        at = end;
    }
    (labels.join("."), at + 1)
}
