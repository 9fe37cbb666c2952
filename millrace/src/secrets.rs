//! The secrets of a development installation: made once, kept beside its data, readable by their owner only.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, ensure};
use service::config::{Config, Secret};
use service::keys::DataKey;

/// A shorter file was not written by Millrace.
const BYTES_MIN: usize = 32;

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
    /// Outside development the settings are never without them: `up` refuses that first.
    pub(crate) fn of(config: &Config, folder: &Path) -> anyhow::Result<Self> {
        let made = || DataKey::random().map(|key| key.to_base64());
        let jwt = match &config.jwt_secret {
            Some(secret) => secret.clone(),
            None => kept(&folder.join("jwt_secret"), || Ok(made()?))?,
        };
        let data_key = if let Some(key) = &config.data_key {
            key.clone()
        } else {
            let path = folder.join("data_key");
            let text = kept(&path, || Ok(made()?))?;
            DataKey::parse(text.expose())
                .with_context(|| format!("{} holds no data key", path.display()))?
        };
        Ok(Self { jwt, data_key })
    }
}

/// Warns when the data were begun under another address: the links of then are not found under this one.
pub(crate) fn remember_address(folder: &Path, public_url: &str) -> anyhow::Result<()> {
    let path = folder.join("public_url");
    match fs::read_to_string(&path) {
        Ok(begun) if begun == public_url => Ok(()),
        Ok(begun) => {
            tracing::warn!(
                begun,
                now = public_url,
                "links belong to the address they were made under; set PUBLIC_URL to find those of before"
            );
            Ok(())
        }
        Err(_) => fs::write(&path, public_url)
            .with_context(|| format!("{} can't be written", path.display())),
    }
}

/// Reads the secret, or makes it: whoever is first to link the file decides, and no file is ever half written.
fn kept(path: &Path, make: impl FnOnce() -> anyhow::Result<Secret>) -> anyhow::Result<Secret> {
    if !path.exists() {
        keep(path, &make()?).with_context(|| format!("{} can't be written", path.display()))?;
    }
    let text =
        fs::read_to_string(path).with_context(|| format!("{} can't be read", path.display()))?;
    let secret = text.trim();
    ensure!(
        secret.len() >= BYTES_MIN,
        "{} holds no secret",
        path.display()
    );
    Ok(Secret::new(secret))
}

fn keep(path: &Path, secret: &Secret) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .permissions(Permissions::from_mode(0o600))
        .tempfile_in(folder)?;
    file.write_all(secret.expose().as_bytes())?;
    // Without this secret, what is sealed with it is lost.
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => Err(error.error),
        Ok(_) | Err(_) => Ok(()),
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
    fn an_empty_file_is_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("jwt_secret"), "").unwrap();
        let config = Config::read(|_| None).unwrap();
        let error = Secrets::of(&config, folder.path()).unwrap_err();
        assert!(error.to_string().contains("holds no secret"), "{error}");
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
