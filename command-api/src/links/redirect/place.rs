//! An address that a link leads to, ready to be answered.

use axum::http::HeaderValue;
use events::links::Utm;
use url::Url;

/// An address that a link leads to, with the campaign parameters that it gets.
#[derive(Clone, Debug)]
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

/// The link's campaign parameters stand in the place of the target's own.
fn replace(url: &mut Url, utm: &Utm) {
    let is_ours = |name: &str| utm.parameters().any(|(ours, _)| ours == name);
    if url.query_pairs().any(|(name, _)| is_ours(&name)) {
        let others = url.query_pairs().filter(|(name, _)| !is_ours(name));
        let others: Vec<_> = others
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        url.query_pairs_mut().clear().extend_pairs(others);
    }
    url.query_pairs_mut().extend_pairs(utm.parameters());
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
}
