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

/// A URL for each server, with this user and password in the place of whatever login `text` has.
pub(crate) fn urls(text: &str, name: &str, password: &str) -> Result<Vec<String>, Wrong> {
    let (servers, _) = parse(text)?;
    let mut urls = Vec::new();
    for server in servers {
        let mut url = server.into_inner();
        set_login(&mut url, name, Some(password))?;
        urls.push(url.into());
    }
    Ok(urls)
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
    set_login(&mut url, "", None)?;
    Ok((ServerAddr::from_url(url)?, credentials))
}

fn set_login(url: &mut Url, name: &str, password: Option<&str>) -> Result<(), Wrong> {
    let cannot = |()| "it cannot carry credentials";
    url.set_username(name).map_err(cannot)?;
    url.set_password(password).map_err(cannot)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Credentials, parse, urls};

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
    fn each_server_has_a_url_of_its_own_with_the_login_that_is_asked_for() {
        let told = urls(
            "tls://ada:hush@a:4222, b:4223, nats://s3cret@[::1]",
            "billing",
            "word",
        );
        assert_eq!(
            told.unwrap(),
            [
                "tls://billing:word@a:4222",
                "nats://billing:word@b:4223",
                "nats://billing:word@[::1]"
            ]
        );
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
