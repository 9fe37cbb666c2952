//! What people see who open a link that doesn't lead on at once.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Nothing is loaded, nothing runs, and nobody frames it.
/// Without `form-action`: browsers hold it against the redirect that follows the form, too.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";
const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:20vh auto 0;padding:0 1rem;\
    color:#222;background:#fff}h1{font-size:1.25rem}code{overflow-wrap:anywhere}input,button{font:inherit;padding:.4rem .6rem}\
    @media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}a{color:#9cf}}";

/// Whether the visitor's program shows pages to people.
pub(super) fn is_wanted(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT);
    accept.is_some_and(|value| value.as_bytes().windows(9).any(|it| it == b"text/html"))
}

/// Without that a cache may go on answering what is so no longer: 404 and 410, too (RFC 9111, section 4.2.2).
pub(super) fn kept_by_nobody(mut response: Response) -> Response {
    let never = HeaderValue::from_static("private, no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, never);
    response
}

/// The page that asks for a link's password.
pub(super) fn password(status: StatusCode, fault: Option<&str>) -> Response {
    let fault = fault.map_or_else(String::new, |it| {
        format!("<p role=\"alert\">{}</p>", escaped(it))
    });
    let body = format!(
        "{fault}<form method=\"post\"><label>Password <input type=\"password\" name=\"password\" required autofocus \
         autocomplete=\"off\" maxlength=\"128\"></label> <button>Open</button></form>"
    );
    page(status, "This link asks for a password", &body)
}

/// The page that says that a link leads nowhere.
pub(super) fn dead(status: StatusCode, title: &str) -> Response {
    page(status, title, "")
}

/// The page that says where a link leads, or to which of several targets, without leading there.
pub(super) fn preview(title: Option<&str>, targets: &[&str]) -> Response {
    page(
        StatusCode::OK,
        title.unwrap_or("A short link"),
        &leading_to(targets),
    )
}

fn leading_to(targets: &[&str]) -> String {
    if let &[target] = targets {
        let target = escaped(target);
        return format!(
            "<p>It leads to</p><p><code>{target}</code></p><p><a rel=\"noreferrer nofollow\" href=\"{target}\">Go there</a></p>"
        );
    }
    let items = targets.iter().map(|target| {
        let target = escaped(target);
        format!(
            "<li><a rel=\"noreferrer nofollow\" href=\"{target}\"><code>{target}</code></a></li>"
        )
    });
    let items: String = items.collect();
    format!("<p>It depends on the visitor to which of these it leads</p><ul>{items}</ul>")
}

fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let title = escaped(title);
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"robots\" content=\"noindex\"><title>{title}</title><style>{STYLE}</style><h1>{title}</h1>{body}</html>"
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    let headers = headers.map(|(name, value)| (name, HeaderValue::from_static(value)));
    kept_by_nobody((status, headers, html).into_response())
}

/// The text, as HTML shows it: in an element, or in an attribute with double quotes.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::{escaped, is_wanted, leading_to};
    use axum::http::{HeaderMap, HeaderValue, header};

    #[test]
    fn what_an_owner_wrote_is_never_read_as_html() {
        assert_eq!(escaped("<a href=\"'&"), "&lt;a href=&quot;&#39;&amp;");
    }

    #[test]
    fn each_of_several_targets_is_shown_and_none_is_read_as_html() {
        let html = leading_to(&["https://a.example/?x=1&y='\"", "https://b.example/"]);
        assert!(html.contains("depends on the visitor"), "{html}");
        for target in [
            "https://a.example/?x=1&amp;y=&#39;&quot;",
            "https://b.example/",
        ] {
            let item = format!("href=\"{target}\"><code>{target}</code></a></li>");
            assert!(html.contains(&item), "{item} in {html}");
        }
    }

    #[test]
    fn a_page_is_for_who_takes_html() {
        let is_wanted = |accept: &'static str| {
            let value = HeaderValue::from_static(accept);
            is_wanted(&HeaderMap::from_iter([(header::ACCEPT, value)]))
        };
        assert!(is_wanted("text/html,application/xhtml+xml,*/*;q=0.8"));
        assert!(!is_wanted("*/*"));
        assert!(!is_wanted("application/json"));
    }
}
