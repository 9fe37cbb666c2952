//! What every source file owes its reader.

use std::path::Path;

use super::tree::{File, files, hold, words};

/// A longer file wants to be two.
const LINES_MAX: usize = 400;
/// All that is written by hand.
const WRITTEN: [&str; 9] = [
    ".rs",
    ".md",
    ".toml",
    ".sql",
    ".sh",
    ".yaml",
    ".conf",
    "justfile",
    "Dockerfile",
];

// In pieces, since this file is held to them too.
const UNFINISHED: [&str; 3] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("X", "XX"),
];
const UNWRITTEN: [&str; 2] = [concat!("to", "do!"), concat!("unimpl", "emented!")];
const OF_A_MACHINE: [&str; 3] = [
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
];
const OF_A_TALK: [&str; 5] = [
    concat!("this ses", "sion"),
    concat!("next ses", "sion"),
    concat!("the br", "ief"),
    concat!("as an ", "AI"),
    concat!("language ", "model"),
];

fn faults_of_source(file: &File) -> Vec<String> {
    let mut faults = Vec::new();
    let lines = file.text.lines().count();
    if lines > LINES_MAX {
        faults.push(format!("{lines} lines; it wants to be two"));
    }
    if !file.text.starts_with("//! ") {
        faults.push("begins without a sentence (//!) on what lives in it".to_owned());
    }
    for (line, code) in file.code() {
        if code.contains(concat!("fn te", "st_")) {
            faults.push(format!("{line}: a test's name is a sentence"));
        }
        for macro_name in UNWRITTEN.iter().filter(|it| code.contains(**it)) {
            faults.push(format!("{line}: {macro_name}"));
        }
    }
    faults
}

fn unfinished(file: &File) -> Vec<String> {
    let mut faults = Vec::new();
    let is_document = Path::new(&file.path).extension() == Some("md".as_ref());
    for (at, line) in file.text.lines().enumerate() {
        for word in words(line).filter(|word| UNFINISHED.contains(word)) {
            faults.push(format!("{}: {word}", at + 1));
        }
        for place in OF_A_MACHINE.iter().filter(|it| line.contains(**it)) {
            faults.push(format!("{}: {place} is a place on one machine", at + 1));
        }
        // In a source a session is one with a database.
        let talk = OF_A_TALK.iter().filter(|_| is_document);
        for words in talk.filter(|it| line.contains(**it)) {
            faults.push(format!("{}: {words:?} belongs to no project", at + 1));
        }
    }
    faults
}

#[test]
fn sources_are_short_say_what_they_are_and_name_tests_by_sentences() -> anyhow::Result<()> {
    hold(&files(&[".rs"])?, faults_of_source)
}

#[test]
fn nothing_is_left_for_later_and_nothing_tells_of_its_making() -> anyhow::Result<()> {
    hold(&files(&WRITTEN)?, unfinished)
}

#[test]
fn a_source_with_a_fault_is_refused() {
    let faults = |text: &str| faults_of_source(&File::sample("a.rs", text)).len();
    assert_eq!(
        faults("//! What lives here.\nfn a_click_is_counted() {}\n"),
        0
    );
    assert_eq!(faults("fn nothing_is_said() {}\n"), 1);
    assert_eq!(faults(&format!("//! Long.\n{}", "\n".repeat(LINES_MAX))), 1);
    assert_eq!(faults(concat!("//! A.\nfn te", "st_a() {}")), 1);
    assert_eq!(faults(concat!("//! A.\nfn a() { to", "do!() }")), 1);
}

#[test]
fn a_text_that_is_left_for_later_is_refused() {
    let faults = |text: &str| unfinished(&File::sample("a.md", text)).len();
    assert_eq!(
        faults("Nothing to do here. A worker, and a session of a user.\n"),
        0
    );
    for word in UNFINISHED {
        assert_eq!(faults(&format!("later // {word}: more")), 1);
    }
    for place in OF_A_MACHINE {
        assert_eq!(faults(&format!("see {place}a.md")), 1);
    }
    for talk in OF_A_TALK {
        assert_eq!(faults(&format!("Done in {talk}.")), 1);
    }
}
