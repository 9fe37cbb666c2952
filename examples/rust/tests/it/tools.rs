//! What the examples need beside themselves: packages, fetched once as their locks say.

use std::fs;
use std::path::{Path, PathBuf};

use servers::{Tool, testing};
use tokio::process::Command;
use tokio::sync::Mutex;

pub(crate) fn example(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// A folder for `PYTHONPATH`.
pub(crate) async fn python_packages() -> PathBuf {
    let requirements = example("python/requirements.txt");
    installed("python", &requirements, |folder| {
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--no-input"])
            .args([
                "--disable-pip-version-check",
                "--require-hashes",
                "--no-deps",
            ])
            .args(["--only-binary", ":all:", "--requirement"])
            .arg(&requirements)
            .arg("--target")
            .arg(folder)
            .env("PIP_REQUIRE_VIRTUALENV", "0");
        pip
    })
    .await
}

/// Node, and a `node_modules` for it.
pub(crate) async fn node_packages() -> (PathBuf, PathBuf) {
    let tools = testing::node().await;
    let node = tools.path(Tool::Node).unwrap().to_owned();
    let npm = tools.npm().unwrap();
    let lock = example("typescript/package-lock.json");
    let folder = installed("node", &lock, |folder| {
        for name in ["package.json", "package-lock.json"] {
            fs::copy(lock.with_file_name(name), folder.join(name)).unwrap();
        }
        let mut command = Command::new(&node);
        command
            .arg(npm)
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .current_dir(folder);
        command
    })
    .await;
    (node, folder.join("node_modules"))
}

/// Whose turn it is to look what is there, and to fetch it.
static TURN: Mutex<()> = Mutex::const_new(());

/// The folder in which the packages of a lock are; whoever is first to have them whole decides.
async fn installed(language: &str, lock: &Path, command: impl FnOnce(&Path) -> Command) -> PathBuf {
    // Stories that run beside each other in this process need the same.
    let _turn = TURN.lock().await;
    let tools = testing::tools_folder();
    let kept = tools.join(format!("example-{language}"));
    let wanted = fs::read(lock).unwrap();
    let is_kept = || fs::read(kept.join("lock")).is_ok_and(|it| it == wanted);
    if is_kept() {
        return kept.canonicalize().unwrap();
    }
    let new = tools.join(format!(".example-{language}.{}", std::process::id()));
    fs::create_dir_all(&new).unwrap();
    let output = command(&new).output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{language}: {said}");
    fs::write(new.join("lock"), &wanted).unwrap();
    if !is_kept() {
        // Packages of an earlier lock; a run beside this one may be faster, and has the same.
        fs::remove_dir_all(&kept).ok();
        fs::rename(&new, &kept).ok();
    }
    fs::remove_dir_all(&new).ok();
    assert!(is_kept(), "{} is not there", kept.display());
    kept.canonicalize().unwrap()
}
