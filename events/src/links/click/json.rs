//! Clicks as JSON, byte for byte as serde writes them: what all of them have in common is copied, not looked through
//! for what must be escaped.

use serde::ser::Error as _;
use time::format_description::well_known::Rfc3339;
use uuid::fmt::Hyphenated;

use super::{Click, ClickEvent};
use crate::Timestamp;

impl ClickEvent<'_> {
    /// Adds it to `out` as serde would, in a fraction of the time.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        // A field that is left out here does not compile.
        let Self {
            specversion,
            id,
            source,
            event_type,
            time,
            data,
        } = self;
        text(out, br#"{"specversion":""#, specversion)?;
        uuid(out, br#","id":""#, id.uuid().hyphenated());
        text(out, br#","source":""#, source)?;
        text(out, br#","type":""#, event_type)?;
        self::time(out, br#","time":""#, *time)?;
        write_data(data, out)
    }
}

fn write_data(data: &Click<'_>, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    let Click {
        link_id,
        slug,
        country,
        referrer,
        browser,
        os,
        device,
        is_bot,
        city,
        visitor,
        network,
        rule,
        variant,
        utm_source,
        utm_medium,
        utm_campaign,
    } = data;
    uuid(out, br#","data":{"link_id":""#, link_id.uuid().hyphenated());
    text(out, br#","slug":""#, slug)?;
    known(out, br#","country":""#, country.as_deref())?;
    known(out, br#","referrer":""#, referrer.as_deref())?;
    known(out, br#","browser":""#, browser.as_deref())?;
    known(out, br#","os":""#, os.as_deref())?;
    known(out, br#","device":""#, device.as_deref())?;
    out.extend_from_slice(br#","is_bot":"#);
    out.extend_from_slice(if *is_bot { b"true" } else { b"false" });
    known(out, br#","city":""#, city.as_deref())?;
    known(out, br#","visitor":""#, visitor.as_deref())?;
    known(out, br#","network":""#, network.as_deref())?;
    known(out, br#","rule":""#, rule.as_deref())?;
    if let Some(variant) = variant {
        out.extend_from_slice(br#","variant":"#);
        serde_json::to_writer(&mut *out, variant)?;
    }
    known(out, br#","utm_source":""#, utm_source.as_deref())?;
    known(out, br#","utm_medium":""#, utm_medium.as_deref())?;
    known(out, br#","utm_campaign":""#, utm_campaign.as_deref())?;
    out.extend_from_slice(b"}}");
    Ok(())
}

/// What is not known is left out.
fn known(out: &mut Vec<u8>, before: &[u8], value: Option<&str>) -> Result<(), serde_json::Error> {
    value.map_or(Ok(()), |value| text(out, before, value))
}

/// `before` ends with the text's first quotation mark.
fn text(out: &mut Vec<u8>, before: &[u8], value: &str) -> Result<(), serde_json::Error> {
    out.extend_from_slice(before);
    // All bytes are looked at, so that several are at once.
    let is_plain = value
        .bytes()
        .fold(true, |is_plain, it| is_plain & stands_as_it_is(it));
    if !is_plain {
        out.pop();
        return serde_json::to_writer(out, value);
    }
    out.extend_from_slice(value.as_bytes());
    out.push(b'"');
    Ok(())
}

/// RFC 8259, section 7.
const fn stands_as_it_is(byte: u8) -> bool {
    !matches!(byte, ..0x20 | b'"' | b'\\')
}

fn uuid(out: &mut Vec<u8>, before: &[u8], value: Hyphenated) {
    out.extend_from_slice(before);
    out.extend_from_slice(value.encode_lower(&mut [0; Hyphenated::LENGTH]).as_bytes());
    out.push(b'"');
}

fn time(out: &mut Vec<u8>, before: &[u8], value: Timestamp) -> Result<(), serde_json::Error> {
    out.extend_from_slice(before);
    let written = value.odt().format_into(&mut *out, &Rfc3339);
    written.map_err(serde_json::Error::custom)?;
    out.push(b'"');
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::option;
    use proptest::prelude::*;
    use time::OffsetDateTime;
    use uuid::Uuid;

    use super::super::{Click, ClickEvent};
    use crate::{ClickId, LinkId, Timestamp};

    /// Texts of all kinds, many of which JSON has otherwise.
    fn text() -> impl Strategy<Value = Cow<'static, str>> {
        let odd = "[\u{0}-\u{7f}]{0,40}";
        prop_oneof![odd, any::<String>(), "[a-z]{0,40}"].prop_map(Cow::Owned)
    }

    prop_compose! {
        fn click()(
            ids: [u128; 2],
            slug in text(),
            is_bot: bool,
            variant: Option<u8>,
            mut texts in prop::collection::vec(option::of(text()), 12),
        ) -> Click<'static> {
            let mut text = || texts.pop().unwrap();
            Click {
                link_id: LinkId::new(Uuid::from_u128(ids[0])),
                slug,
                country: text(),
                referrer: text(),
                browser: text(),
                os: text(),
                device: text(),
                is_bot,
                city: text(),
                visitor: text(),
                network: text(),
                rule: text(),
                variant,
                utm_source: text(),
                utm_medium: text(),
                utm_campaign: text(),
            }
        }
    }

    proptest! {
        #[test]
        fn a_click_is_written_as_serde_does(
            data in click(),
            id: u128,
            event_type in text(),
            micros in -9_000_000_000_000_000_i128..9_000_000_000_000_000,
        ) {
            let time = OffsetDateTime::from_unix_timestamp_nanos(micros * 1_000).unwrap();
            let mut event = ClickEvent::new(ClickId::new(Uuid::from_u128(id)), Timestamp::new(time), data);
            event.event_type = event_type;
            let mut written = Vec::new();
            event.write(&mut written).unwrap();
            prop_assert_eq!(String::from_utf8(written).unwrap(), serde_json::to_string(&event).unwrap());
        }
    }

    #[test]
    fn a_time_that_has_no_text_is_written_as_the_nearest_that_has() {
        let time = OffsetDateTime::from_unix_timestamp(-99_999_999_999).unwrap();
        let data = Click::of(LinkId::new(Uuid::nil()), "a");
        let event = ClickEvent::new(ClickId::new(Uuid::nil()), Timestamp::new(time), data);
        let mut written = Vec::new();
        event.write(&mut written).unwrap();
        assert_eq!(written, serde_json::to_vec(&event).unwrap());
    }
}
