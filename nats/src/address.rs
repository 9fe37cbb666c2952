//! The broker's URL: where it listens, and who we are.

use async_nats::{ConnectOptions, ServerAddr};
use percent_encoding::percent_decode_str;
use url::Url;

type Wrong = Box<dyn std::error::Error + Send + Sync>;

/// Who we are, taken out of the URL: async-nats would ignore it there, and might log it.
pub(crate) enum Credentials {
    None,
    Token(String),
    User { name: String, password: String },
}

impl Credentials {
    pub(crate) fn options(self, options: ConnectOptions) -> ConnectOptions {
        match self {
            Self::None => options,
            Self::Token(token) => options.token(token),
            Self::User { name, password } => options.user_and_password(name, password),
        }
    }
}

pub(crate) fn parse(text: &str) -> Result<(Vec<ServerAddr>, Credentials), Wrong> {
    let mut credentials = Credentials::None;
    let mut servers = Vec::new();
    for part in text.split(',').map(str::trim) {
        let (server, found) = parse_one(part)?;
        servers.push(server);
        if matches!(credentials, Credentials::None) {
            credentials = found;
        }
    }
    Ok((servers, credentials))
}

fn parse_one(text: &str) -> Result<(ServerAddr, Credentials), Wrong> {
    let mut url = if text.contains("://") {
        Url::parse(text)?
    } else {
        Url::parse(&format!("nats://{text}"))?
    };
    let decoded =
        |text| Ok::<_, std::str::Utf8Error>(percent_decode_str(text).decode_utf8()?.into_owned());
    let credentials = match (url.username(), url.password()) {
        ("", None) => Credentials::None,
        (token, None) => Credentials::Token(decoded(token)?),
        (name, Some(password)) => Credentials::User {
            name: decoded(name)?,
            password: decoded(password)?,
        },
    };
    let cannot = |()| "it cannot carry credentials";
    url.set_username("").map_err(cannot)?;
    url.set_password(None).map_err(cannot)?;
    Ok((ServerAddr::from_url(url)?, credentials))
}

#[cfg(test)]
mod tests {
    use super::{Credentials, parse};

    #[test]
    fn credentials_are_taken_out_of_the_url_and_decoded() {
        let (servers, credentials) = parse("nats://ada:p%40ss%2F@a:4222, nats://b").unwrap();
        assert!(
            matches!(credentials, Credentials::User { name, password } if name == "ada" && password == "p@ss/")
        );
        let urls: Vec<_> = servers
            .into_iter()
            .map(|it| it.into_inner().to_string())
            .collect();
        assert_eq!(urls, ["nats://a:4222", "nats://b"]);
    }

    #[test]
    fn a_lone_user_is_a_token_and_the_scheme_may_be_left_out() {
        let (_, credentials) = parse("s3cret@localhost:4222").unwrap();
        assert!(matches!(credentials, Credentials::Token(token) if token == "s3cret"));
    }

    #[test]
    fn a_url_of_something_else_is_refused_without_telling_its_password() {
        let error = parse("postgres://ada:hush@localhost").err().unwrap();
        assert!(!format!("{error:?}").contains("hush"));
    }
}
