//! How the clocks of a zone go: Postgres knows the time zones.

use service::body::Faults;
use service::problem::Problem;
use sqlx::PgConnection;
use time::{OffsetDateTime, PrimitiveDateTime, UtcOffset};

use crate::database;

/// `SQLSTATE` of a zone that Postgres doesn't know (invalid parameter value).
const UNKNOWN_ZONE: &str = "22023";

/// From then on, until the next one, the clocks are as far from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) since: OffsetDateTime,
    pub(super) offset: UtcOffset,
}

impl Stretch {
    /// What the clocks show.
    pub(super) fn local(self, time: OffsetDateTime) -> PrimitiveDateTime {
        let shown = time.to_offset(self.offset);
        PrimitiveDateTime::new(shown.date(), shown.time())
    }

    /// When the clocks show it.
    pub(super) fn time(self, local: PrimitiveDateTime) -> OffsetDateTime {
        local.assume_offset(self.offset).to_offset(UtcOffset::UTC)
    }
}

/// The stretches from then on, of which the last may begin within a day behind `to`.
///
/// Clocks are looked at once a day, and where they were changed in between, every quarter of an hour:
/// no zone changes them twice in a day. A change within a quarter is one at its end.
pub(super) async fn of(
    read: &mut PgConnection,
    zone: &str,
    from: OffsetDateTime,
    to: OffsetDateTime,
) -> Result<Vec<Stretch>, Problem> {
    let rows = sqlx::query!(
        r#"select quarter as "since!",
                  extract(epoch from (quarter at time zone $1) - (quarter at time zone 'UTC'))::int
                    as "offset_seconds!"
             from (select day, day = $2 or ahead <> lead(ahead) over (order by day) as is_walked
                     from (select day, (day at time zone $1) - (day at time zone 'UTC') as ahead
                             from generate_series($2::timestamptz, $3::timestamptz + interval '24 hours',
                                                  interval '24 hours') as day) as looked_at) as compared,
                  generate_series(day, day + interval '24 hours', interval '15 minutes') as quarter
            where is_walked
            order by quarter"#,
        zone,
        from,
        to,
    )
    .fetch_all(read)
    .await
    .map_err(|error| match database::code(&error).as_deref() {
        Some(UNKNOWN_ZONE) => unknown_zone(),
        _ => database::problem(error),
    })?;
    let mut stretches = Vec::with_capacity(rows.len());
    for row in rows {
        stretches.push(Stretch {
            since: row.since,
            offset: UtcOffset::from_whole_seconds(row.offset_seconds)
                .map_err(|_| unknown_zone())?,
        });
    }
    stretches.dedup_by_key(|it| it.offset);
    Ok(stretches)
}

pub(super) fn unknown_zone() -> Problem {
    let mut faults = Faults::default();
    faults.add("/tz", "is no time zone that the database knows");
    faults.into()
}
