//! The files of a Postgres cluster: made once, and refused when another version made them.

use std::{
    ffi::OsString,
    fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use super::{Durability, USER, user::User};
use crate::{
    StartError, Tool, Tools,
    folder::{DataFolder, Settings, at, write_private},
    process::run,
};

/// From this version on Postgres brings a locale of its own that is the same on every machine.
const BUILTIN_LOCALE_SINCE: u32 = 17;

/// A cluster that is there, and who may run it.
pub(super) struct Place {
    pub(super) cluster: PathBuf,
    pub(super) user: User,
}

/// Makes the cluster in the data folder, unless it is there.
pub(super) async fn prepare(
    tools: &Tools,
    folder: &DataFolder,
    settings: &Settings,
    durability: Durability,
) -> Result<Place, StartError> {
    let program = tools.program(Tool::Postgres)?;
    let cluster = folder.path().join("cluster");
    let user = User::choose(&cluster, &[&cluster, &program.path])?;
    if cluster.is_dir() {
        check_version(&cluster, program.version.major)?;
        return Ok(Place { cluster, user });
    }
    // Made beside its place, so that one cut short is never taken for whole.
    let new = folder.path().join("cluster.new");
    fs::remove_dir_all(&new)
        .or_else(|error| {
            if error.kind() == io::ErrorKind::NotFound {
                Ok(())
            } else {
                Err(error)
            }
        })
        .and_then(|()| fs::create_dir(&new))
        .and_then(|()| fs::set_permissions(&new, fs::Permissions::from_mode(0o700)))
        .map_err(at(&new))?;
    user.own(&new)?;
    let password = folder.path().join("password");
    write_private(&password, settings.secret.as_bytes())?;
    user.own(&password)?;
    let made = initdb(tools, &new, &password, &user, folder.path(), durability).await;
    fs::remove_file(&password).map_err(at(&password))?;
    made?;
    fs::rename(&new, &cluster).map_err(at(&cluster))?;
    Ok(Place { cluster, user })
}

fn check_version(cluster: &Path, at_hand: u32) -> Result<(), StartError> {
    let file = cluster.join("PG_VERSION");
    let found = fs::read_to_string(&file)
        .map_err(at(&file))?
        .trim()
        .to_owned();
    if found == at_hand.to_string() {
        return Ok(());
    }
    Err(StartError::OtherVersion {
        folder: cluster.to_owned(),
        found,
        at_hand,
    })
}

async fn initdb(
    tools: &Tools,
    cluster: &Path,
    password: &Path,
    user: &User,
    folder: &Path,
    durability: Durability,
) -> Result<(), StartError> {
    let program = tools.program(Tool::Postgres)?;
    let mut arguments = user.privileges();
    arguments.extend(["--pdeathsig".into(), "KILL".into(), "--".into()]);
    arguments.push(program.path.with_file_name("initdb").into());
    arguments.extend([
        "--pgdata".into(),
        cluster.into(),
        "--pwfile".into(),
        password.into(),
    ]);
    let mut options = vec![
        "--username",
        USER,
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--no-instructions",
    ];
    if program.version.major >= BUILTIN_LOCALE_SINCE {
        options.extend([
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
        ]);
    } else {
        options.push("--locale=C.UTF-8");
    }
    if durability == Durability::Relaxed {
        options.push("--no-sync");
    }
    arguments.extend(options.into_iter().map(OsString::from));
    run(
        Path::new("setpriv"),
        &arguments,
        &[],
        tools.search(),
        folder,
    )
    .await
    .map(|_| ())
}
