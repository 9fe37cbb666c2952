//! A server's output, in a file that cannot grow without end.

use std::{
    fs::{self, File},
    io::{self, PipeReader, PipeWriter, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    thread,
};

use tokio::sync::watch;

/// A log file's size before it becomes `<name>.old` and a new one begins.
const LOG_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// How much of a log's end an error shows.
const TAIL_BYTES_MAX: u64 = 8 * 1024;
const TAIL_LINES_MAX: usize = 12;

/// Follows a server's output.
#[derive(Debug, Clone)]
pub(super) struct Log {
    path: PathBuf,
    /// Whether the marker has been seen; closed when the last writer is gone.
    seen: watch::Receiver<bool>,
}

impl Log {
    /// Empties the file at `path` and writes to it whatever comes through the pipe, looking out for `marker`.
    pub(super) fn begin(path: &Path, marker: &'static str) -> io::Result<(PipeWriter, Self)> {
        let (reader, writer) = io::pipe()?;
        let (saw, seen) = watch::channel(false);
        let mut copy = Copy {
            file: File::create(path)?,
            path: path.to_owned(),
            written: 0,
        };
        thread::Builder::new()
            .name("servers-log".to_owned())
            .spawn(move || copy.run(reader, marker, &saw))?;
        Ok((
            writer,
            Self {
                path: path.to_owned(),
                seen,
            },
        ))
    }

    /// Waits until the server has written the marker; for ever if it ends without.
    pub(super) async fn marker(&self) {
        if self.seen.clone().wait_for(|seen| *seen).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits until the last process that writes here is gone.
    pub(super) async fn closed(&self) {
        let mut seen = self.seen.clone();
        while seen.changed().await.is_ok() {}
    }

    /// The last lines.
    pub(super) fn tail(&self) -> String {
        tail(&self.path).unwrap_or_else(|error| error.to_string())
    }
}

fn tail(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let from = file.metadata()?.len().saturating_sub(TAIL_BYTES_MAX);
    file.seek(SeekFrom::Start(from))?;
    let mut text = Vec::new();
    file.take(TAIL_BYTES_MAX).read_to_end(&mut text)?;
    Ok(last_lines(&String::from_utf8_lossy(&text)))
}

/// The last lines of what a program wrote.
pub(super) fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let skipped = lines.len().saturating_sub(TAIL_LINES_MAX);
    lines
        .into_iter()
        .skip(skipped)
        .collect::<Vec<_>>()
        .join("\n")
}

struct Copy {
    file: File,
    path: PathBuf,
    written: u64,
}

impl Copy {
    fn run(&mut self, mut reader: PipeReader, marker: &str, saw: &watch::Sender<bool>) {
        let mut chunk = [0; 8 * 1024];
        let mut window = Vec::new();
        while let Ok(length @ 1..) = reader.read(&mut chunk) {
            let new = chunk.get(..length).unwrap_or_default();
            // A full disk must not block the server: what cannot be written is dropped.
            self.write(new).ok();
            if !*saw.borrow() {
                window.extend_from_slice(new);
                if window
                    .windows(marker.len())
                    .any(|part| part == marker.as_bytes())
                {
                    saw.send_replace(true);
                }
                window.drain(..window.len().saturating_sub(marker.len()));
            }
        }
    }

    fn write(&mut self, new: &[u8]) -> io::Result<()> {
        self.written += new.len() as u64;
        if self.written > LOG_BYTES_MAX {
            fs::rename(&self.path, self.path.with_extension("log.old"))?;
            self.file = File::create(&self.path)?;
            self.written = new.len() as u64;
        }
        self.file.write_all(new)
    }
}
