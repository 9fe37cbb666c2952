//! Texts that are read where they stand.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};

/// For `#[serde(borrow, deserialize_with)]`: a text that may be missing, copied only if JSON has it otherwise.
///
/// Of a `Cow` in an `Option` serde alone always makes a copy.
pub fn borrowed<'de: 'a, 'a, D: Deserializer<'de>>(
    source: D,
) -> Result<Option<Cow<'a, str>>, D::Error> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

    let text = Option::<Text<'a>>::deserialize(source)?;
    Ok(text.map(|Text(text)| text))
}
