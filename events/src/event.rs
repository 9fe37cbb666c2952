//! Events as bytes: the type's name in a header, the data as JSON in the body.

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What can happen to one kind of aggregate: an enum of past participles.
///
/// Each variant is renamed, by serde, to its event's name and version (`shortened.v1`), and has named fields.
/// A variant that was ever written stays readable for ever: a new version is a new name, and
/// [`DomainEvent::upcast`] leads the old one to it.
pub trait DomainEvent: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// The first part of the events' types: `millrace.<context>.<aggregate>`.
    const AGGREGATE: &'static str;

    /// Leads an old version, one that has no variant any more, to a newer one.
    ///
    /// `name` is the type without the aggregate, such as `shortened.v1`.
    #[expect(unused_variables, reason = "the names say what an implementation gets")]
    fn upcast(name: &str, data: serde_json::Value) -> Option<(String, serde_json::Value)> {
        None
    }

    /// The event's full type and its data as JSON.
    fn encode(&self) -> Result<Encoded, serde_json::Error> {
        let tagged = serde_json::to_string(self)?;
        let inner = tagged
            .strip_prefix("{\"")
            .and_then(|rest| rest.strip_suffix('}'));
        let (name, body) = inner.and_then(|it| it.split_once("\":")).ok_or_else(|| {
            <serde_json::Error as serde::ser::Error>::custom(
                "an event's variant needs named fields",
            )
        })?;
        Ok(Encoded {
            event_type: format!("{}.{name}", Self::AGGREGATE),
            body: body.as_bytes().to_vec(),
        })
    }

    /// Reads an event, old versions included.
    fn decode(event_type: &str, body: &[u8]) -> Result<Self, DecodeError> {
        let name = event_type
            .strip_prefix(Self::AGGREGATE)
            .and_then(|rest| rest.strip_prefix('.'))
            .filter(|name| is_event_name(name))
            .ok_or_else(|| DecodeError::UnknownType(event_type.to_owned()))?;
        decode_named(name, body)
    }
}

/// An event ready for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// `ce-type`: `millrace.<context>.<aggregate>.<event>.v<N>`.
    pub event_type: String,
    /// The data as JSON.
    pub body: Vec<u8>,
}

/// A message on the log could not be read as the event that it should be.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// No event of this aggregate, in any version, has that type.
    #[error("unknown event type {0:?}")]
    UnknownType(String),
    /// The data does not fit the type.
    #[error("the data does not fit the event type {event_type:?}")]
    Data {
        /// The name and version that the data should fit.
        event_type: String,
        /// What serde found.
        #[source]
        source: serde_json::Error,
    },
    /// An envelope's header is missing or wrong.
    #[error("the envelope's {header} header is missing or wrong")]
    Header {
        /// The header's name.
        header: &'static str,
    },
}

fn is_event_name(name: &str) -> bool {
    name.bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._".contains(&byte))
}

/// Puts the name around the data again, as serde's externally tagged form has it, and reads both in one pass.
fn decode_named<E: DomainEvent>(name: &str, body: &[u8]) -> Result<E, DecodeError> {
    let mut tagged = Vec::with_capacity(name.len() + body.len() + 5);
    tagged.extend_from_slice(b"{\"");
    tagged.extend_from_slice(name.as_bytes());
    tagged.extend_from_slice(b"\":");
    tagged.extend_from_slice(body);
    tagged.push(b'}');
    serde_json::from_slice(&tagged).or_else(|source| {
        let data_error = |source| DecodeError::Data {
            event_type: name.to_owned(),
            source,
        };
        let data: serde_json::Value = serde_json::from_slice(body).map_err(data_error)?;
        let (name, data) = E::upcast(name, data).ok_or(data_error(source))?;
        decode_named(&name, data.to_string().as_bytes())
    })
}

#[cfg(test)]
mod tests {
    use super::{DecodeError, DomainEvent};
    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};

    #[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
    enum LampEvent {
        #[serde(rename = "lit.v2")]
        Lit { lumen: u32 },
    }

    impl DomainEvent for LampEvent {
        const AGGREGATE: &'static str = "millrace.house.lamp";

        fn upcast(name: &str, data: serde_json::Value) -> Option<(String, serde_json::Value)> {
            let watt = data.get("watt")?.as_u64()?;
            (name == "lit.v1").then(|| {
                (
                    "lit.v2".to_owned(),
                    serde_json::json!({ "lumen": watt * 12 }),
                )
            })
        }
    }

    #[test]
    fn the_type_goes_before_and_the_data_is_plain_json() {
        let encoded = LampEvent::Lit { lumen: 5 }.encode().unwrap();
        assert_eq!(encoded.event_type, "millrace.house.lamp.lit.v2");
        assert_eq!(encoded.body, br#"{"lumen":5}"#);
    }

    #[test]
    fn an_old_version_is_led_to_the_new_one() {
        let event = LampEvent::decode("millrace.house.lamp.lit.v1", br#"{"watt":40}"#).unwrap();
        assert_eq!(event, LampEvent::Lit { lumen: 480 });
    }

    #[test]
    fn a_stranger_is_named() {
        for strange in [
            "millrace.house.lamp",
            "millrace.house.door.shut.v1",
            "millrace.house.lamp.\"x",
        ] {
            let error = LampEvent::decode(strange, b"{}").unwrap_err();
            assert!(matches!(error, DecodeError::UnknownType(name) if name == strange));
        }
    }

    #[test]
    fn data_that_does_not_fit_is_refused() {
        for body in [&br#"{"lumen":-1}"#[..], b"", b"{}", br#"{"lumen":1},"x":{"#] {
            assert!(LampEvent::decode("millrace.house.lamp.lit.v2", body).is_err());
        }
    }
}
