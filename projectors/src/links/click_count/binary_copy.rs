//! Rows in the format of Postgres' `COPY … (FORMAT binary)`.
//!
//! <https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-BINARY-FORMAT>

use events::Timestamp;
use uuid::Uuid;

/// The signature, no flags, no extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// Stands where a row's number of columns would.
const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();
const NULL: [u8; 4] = (-1_i32).to_be_bytes();
/// 2000-01-01, from which Postgres counts, in seconds since 1970-01-01.
const EPOCH_S: i64 = 946_684_800;

/// Rows, written column by column.
pub(super) struct BinaryCopy {
    bytes: Vec<u8>,
}

impl BinaryCopy {
    /// The beginning, without a row.
    pub(super) fn with_capacity(bytes: usize) -> Self {
        let mut copy = Self {
            bytes: Vec::with_capacity(bytes),
        };
        copy.bytes.extend_from_slice(HEADER);
        copy
    }

    /// What is written and not taken away yet.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Forgets what was sent.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
    }

    /// Begins a row; that many columns must follow.
    pub(super) fn row(&mut self, columns: i16) {
        self.bytes.extend_from_slice(&columns.to_be_bytes());
    }

    pub(super) fn uuid(&mut self, value: Uuid) {
        self.value(value.into_bytes());
    }

    pub(super) fn timestamptz(&mut self, value: Timestamp) {
        let time = value.odt();
        // The years -9999 to 9999, which a timestamp may have, are far from the ends of i64.
        let microseconds = (time.unix_timestamp() - EPOCH_S) * 1_000_000;
        self.bigint(microseconds + i64::from(time.microsecond()));
    }

    pub(super) fn bigint(&mut self, value: i64) {
        self.value(value.to_be_bytes());
    }

    pub(super) fn integer(&mut self, value: i32) {
        self.value(value.to_be_bytes());
    }

    pub(super) fn boolean(&mut self, value: bool) {
        self.value([u8::from(value)]);
    }

    pub(super) fn optional_bigint(&mut self, value: Option<i64>) {
        match value {
            Some(value) => self.bigint(value),
            None => self.null(),
        }
    }

    pub(super) fn optional_smallint(&mut self, value: Option<i16>) {
        match value {
            Some(value) => self.value(value.to_be_bytes()),
            None => self.null(),
        }
    }

    /// A text without NUL, much shorter than 2 GiB.
    pub(super) fn text(&mut self, value: &str) {
        let length = i32::try_from(value.len()).unwrap_or(i32::MAX);
        self.bytes.extend_from_slice(&length.to_be_bytes());
        self.bytes.extend_from_slice(value.as_bytes());
    }

    pub(super) fn optional_text(&mut self, value: Option<&str>) {
        match value {
            Some(value) => self.text(value),
            None => self.null(),
        }
    }

    /// Ends the last row.
    pub(super) fn finish(&mut self) {
        self.bytes.extend_from_slice(&TRAILER);
    }

    fn null(&mut self) {
        self.bytes.extend_from_slice(&NULL);
    }

    fn value<const N: usize>(&mut self, value: [u8; N]) {
        const { assert!(N <= 16, "a length of one byte") };
        #[expect(clippy::cast_possible_truncation, reason = "asserted above")]
        self.bytes.extend_from_slice(&[0, 0, 0, N as u8]);
        self.bytes.extend_from_slice(&value);
    }
}

#[cfg(test)]
mod tests {
    use super::BinaryCopy;
    use uuid::Uuid;

    fn written(write: impl FnOnce(&mut BinaryCopy)) -> Vec<u8> {
        let mut copy = BinaryCopy::with_capacity(64);
        copy.clear();
        write(&mut copy);
        copy.bytes().to_vec()
    }

    #[test]
    fn a_file_begins_with_the_signature_and_ends_with_the_trailer() {
        let mut copy = BinaryCopy::with_capacity(0);
        copy.finish();
        assert_eq!(copy.bytes(), b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0\xff\xff");
    }

    #[test]
    fn values_go_with_their_length_in_network_order() {
        assert_eq!(written(|it| it.row(16)), [0, 16]);
        assert_eq!(
            written(|it| it.integer(-2)),
            [0, 0, 0, 4, 255, 255, 255, 254]
        );
        assert_eq!(
            written(|it| it.bigint(258)),
            [0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 1, 2]
        );
        assert_eq!(written(|it| it.boolean(true)), [0, 0, 0, 1, 1]);
        assert_eq!(written(|it| it.text("né")), [0, 0, 0, 3, b'n', 195, 169]);
        let uuid = written(|it| it.uuid(Uuid::from_u128(7)));
        assert_eq!(
            (&uuid[..4], &uuid[4..]),
            (&[0, 0, 0, 16][..], &7_u128.to_be_bytes()[..])
        );
    }

    #[test]
    fn null_is_not_the_empty_text() {
        assert_eq!(written(|it| it.optional_text(None)), [255, 255, 255, 255]);
        assert_eq!(written(|it| it.optional_text(Some(""))), [0, 0, 0, 0]);
        assert_eq!(written(|it| it.optional_bigint(None)), [255, 255, 255, 255]);
        assert_eq!(
            written(|it| it.optional_smallint(None)),
            [255, 255, 255, 255]
        );
        assert_eq!(
            written(|it| it.optional_smallint(Some(0))),
            [0, 0, 0, 2, 0, 0]
        );
    }

    #[test]
    fn time_is_counted_from_the_year_2000() {
        let at = |text: &str| written(|it| it.timestamptz(text.parse().unwrap()));
        assert_eq!(at("2000-01-01T00:00:00.000001Z")[4..], 1_i64.to_be_bytes());
        assert_eq!(
            at("1999-12-31T23:59:59.999999Z")[4..],
            (-1_i64).to_be_bytes()
        );
    }
}
