//! A figure: what was measured, beside what bounds it.

use crate::report;

/// What was measured, beside what bounds it.
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) measured: String,
    pub(crate) bound: String,
    /// What was measured by what bounds it.
    pub(crate) ratio: f64,
    /// What the ratio, or what was measured, is to be.
    pub(crate) wanted: &'static str,
}

/// Prints all figures of a bench.
pub(crate) fn print(bench: &str, figures: &[Figure]) {
    report::table(&rows(figures));
    let ratio = |it: &Figure| (it.name.replace([' ', ','], "_"), it.ratio);
    report::figures(bench, &figures.iter().map(ratio).collect::<Vec<_>>());
}

fn rows(figures: &[Figure]) -> Vec<Vec<String>> {
    let head = ["", "measured", "bounded by", "ratio", "wanted"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(figures.iter().map(|it| {
        let (ratio, wanted) = (format!("{:.2}", it.ratio), it.wanted.to_owned());
        vec![
            it.name.clone(),
            it.measured.clone(),
            it.bound.clone(),
            ratio,
            wanted,
        ]
    }));
    rows
}
