//! A reader's account, as the broker's configuration has it: one user, and no stream but through its consumers.

use events::StreamName;
use serde_json::{Value, json};

use super::ReaderName;
use crate::ConnectError;
use crate::address;

/// The JetStream domain under which a reader finds its consumers.
///
/// An account without JetStream answers on `$JS.API` itself, so what is imported needs another beginning.
pub const READERS_DOMAIN: &str = "millrace";
/// The least that bcrypt knows: nobody guesses 192 random bits, and the broker hashes at every login.
const BCRYPT_COST: u32 = 4;
/// Enough for the replicas of a reader; a loop that connects anew stays bounded.
const CONNECTIONS_MAX: u32 = 32;
/// A client needs one for its answers, and one for each request under way.
const SUBSCRIPTIONS_MAX: u32 = 1_000;
/// A reader sends requests and acknowledgements alone.
const PAYLOAD_BYTES_MAX: u32 = 16_384;

/// A member of `accounts` in the broker's configuration.
///
/// Each reader has an account of its own: a request may name any subject for its answer, and were the streams in the
/// same account, the broker would store the answer there. See docs/adr/0020.
#[derive(Clone, Debug)]
pub struct ReaderAccount {
    /// The account's name.
    pub name: String,
    /// What it holds, as JSON, which the broker's configuration may contain.
    pub config: Value,
}

/// Who a reader is to the broker.
#[derive(Clone)]
pub struct Login {
    /// Its user.
    pub reader: ReaderName,
    /// Its password, in letters and digits.
    pub password: String,
}

impl Login {
    /// With a new password.
    #[must_use]
    pub fn new(reader: ReaderName) -> Self {
        let (first, second): (u128, u64) = rand::random();
        let password = format!("{first:032x}{second:016x}");
        Self { reader, password }
    }

    /// Where the reader connects: a URL with its login for each server of `broker`, whose own login is left out.
    pub fn urls(&self, broker: &str) -> Result<Vec<String>, ConnectError> {
        let name = self.reader.as_str();
        address::urls(broker, name, &self.password).map_err(ConnectError::Url)
    }
}

impl ReaderAccount {
    /// The name of a reader's account.
    #[must_use]
    pub fn name_of(reader: &ReaderName) -> String {
        format!("consumer_{reader}")
    }

    /// An account that reads these streams of the account `owner`, by the consumers made for it.
    pub fn new(
        login: &Login,
        owner: &str,
        streams: &[StreamName],
    ) -> Result<Self, bcrypt::BcryptError> {
        let Login { reader, password } = login;
        let hash = bcrypt::hash_with_result(password, BCRYPT_COST)?;
        let grants: Vec<_> = streams.iter().flat_map(|&it| grants(reader, it)).collect();
        let publish: Vec<_> = grants.iter().map(|it| &it.here).collect();
        let import = |it: &Grant| {
            let service = json!({ "account": owner, "subject": it.there });
            json!({ "service": service, "to": it.here })
        };
        let imports: Vec<_> = grants.iter().map(import).collect();
        let config = json!({
            "users": [{
                "user": reader.as_str(),
                // The form that every server reads.
                "password": hash.format_for_version(bcrypt::Version::TwoA),
                "permissions": { "publish": publish, "subscribe": ["_INBOX.>"] },
            }],
            "imports": imports,
            "limits": {
                "max_connections": CONNECTIONS_MAX,
                "max_subscriptions": SUBSCRIPTIONS_MAX,
                "max_payload": PAYLOAD_BYTES_MAX,
            },
        });
        let name = Self::name_of(reader);
        Ok(Self { name, config })
    }
}

/// A subject that a reader may publish to, and what it is in the account of the streams.
struct Grant {
    here: String,
    there: String,
}

fn grants(reader: &ReaderName, stream: StreamName) -> [Grant; 4] {
    let of_api = |operation: &str| Grant {
        here: format!("$JS.{READERS_DOMAIN}.API.CONSUMER.{operation}.{stream}.{reader}"),
        there: format!("$JS.API.CONSUMER.{operation}.{stream}.{reader}"),
    };
    let as_it_is = |subject: String| Grant {
        here: subject.clone(),
        there: subject,
    };
    [
        of_api("MSG.NEXT"),
        of_api("INFO"),
        as_it_is(format!("$JS.ACK.{stream}.{reader}.>")),
        // The second form: with a domain, of which the broker has none, and a hash of the account. A wildcard in the
        // domain's place would fit the first form for any consumer of any stream, and `+NXT` there takes its message.
        as_it_is(format!("$JS.ACK._.*.{stream}.{reader}.>")),
    ]
}
