//! The README's table of settings is the code's.

use anyhow::{Context, ensure};
use service::config::{SETTINGS, Setting};

use super::tree::file;

/// The first two columns of the table below `## Settings`, without backticks.
fn table(markdown: &str) -> anyhow::Result<Vec<(String, String)>> {
    let (_, section) = markdown
        .split_once("\n## Settings\n")
        .context("no heading `## Settings`")?;
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.map(|row| {
        let mut cells = row
            .split('|')
            .skip(1)
            .map(|cell| cell.trim().replace('`', ""));
        (
            cells.next().unwrap_or_default(),
            cells.next().unwrap_or_default(),
        )
    });
    Ok(cells.collect())
}

/// Whether the table names exactly these settings and their defaults, in their order.
fn check(markdown: &str, settings: &[Setting]) -> anyhow::Result<()> {
    let told = table(markdown)?;
    let expected: Vec<_> = settings
        .iter()
        .map(|it| {
            (
                it.name.to_owned(),
                it.default.unwrap_or_default().to_owned(),
            )
        })
        .collect();
    ensure!(
        told == expected,
        "the table says\n{told:#?}\nthe code\n{expected:#?}"
    );
    Ok(())
}

#[test]
fn the_readme_names_every_setting_and_its_default() -> anyhow::Result<()> {
    check(&file("README.md")?.text, SETTINGS)
}

#[test]
fn a_table_that_differs_is_refused() {
    let settings = [
        Setting {
            name: "A_B",
            default: Some("1"),
        },
        Setting {
            name: "C",
            default: None,
        },
    ];
    let good = "# T\n\n## Settings\n\n| variable | default |\n|---|---|\n| `A_B` | `1` | a |\n| `C` |  | b |\n\n## More\n| `D` | |\n";
    check(good, &settings).unwrap();
    for bad in [
        good.replace("`A_B`", "`A_C`"),
        good.replace("`1`", "`2`"),
        good.replace("| `C` |  | b |\n", ""),
        good.replace("\n\n## More", ""),
        good.replace("## Settings", "## Options"),
    ] {
        assert!(check(&bad, &settings).is_err(), "{bad}");
    }
}
