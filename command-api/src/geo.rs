//! Where addresses are, as a file in the MaxMind DB format tells: countries, and cities if it knows them.

use std::borrow::Cow;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use maxminddb::{MaxMindDbError, Reader};
use serde::Deserialize;

use crate::bounded_file::{self, FileError};

/// The largest file; those of all the world's cities have some 150 MB.
const FILE_BYTES_MAX: u64 = 1 << 30;
/// Longer names are no city's.
const CITY_BYTES_MAX: usize = 128;
/// What the names of such files' types hold, such as `GeoLite2-City` and `DBIP-Country-Lite`.
const TYPES: [&str; 3] = ["City", "Country", "Enterprise"];

/// What tells where addresses are; read into memory as a whole, so that whoever replaces the file disturbs nobody.
pub(crate) struct Geo(Option<Reader<Vec<u8>>>);

/// Where somebody is, as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spot<'a> {
    /// ISO 3166-1 alpha-2, upper case.
    pub(crate) country: Option<&'a str>,
    /// Its name in English.
    pub(crate) city: Option<&'a str>,
}

/// The file that tells where addresses are cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum GeoError {
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// It has another format.
    #[error("{} is no MaxMind DB", .path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<MaxMindDbError>,
    },
    /// It tells something else of addresses.
    #[error("{} is of the type {found}, which tells no countries; give one of cities or countries", .path.display())]
    Type {
        /// The file.
        path: PathBuf,
        /// What it says it is.
        found: String,
    },
}

/// The part of a record that is looked at; it borrows from the file.
#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow, default)]
    country: Country<'a>,
    #[serde(borrow, default)]
    city: City<'a>,
}

#[derive(Default, Deserialize)]
struct Country<'a> {
    #[serde(borrow, default)]
    iso_code: Option<&'a str>,
}

#[derive(Default, Deserialize)]
struct City<'a> {
    #[serde(borrow, default)]
    names: Names<'a>,
}

#[derive(Default, Deserialize)]
struct Names<'a> {
    #[serde(borrow, default)]
    en: Option<&'a str>,
}

impl Geo {
    /// Without a file, nothing is known of any address.
    pub(crate) fn read(path: Option<&Path>) -> Result<Self, GeoError> {
        let Some(path) = path else {
            return Ok(Self(None));
        };
        let reader =
            Reader::from_source(bounded_file::read(path, FILE_BYTES_MAX)?).map_err(|source| {
                GeoError::Format {
                    path: path.to_owned(),
                    source: source.into(),
                }
            })?;
        let found = &*reader.metadata().database_type;
        if !TYPES.iter().any(|it| found.contains(it)) {
            return Err(GeoError::Type {
                path: path.to_owned(),
                found: found.to_owned(),
            });
        }
        tracing::info!(file = %path.display(), kind = found, "read where addresses are");
        Ok(Self(Some(reader)))
    }

    /// Where an address is; a record that can't be read is one that isn't there.
    pub(crate) fn find(&self, address: IpAddr) -> Spot<'_> {
        let Some(reader) = &self.0 else {
            return Spot::default();
        };
        let found = reader.lookup(address).and_then(|it| it.decode::<Record>());
        let Ok(Some(Record { country, city })) = found else {
            return Spot::default();
        };
        Spot {
            country: country.iso_code.filter(|it| is_country(it)),
            city: city.names.en.filter(|it| is_city(it)),
        }
    }
}

/// A code of ISO 3166-1 alpha-2 in upper case, however it is written.
pub(crate) fn parse_country(text: Cow<'_, str>) -> Result<Cow<'_, str>, &'static str> {
    let code = if is_country(&text) {
        text
    } else {
        text.to_ascii_uppercase().into()
    };
    is_country(&code)
        .then_some(code)
        .ok_or("must be a country code of two letters")
}

/// Whether it looks like a code of ISO 3166-1 alpha-2.
pub(crate) fn is_country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn is_city(name: &str) -> bool {
    (1..=CITY_BYTES_MAX).contains(&name.len()) && !name.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::io::Write;
    use std::path::{Path, PathBuf};

    use proptest::prelude::*;
    use tempfile::NamedTempFile;

    use super::{Geo, Spot};

    fn file(name: &str) -> PathBuf {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata");
        PathBuf::from(folder).join(name)
    }

    fn read(name: &str) -> Geo {
        Geo::read(Some(&file(name))).unwrap()
    }

    fn fault(path: &Path) -> String {
        let error = Geo::read(Some(path)).err().unwrap();
        let source = error.source().map(|it| format!(": {it}"));
        format!("{error}{}", source.unwrap_or_default())
    }

    const fn spot<'a>(country: Option<&'a str>, city: Option<&'a str>) -> Spot<'a> {
        Spot { country, city }
    }

    #[test]
    fn a_file_of_cities_tells_country_and_city() {
        let geo = read("GeoIP2-City-Test.mmdb");
        for (address, expected) in [
            ("89.160.20.112", spot(Some("SE"), Some("Linköping"))),
            ("81.2.69.142", spot(Some("GB"), Some("London"))),
            ("2001:218::1", spot(Some("JP"), None)),
            ("192.0.2.1", spot(None, None)),
        ] {
            assert_eq!(geo.find(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn a_file_of_countries_tells_the_country_alone() {
        let geo = read("GeoIP2-Country-Test.mmdb");
        let found = geo.find("89.160.20.112".parse().unwrap());
        assert_eq!(found, spot(Some("SE"), None));
    }

    #[test]
    fn without_a_file_nothing_is_known() {
        let geo = Geo::read(None).unwrap();
        assert_eq!(geo.find("89.160.20.112".parse().unwrap()), Spot::default());
    }

    #[test]
    fn a_file_that_is_of_no_use_is_named_with_the_reason() {
        let told = fault(&file("GeoLite2-ASN-Test.mmdb"));
        assert!(
            told.contains("is of the type GeoLite2-ASN, which"),
            "{told}"
        );
        let missing = fault(Path::new("/nowhere/city.mmdb"));
        assert!(
            missing.starts_with("/nowhere/city.mmdb can't be read: "),
            "{missing}"
        );
        let mut text = NamedTempFile::new().unwrap();
        text.write_all(b"network,country\n").unwrap();
        let told = fault(text.path());
        assert!(told.contains("is no MaxMind DB: "), "{told}");
    }

    proptest! {
        #[test]
        fn no_address_makes_it_fall_over(v4: [u8; 4], v6: [u8; 16]) {
            let geo = read("GeoIP2-City-Test.mmdb");
            geo.find(v4.into());
            geo.find(v6.into());
        }
    }
}
