//! The addresses at which people open short links.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stands in a path as it is: RFC 3986's unreserved characters.
const UNRESERVED: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The address of a slug at a host, which has its port where it isn't the scheme's own.
///
/// It is a URL wherever it is pasted: letters beyond ASCII are percent-encoded, which browsers show as they were.
pub fn short_url(scheme: &str, host: &str, slug: &str) -> String {
    let slug = utf8_percent_encode(slug, &UNRESERVED);
    format!("{scheme}://{host}/{slug}")
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::short_url;

    #[test]
    fn a_slug_of_any_script_makes_a_url() {
        for (slug, url) in [
            ("Spring-26_x", "https://go.example/Spring-26_x"),
            ("Grüße", "https://go.example/Gr%C3%BC%C3%9Fe"),
            ("東京", "https://go.example/%E6%9D%B1%E4%BA%AC"),
        ] {
            let made = short_url("https", "go.example", slug);
            assert_eq!(made, url);
            assert_eq!(Url::parse(&made).unwrap().as_str(), url);
        }
    }
}
