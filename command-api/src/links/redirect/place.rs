//! An address that a link leads to, ready to be answered.

use axum::http::HeaderValue;
use events::links::Utm;
use url::{Url, form_urlencoded};

/// An address that a link leads to, with the campaign parameters that it gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place(HeaderValue);

impl Place {
    /// `None` if the target is none; events only carry parsed ones.
    pub(super) fn new(target: &str, utm: &Utm) -> Option<Self> {
        if utm.is_empty() {
            return HeaderValue::from_str(target).ok().map(Self);
        }
        let mut url: Url = target.parse().ok()?;
        replace(&mut url, utm);
        HeaderValue::from_str(url.as_str()).ok().map(Self)
    }

    /// The `Location`: the address, with the request's query where one is forwarded.
    pub(super) fn location(&self, query: Option<&str>) -> HeaderValue {
        let query = query.filter(|query| !query.is_empty());
        query
            .and_then(|query| self.with_query(query))
            .unwrap_or_else(|| self.0.clone())
    }

    pub(super) fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    fn with_query(&self, query: &str) -> Option<HeaderValue> {
        let (address, fragment) = match self.as_str().split_once('#') {
            Some((address, fragment)) => (address, Some(fragment)),
            None => (self.as_str(), None),
        };
        let joint = if address.contains('?') { '&' } else { '?' };
        let fragment = fragment.map(|it| format!("#{it}")).unwrap_or_default();
        HeaderValue::from_str(&format!("{address}{joint}{query}{fragment}")).ok()
    }
}

/// The link's campaign parameters stand in the place of the target's own; whatever else it has stays as it is written.
fn replace(url: &mut Url, utm: &Utm) {
    let is_ours = |piece: &&str| {
        let mut names = form_urlencoded::parse(piece.as_bytes()).map(|(name, _)| name);
        names.any(|name| utm.parameters().any(|(ours, _)| ours == name))
    };
    let mut query: Vec<&str> = url.query().unwrap_or_default().split('&').collect();
    query.retain(|piece| !is_ours(piece));
    let query = form_urlencoded::Serializer::new(query.join("&"))
        .extend_pairs(utm.parameters())
        .finish();
    url.set_query(Some(&query));
}

#[cfg(test)]
mod tests {
    use super::Place;
    use events::links::Utm;

    fn place(target: &str) -> Place {
        Place::new(target, &Utm::default()).unwrap()
    }

    #[test]
    fn without_a_query_the_address_is_the_targets_own() {
        for query in [None, Some("")] {
            assert_eq!(
                place("https://a.example/").location(query),
                "https://a.example/"
            );
        }
    }

    #[test]
    fn a_forwarded_query_joins_the_targets_own_and_stays_before_its_fragment() {
        for (target, location) in [
            ("https://a.example/", "https://a.example/?x=1"),
            ("https://a.example/?y=2", "https://a.example/?y=2&x=1"),
            ("https://a.example/#top", "https://a.example/?x=1#top"),
            (
                "https://a.example/?y=2#top",
                "https://a.example/?y=2&x=1#top",
            ),
        ] {
            assert_eq!(place(target).location(Some("x=1")), location);
        }
    }

    #[test]
    fn campaign_parameters_are_added_escaped_and_before_what_is_forwarded() {
        let utm = Utm {
            source: Some("news & mail".to_owned()),
            campaign: Some("spring".to_owned()),
            ..Utm::default()
        };
        let place = Place::new("https://a.example/?y=2#top", &utm).unwrap();
        assert_eq!(
            place.location(Some("x=1")),
            "https://a.example/?y=2&utm_source=news+%26+mail&utm_campaign=spring&x=1#top"
        );
    }

    #[test]
    fn campaign_parameters_stand_in_the_place_of_the_targets_own() {
        let utm = Utm {
            source: Some("news".to_owned()),
            ..Utm::default()
        };
        let place = Place::new("https://a.example/?utm_source=old&y=2&utm_medium=x", &utm);
        assert_eq!(
            place.unwrap().as_str(),
            "https://a.example/?y=2&utm_medium=x&utm_source=news"
        );
    }

    #[test]
    fn the_targets_other_parameters_stay_byte_for_byte() {
        let utm = Utm {
            source: Some("new".to_owned()),
            ..Utm::default()
        };
        for (query, location) in [
            (
                "?q=caf%E9&flag&s=a%20b&utm_source=old",
                "?q=caf%E9&flag&s=a%20b&utm_source=new",
            ),
            (
                "?utm%5Fsource=old&sig=a+b%2F#x",
                "?sig=a+b%2F&utm_source=new#x",
            ),
            ("?utm_source", "?utm_source=new"),
            ("?x=1&", "?x=1&&utm_source=new"),
            ("?", "?utm_source=new"),
            ("?x=%E9", "?x=%E9&utm_source=new"),
        ] {
            let place = Place::new(&format!("https://a.example/{query}"), &utm);
            let expected = format!("https://a.example/{location}");
            assert_eq!(place.unwrap().as_str(), expected);
        }
    }
}
