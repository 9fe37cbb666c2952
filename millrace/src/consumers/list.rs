//! Who reads what, and how far they have come.

use nats::{Reach, ReaderConsumer};

use super::broker::Bus;
use super::tell;

pub(super) async fn run(bus: &Bus) -> anyhow::Result<()> {
    let mut readers = bus.broker.readers().await?;
    if readers.is_empty() {
        tell("nobody else reads the bus");
        return Ok(());
    }
    readers.sort_by(|a, b| (&a.reader, a.stream).cmp(&(&b.reader, b.stream)));
    let heading = [
        "NAME",
        "STREAM",
        "READS",
        "PENDING",
        "UNACKNOWLEDGED",
        "ACKNOWLEDGED UP TO",
    ];
    let rows = readers.iter().map(row);
    let rows: Vec<_> = [heading.map(str::to_owned)]
        .into_iter()
        .chain(rows)
        .collect();
    tell(&table(&rows));
    Ok(())
}

fn row(consumer: &ReaderConsumer) -> [String; 6] {
    let reads = match consumer.reach {
        Reach::Everything => "everything".to_owned(),
        Reach::Workspace(workspace) => workspace.to_string(),
    };
    [
        consumer.reader.to_string(),
        consumer.stream.to_string(),
        reads,
        consumer.pending.to_string(),
        consumer.unacknowledged.to_string(),
        consumer.acknowledged.to_string(),
    ]
}

/// Columns as wide as what is in them.
fn table<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(String::len).max().unwrap_or_default()
    };
    let widths: Vec<_> = (0..COLUMNS).map(width).collect();
    let line = |row: &[String; COLUMNS]| {
        let cells = row.iter().zip(&widths);
        let padded: Vec<_> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        padded.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn columns_stand_below_one_another() {
        let rows = [["NAME", "READS"], ["a", "everything"], ["billing", "b"]];
        let rows = rows.map(|row| row.map(str::to_owned));
        assert_eq!(
            table(&rows),
            "NAME     READS\na        everything\nbilling  b"
        );
    }
}
