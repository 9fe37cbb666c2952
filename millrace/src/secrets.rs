//! The secrets of a development installation: made once, kept beside its data, readable by their owner only.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;
use service::config::{Config, Secret};
use service::keys::DataKey;

/// What signs tokens and wraps keys.
#[derive(Debug)]
pub(crate) struct Secrets {
    /// `JWT_SECRET`
    pub(crate) jwt: Secret,
    /// `DATA_KEY`
    pub(crate) data_key: DataKey,
}

impl Secrets {
    /// Takes what the settings give; what they don't is read from `folder`, or made and kept there.
    ///
    /// Outside development the settings are never without them: [`Config`] refuses that.
    pub(crate) fn of(config: &Config, folder: &Path) -> anyhow::Result<Self> {
        let made = || DataKey::random().map(|key| key.to_base64());
        let jwt = match &config.jwt_secret {
            Some(secret) => secret.clone(),
            None => kept(&folder.join("jwt_secret"), || Ok(made()?))?,
        };
        let data_key = match &config.data_key {
            Some(key) => key.clone(),
            None => {
                let path = folder.join("data_key");
                let text = kept(&path, || Ok(made()?))?;
                DataKey::parse(text.expose())
                    .with_context(|| format!("{} holds no data key", path.display()))?
            }
        };
        Ok(Self { jwt, data_key })
    }
}

/// Reads the secret, or makes it: whoever creates the file first decides.
fn kept(path: &Path, make: impl FnOnce() -> anyhow::Result<Secret>) -> anyhow::Result<Secret> {
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match file {
        Ok(mut file) => {
            let secret = make()?;
            file.write_all(secret.expose().as_bytes())?;
            // Without this secret, what is sealed with it is lost.
            file.sync_all()?;
            Ok(secret)
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let text = fs::read_to_string(path)
                .with_context(|| format!("{} could not be read", path.display()))?;
            Ok(Secret::new(text.trim()))
        }
        Err(error) => {
            Err(error).with_context(|| format!("{} could not be written", path.display()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Secrets;
    use service::config::Config;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn secrets_are_made_once_and_are_their_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config::read(|_| None).unwrap();
        let first = Secrets::of(&config, folder.path()).unwrap();
        let second = Secrets::of(&config, folder.path()).unwrap();
        assert_eq!(first.jwt.expose(), second.jwt.expose());
        assert_eq!(
            first.data_key.to_base64().expose(),
            second.data_key.to_base64().expose()
        );
        for name in ["jwt_secret", "data_key"] {
            let mode = folder
                .path()
                .join(name)
                .metadata()
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }

    #[test]
    fn a_setting_comes_before_what_was_kept() {
        let folder = tempfile::tempdir().unwrap();
        let given = "x".repeat(40);
        let config = Config::read(|name| (name == "JWT_SECRET").then(|| given.clone())).unwrap();
        assert_eq!(
            Secrets::of(&config, folder.path()).unwrap().jwt.expose(),
            given
        );
        assert!(!folder.path().join("jwt_secret").exists());
    }
}
