//! Clicks as Apache Parquet, which is written row group by row group.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Int16Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow_schema::ArrowError;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use uuid::Uuid;

use super::super::body::Row;
use crate::http::file::AnyError;

/// The clicks of a row group: what is held until it is written, some megabytes.
const GROUP_ROWS: usize = 20_000;

/// A file under way; what is written of it is taken away with every call.
pub(super) struct ParquetFile(ArrowWriter<Vec<u8>>);

impl ParquetFile {
    pub(super) fn new() -> Result<Self, AnyError> {
        let schema = batch(&[])?.schema();
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY);
        let writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties.build()))?;
        Ok(Self(writer))
    }

    pub(super) fn write(&mut self, rows: &[Row]) -> Result<Vec<u8>, AnyError> {
        self.0.write(&batch(rows)?)?;
        if self.0.in_progress_rows() >= GROUP_ROWS {
            self.0.flush()?;
        }
        Ok(std::mem::take(self.0.inner_mut()))
    }

    pub(super) fn end(self) -> Result<Vec<u8>, AnyError> {
        Ok(self.0.into_inner()?)
    }
}

fn batch(rows: &[Row]) -> Result<RecordBatch, ArrowError> {
    let texts = |text: fn(&Row) -> Option<&str>| -> ArrayRef {
        Arc::new(rows.iter().map(text).collect::<StringArray>())
    };
    let ids = |id: fn(&Row) -> Uuid| -> ArrayRef {
        let ids = rows.iter().map(|row| Some(id(row).to_string()));
        Arc::new(ids.collect::<StringArray>())
    };
    let times: TimestampMicrosecondArray = rows.iter().map(|row| Some(microseconds(row))).collect();
    let visitors = rows.iter().map(Row::visitor).collect::<StringArray>();
    let networks = rows.iter().map(Row::network).collect::<StringArray>();
    let bots = rows.iter().map(|row| Some(row.is_bot));
    let excluded = rows.iter().map(|row| Some(row.is_excluded));
    let variants = rows.iter().map(|row| row.variant);
    // Every column may be null, so that the schema doesn't depend on the rows.
    RecordBatch::try_from_iter_with_nullable([
        ("id", ids(|row| row.click_id), true),
        ("link_id", ids(|row| row.link_id), true),
        ("slug", texts(|row| Some(&row.slug)), true),
        ("occurred_at", Arc::new(times.with_timezone("UTC")), true),
        ("country", texts(|row| row.country.as_deref()), true),
        ("city", texts(|row| row.city.as_deref()), true),
        ("referrer", texts(|row| row.referrer.as_deref()), true),
        ("browser", texts(|row| row.browser.as_deref()), true),
        ("os", texts(|row| row.os.as_deref()), true),
        ("device", texts(|row| row.device.as_deref()), true),
        ("is_bot", Arc::new(bots.collect::<BooleanArray>()), true),
        ("visitor", Arc::new(visitors), true),
        ("network", Arc::new(networks), true),
        ("rule", texts(|row| row.rule.as_deref()), true),
        ("variant", Arc::new(variants.collect::<Int16Array>()), true),
        ("utm_source", texts(|row| row.utm_source.as_deref()), true),
        ("utm_medium", texts(|row| row.utm_medium.as_deref()), true),
        (
            "utm_campaign",
            texts(|row| row.utm_campaign.as_deref()),
            true,
        ),
        (
            "excluded",
            Arc::new(excluded.collect::<BooleanArray>()),
            true,
        ),
    ])
}

fn microseconds(row: &Row) -> i64 {
    let microseconds = row.occurred_at.unix_timestamp_nanos() / 1_000;
    // The years of a click are far from the ends of i64.
    i64::try_from(microseconds).unwrap_or(i64::MAX)
}
