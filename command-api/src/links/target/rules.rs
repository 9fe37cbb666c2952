//! Which addresses a link may lead to.

use std::sync::Arc;

use service::config::Targets;
use url::Url;

use super::blocklist::{Blocklist, BlocklistError};
use super::host::Host;
use super::{BYTES_MAX, Target, TargetError};
use crate::links::domain::OwnDomains;
use crate::text::is_hostile;

/// What the settings say about targets, as one value.
#[derive(Clone, Debug)]
pub(crate) struct TargetRules {
    /// Besides http and https.
    schemes: Vec<String>,
    is_private_allowed: bool,
    blocklist: Arc<Blocklist>,
    /// Where short links are opened: `host`, or `host:port` where the port isn't the scheme's own.
    own_hosts: Vec<String>,
}

impl TargetRules {
    /// Reads the blocklist, if there is one.
    pub(crate) fn new(settings: Targets, own_hosts: Vec<String>) -> Result<Self, BlocklistError> {
        let blocklist = settings.blocklist.as_deref().map(Blocklist::read);
        Ok(Self {
            schemes: settings.schemes,
            is_private_allowed: settings.is_private_allowed,
            blocklist: Arc::new(blocklist.transpose()?.unwrap_or_default()),
            own_hosts,
        })
    }

    /// The same for a workspace, whose links may not lead to its own domains either.
    pub(crate) fn and_no(&self, own: &OwnDomains) -> Self {
        let mut rules = self.clone();
        let names = own.verified().map(|it| it.name.clone());
        rules.own_hosts.extend(names);
        rules
    }

    /// For whoever looks after links that were made under another one.
    pub(crate) fn blocklist(&self) -> Arc<Blocklist> {
        Arc::clone(&self.blocklist)
    }

    /// A target that the rules allow.
    ///
    /// Nobody is asked: a name that is public and leads into a private network is found out by who follows it.
    pub(crate) fn parse(&self, text: &str) -> Result<Target, TargetError> {
        if text.len() > BYTES_MAX {
            return Err(TargetError::TooLong);
        }
        if text.chars().any(is_hostile) {
            return Err(TargetError::Hostile);
        }
        let url = Url::parse(text.trim()).map_err(|_| TargetError::Malformed)?;
        self.check(&url)?;
        let target = String::from(url);
        // Escaping may have made it longer.
        if target.len() > BYTES_MAX {
            Err(TargetError::TooLong)
        } else {
            Ok(Target(target))
        }
    }

    fn check(&self, url: &Url) -> Result<(), TargetError> {
        let scheme = url.scheme();
        if !matches!(scheme, "http" | "https") && !self.schemes.iter().any(|it| it == scheme) {
            return Err(TargetError::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(TargetError::Credentials);
        }
        // A mail address, or a telephone number.
        let Some(host) = Host::of(url) else {
            return Ok(());
        };
        if self.own_hosts.iter().any(|own| host.is_at(own, url)) {
            return Err(TargetError::Loop);
        }
        // In a scheme of one's own it may be any word: `app://open/7`.
        let is_private = host.is_private() || (url.is_special() && host.is_incomplete());
        if is_private && !self.is_private_allowed {
            return Err(TargetError::Private);
        }
        if self.blocklist.holds(&host.to_string()) {
            return Err(TargetError::Blocked);
        }
        Ok(())
    }
}
