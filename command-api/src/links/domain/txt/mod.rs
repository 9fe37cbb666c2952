//! The text records of the DNS.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::rdata::TXT;
use hickory_resolver::proto::rr::{Name, RData};

/// How long a server may take; a second try goes to the next one, if there is one.
const ANSWER_MAX: Duration = Duration::from_secs(2);
const TRIES_MAX: usize = 2;
/// How long a look-up may take, with all tries, truncation and aliases.
const LOOK_UP_MAX: Duration = Duration::from_secs(8);
/// More records at one name are not looked at.
const RECORDS_MAX: usize = 100;

/// Who knows the text records of a name.
pub(crate) trait TxtRecords: Send + Sync {
    /// The records, each as one text; none where there is no such name.
    fn look_up(&self, name: &str) -> impl Future<Output = Result<Vec<String>, TxtError>> + Send;
}

/// Nobody knows whether there are records; another try may.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TxtError {
    #[error("the DNS did not answer within {LOOK_UP_MAX:?}")]
    Slow,
    #[error("the DNS could not answer")]
    Failed(#[from] NetError),
}

/// The DNS itself, as a recursive resolver tells it.
pub(crate) struct Dns(TokioResolver);

impl Dns {
    /// Asks the resolver at an address, or those of this machine (`/etc/resolv.conf`).
    pub(crate) fn new(resolver: Option<SocketAddr>) -> Result<Self, TxtError> {
        let provider = TokioRuntimeProvider::default();
        let mut builder = match resolver {
            Some(address) => TokioResolver::builder_with_config(config(address), provider),
            None => TokioResolver::builder(provider)?,
        };
        set(builder.options_mut());
        Ok(Self(builder.build()?))
    }
}

impl TxtRecords for Dns {
    async fn look_up(&self, name: &str) -> Result<Vec<String>, TxtError> {
        // The final dot keeps the machine's search list away.
        let name = Name::from_ascii(format!("{name}.")).map_err(NetError::from)?;
        let asked = self.0.txt_lookup(name);
        let answer = tokio::time::timeout(LOOK_UP_MAX, asked).await;
        let lookup = match answer.map_err(|_| TxtError::Slow)? {
            Ok(lookup) => lookup,
            Err(error) if error.is_no_records_found() => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let records = lookup.answers().iter().filter_map(|it| {
            let RData::TXT(txt) = &it.data else {
                return None;
            };
            Some(text(txt))
        });
        Ok(records.take(RECORDS_MAX).collect())
    }
}

/// A record is cut into strings of at most 255 bytes, which belong together.
fn text(txt: &TXT) -> String {
    String::from_utf8_lossy(&txt.txt_data.concat()).into_owned()
}

fn config(resolver: SocketAddr) -> ResolverConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = resolver.port();
        connection
    });
    let server = NameServerConfig::new(resolver.ip(), true, connections.to_vec());
    ResolverConfig::from_name_servers(vec![server])
}

fn set(options: &mut ResolverOpts) {
    options.timeout = ANSWER_MAX;
    options.attempts = TRIES_MAX;
    options.edns0 = true;
    options.use_hosts_file = ResolveHosts::Never;
    // Who has just set the record is not told for an hour that it isn't there.
    options.cache_size = 0;
}

#[cfg(test)]
mod tests;
