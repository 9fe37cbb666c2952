//! Tables for people, and one line for machines.

#![expect(clippy::print_stdout, reason = "the report is the program's output")]

use serde_json::{Map, Value};

/// Prints a line.
pub(crate) fn line(text: &str) {
    println!("{text}");
}

/// Prints a table: its first row is the head, and its columns are as wide as they need to be.
pub(crate) fn table(rows: &[Vec<String>]) {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |at: usize| {
        rows.iter()
            .filter_map(|row| row.get(at))
            .map(String::len)
            .max()
    };
    let widths: Vec<usize> = (0..columns).map(|at| width(at).unwrap_or(0)).collect();
    for row in rows {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:>width$}"));
        println!("{}", cells.collect::<Vec<_>>().join("  "));
    }
}

/// Prints the last line: the bench and its figures, rounded to three digits.
pub(crate) fn figures(bench: &str, figures: &[(String, f64)]) {
    let figures: Map<String, Value> = figures
        .iter()
        .map(|(name, value)| (name.clone(), ((value * 1_000.0).round() / 1_000.0).into()))
        .collect();
    println!(
        "{}",
        serde_json::json!({ "bench": bench, "figures": figures })
    );
}
