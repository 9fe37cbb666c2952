//! The partitions of `click`: one for each month in UTC, made when the first click of the month comes.

use std::collections::BTreeSet;

use sqlx::{AssertSqlSafe, PgConnection};
use time::{Date, Month};

use super::message::ClickMessage;

/// Makes the partitions that the clicks need and that are missing.
///
/// Only a worker that holds the projection's position gets here, so no two do this at once.
pub(super) async fn make_for(
    tx: &mut PgConnection,
    messages: &[&ClickMessage<'_>],
) -> Result<(), sqlx::Error> {
    let clicks = messages.iter().flat_map(|message| &message.clicks);
    let months: BTreeSet<(i32, Month)> =
        clicks.map(|click| month(click.time.odt().date())).collect();
    for (year, month) in months {
        let name = format!("click_{year:04}_{:02}", u8::from(month));
        let exists =
            sqlx::query_scalar!(r#"select to_regclass($1) is not null as "exists!""#, name)
                .fetch_one(&mut *tx)
                .await?;
        if !exists {
            let made = AssertSqlSafe(definition(&name, year, month));
            sqlx::raw_sql(made).execute(&mut *tx).await?;
            tracing::info!(partition = name, "made");
        }
    }
    Ok(())
}

fn month(date: Date) -> (i32, Month) {
    (date.year(), date.month())
}

/// Without a policy and a grant: clicks are read through the table that it is a part of.
fn definition(name: &str, year: i32, month: Month) -> String {
    let next = month.next();
    let next_year = if next == Month::January {
        year + 1
    } else {
        year
    };
    format!(
        "create table {name} partition of click \
         for values from ('{year:04}-{:02}-01 00:00:00Z') to ('{next_year:04}-{:02}-01 00:00:00Z'); \
         alter table {name} enable row level security",
        u8::from(month),
        u8::from(next)
    )
}

#[cfg(test)]
mod tests {
    use super::definition;
    use time::Month;

    #[test]
    fn a_partition_ends_where_the_next_month_begins() {
        assert_eq!(
            definition("click_2026_12", 2026, Month::December),
            "create table click_2026_12 partition of click \
             for values from ('2026-12-01 00:00:00Z') to ('2027-01-01 00:00:00Z'); \
             alter table click_2026_12 enable row level security"
        );
    }
}
