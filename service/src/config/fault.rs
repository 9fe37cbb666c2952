//! What is wrong with the settings, all of it at once.

use std::fmt;

/// Settings that keep a process from starting. Never shows a secret's value.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigError(Vec<(&'static str, String)>);

impl ConfigError {
    /// The variables at fault.
    pub fn settings(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|(name, _)| *name)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("these settings need attention:")?;
        for (name, fault) in &self.0 {
            write!(f, "\n  {name} {fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// Collects the settings that a process cannot do without.
///
/// ```
/// # use service::config::{Config, ConfigError, Required};
/// # fn start(config: Config) -> Result<(), ConfigError> {
/// let mut required = Required::default();
/// let nats = required.take("NATS_URL", config.nats_url);
/// let database = required.take("DATABASE_URL", config.database_url);
/// let (Some(nats), Some(database)) = (nats, database) else { return Err(required.into()) };
/// # Ok(()) }
/// ```
#[derive(Debug, Default)]
pub struct Required(Vec<(&'static str, String)>);

impl Required {
    /// Hands `value` through and remembers `setting` if there is none.
    pub fn take<T>(&mut self, setting: &'static str, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.0
                .push((setting, "is not set, and this process needs it".to_owned()));
        }
        value
    }

    /// Fails if a setting was missing.
    pub fn finish(self) -> Result<(), ConfigError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(self.into())
        }
    }
}

impl From<Required> for ConfigError {
    fn from(required: Required) -> Self {
        Self(required.0)
    }
}

/// Reads settings one by one and keeps what is wrong with them.
pub(super) struct Reader<F> {
    lookup: F,
    faults: Vec<(&'static str, String)>,
}

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    pub(super) fn new(lookup: F) -> Self {
        Self {
            lookup,
            faults: Vec::new(),
        }
    }

    /// The parsed setting; `None` when it is unset, empty (as compose passes unset ones) or faulty.
    pub(super) fn read<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = (self.lookup)(name).filter(|text| !text.is_empty())?;
        parse(&text).map_err(|fault| self.fault(name, fault)).ok()
    }

    pub(super) fn is_set(&self, name: &str) -> bool {
        (self.lookup)(name).is_some_and(|text| !text.is_empty())
    }

    pub(super) fn fault(&mut self, name: &'static str, fault: impl Into<String>) {
        self.faults.push((name, fault.into()));
    }

    pub(super) fn finish(self) -> Result<(), ConfigError> {
        if self.faults.is_empty() {
            Ok(())
        } else {
            Err(ConfigError(self.faults))
        }
    }
}
