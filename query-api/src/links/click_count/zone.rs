//! The names of time zones.

/// No IANA zone has a longer name.
const CHARS_MAX: usize = 64;

/// The names of the time zone database that stand for no place, with what they are links to.
///
/// Postgres takes some for abbreviations: its CET knows no summer. It need not have the others.
#[rustfmt::skip]
const LINKS: [(&str, &str); 44] = [
    ("CET", "Europe/Brussels"), ("CST6CDT", "America/Chicago"), ("Cuba", "America/Havana"),
    ("EET", "Europe/Athens"), ("EST", "America/Panama"), ("EST5EDT", "America/New_York"),
    ("Egypt", "Africa/Cairo"), ("Eire", "Europe/Dublin"), ("GB", "Europe/London"),
    ("GB-Eire", "Europe/London"), ("GMT", "Etc/GMT"), ("GMT+0", "Etc/GMT"), ("GMT-0", "Etc/GMT"),
    ("GMT0", "Etc/GMT"), ("Greenwich", "Etc/GMT"), ("HST", "Pacific/Honolulu"),
    ("Hongkong", "Asia/Hong_Kong"), ("Iceland", "Atlantic/Reykjavik"), ("Iran", "Asia/Tehran"),
    ("Israel", "Asia/Jerusalem"), ("Jamaica", "America/Jamaica"), ("Japan", "Asia/Tokyo"),
    ("Kwajalein", "Pacific/Kwajalein"), ("Libya", "Africa/Tripoli"), ("MET", "Europe/Brussels"),
    ("MST", "America/Phoenix"), ("MST7MDT", "America/Denver"), ("NZ", "Pacific/Auckland"),
    ("NZ-CHAT", "Pacific/Chatham"), ("Navajo", "America/Denver"), ("PRC", "Asia/Shanghai"),
    ("PST8PDT", "America/Los_Angeles"), ("Poland", "Europe/Warsaw"), ("Portugal", "Europe/Lisbon"),
    ("ROC", "Asia/Taipei"), ("ROK", "Asia/Seoul"), ("Singapore", "Asia/Singapore"),
    ("Turkey", "Europe/Istanbul"), ("UCT", "Etc/UTC"), ("UTC", "Etc/UTC"),
    ("Universal", "Etc/UTC"), ("W-SU", "Europe/Moscow"), ("WET", "Europe/Lisbon"), ("Zulu", "Etc/UTC"),
];

/// The name of a place, or of a fixed distance, that Postgres may know.
///
/// It also takes POSIX rules and abbreviations, whose signs and seasons surprise, and zones that count leap seconds.
pub(super) fn parse(text: &str) -> Result<String, &'static str> {
    let link = LINKS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(text));
    match link {
        Some((_, place)) => Ok((*place).to_owned()),
        None if is_place(text) || is_distance(text) => Ok(text.to_owned()),
        None => Err("must be an IANA time zone such as Europe/Berlin, or UTC"),
    }
}

/// No place has a digit, and no POSIX rule is without.
fn is_place(text: &str) -> bool {
    let is_named = |byte: u8| byte.is_ascii_alphabetic() || b"/_+-".contains(&byte);
    let folder = text.split_once('/').map(|(folder, _)| folder);
    let is_of_clocks = |it: &str| {
        !["posix", "right"]
            .iter()
            .any(|no| no.eq_ignore_ascii_case(it))
    };
    text.len() <= CHARS_MAX && text.bytes().all(is_named) && folder.is_some_and(is_of_clocks)
}

/// Such as `Etc/GMT-14`, which is ahead.
fn is_distance(text: &str) -> bool {
    let hours = text.strip_prefix("Etc/GMT").and_then(|it| it.parse().ok());
    hours.is_some_and(|it: i8| (-14..=12).contains(&it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_distances_pass_as_they_are() {
        for zone in [
            "Europe/Berlin",
            "America/Port-au-Prince",
            "America/Argentina/Buenos_Aires",
            "Etc/GMT+12",
            "Etc/GMT-14",
            "Etc/GMT0",
            "US/Pacific",
        ] {
            assert_eq!(parse(zone), Ok(zone.to_owned()));
        }
    }

    #[test]
    fn names_without_a_place_are_those_of_one() {
        assert!(LINKS.iter().all(|(_, place)| is_place(place)));
        assert!(LINKS.is_sorted_by_key(|(name, _)| name));
        for (name, place) in [
            ("UTC", "Etc/UTC"),
            ("japan", "Asia/Tokyo"),
            ("CET", "Europe/Brussels"),
            ("EST5EDT", "America/New_York"),
        ] {
            assert_eq!(parse(name), Ok(place.to_owned()));
        }
    }

    #[test]
    fn rules_abbreviations_and_files_are_no_zones() {
        for text in [
            "",
            "XYZ3",
            "CEST",
            "EST5EDT4,M3.2.0/2",
            "EST5EDT4",
            "Foo/Bar+3",
            "Etc/GMT+15",
            "localtime",
            "posixrules",
            "posix/Europe/Berlin",
            "Right/Europe/Berlin",
            "../UTC",
            "Europe/Berlin\0",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
