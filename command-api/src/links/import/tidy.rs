//! What other products let be written, and is no title, note or tag here: no link is refused for it.

use service::problem::Fault;

use crate::links::label::{NOTES_CHARS_MAX, TAG_CHARS_MAX, TAGS_MAX, TITLE_CHARS_MAX};
use crate::links::route::UTM_CHARS_MAX;
use crate::links::shorten::ShortenBody;
use crate::text::is_hostile;

/// Makes what a link is called fit, and tells what that took.
pub(super) fn tidy(body: &mut ShortenBody) -> Vec<Fault> {
    let mut told = Vec::new();
    line("/title", &mut body.title, TITLE_CHARS_MAX, &mut told);
    let is_kept = |c: char| matches!(c, '\n' | '\t') || !is_hostile(c);
    text(
        "/notes",
        &mut body.notes,
        NOTES_CHARS_MAX,
        is_kept,
        &mut told,
    );
    tags(&mut body.tags, &mut told);
    if let Some(utm) = &mut body.utm {
        for (pointer, value) in [
            ("/utm/source", &mut utm.source),
            ("/utm/medium", &mut utm.medium),
            ("/utm/campaign", &mut utm.campaign),
            ("/utm/term", &mut utm.term),
            ("/utm/content", &mut utm.content),
        ] {
            line(pointer, value, UTM_CHARS_MAX, &mut told);
        }
    }
    told
}

fn tags(tags: &mut Vec<String>, told: &mut Vec<Fault>) {
    let mut kept = Vec::new();
    for (index, tag) in tags.drain(..).enumerate() {
        let mut tag = Some(tag);
        line(&format!("/tags/{index}"), &mut tag, TAG_CHARS_MAX, told);
        kept.extend(tag.filter(|it| !kept.contains(it)));
    }
    if kept.len() > TAGS_MAX {
        kept.truncate(TAGS_MAX);
        let what = format!("were more than {TAGS_MAX}: the others are left out");
        told.push(Fault::new("/tags", what));
    }
    *tags = kept;
}

fn line(pointer: &str, value: &mut Option<String>, chars_max: usize, told: &mut Vec<Fault>) {
    text(pointer, value, chars_max, |c| !is_hostile(c), told);
}

/// Without what hides or reverses what is read, without the space around it, and cut; none if nothing is left.
fn text(
    pointer: &str,
    value: &mut Option<String>,
    chars_max: usize,
    is_kept: impl Fn(char) -> bool,
    told: &mut Vec<Fault>,
) {
    let Some(written) = value.take() else {
        return;
    };
    let written = written.replace("\r\n", "\n");
    let clean = written.chars().filter_map(|c| match c {
        c if is_kept(c) => Some(c),
        // What parts words goes on doing so.
        '\n' | '\r' | '\t' => Some(' '),
        _ => None,
    });
    let clean: String = clean.collect();
    if clean != written {
        told.push(Fault::new(
            pointer,
            "had control characters or marks of direction, which are left out",
        ));
    }
    let clean = clean.trim();
    let cut: String = clean.chars().take(chars_max).collect();
    if cut.len() < clean.len() {
        let what = format!("was longer than {chars_max} characters, and is cut");
        told.push(Fault::new(pointer, what));
    }
    let cut = cut.trim_end();
    *value = (!cut.is_empty()).then(|| cut.to_owned());
}

#[cfg(test)]
mod tests {
    use events::links::Label;
    use service::body::Faults;

    use super::tidy;
    use crate::links::label::LabelWish;
    use crate::links::route::UtmBody;
    use crate::links::shorten::ShortenBody;

    /// What is told of a link, and what is refused all the same.
    fn told(body: &mut ShortenBody) -> (Vec<String>, Vec<String>) {
        let told = tidy(body).into_iter().map(|it| it.pointer).collect();
        let wish = LabelWish {
            title: Some(body.title.clone()),
            tags: Some(body.tags.clone()),
            notes: Some(body.notes.clone()),
        };
        let mut faults = Faults::default();
        wish.apply(Label::default(), &mut faults);
        let refused = faults.into_list().into_iter().map(|it| it.pointer);
        (told, refused.collect())
    }

    #[test]
    fn what_is_in_order_stays_as_it_is() {
        let mut body = ShortenBody {
            title: Some(" Größe\u{a0}L ".to_owned()),
            tags: vec!["one".to_owned(), "two".to_owned()],
            notes: Some("a\r\n\tb".to_owned()),
            ..ShortenBody::default()
        };
        assert_eq!(told(&mut body), (Vec::new(), Vec::new()));
        assert_eq!(body.title.unwrap(), "Größe\u{a0}L");
        assert_eq!(body.notes.unwrap(), "a\n\tb");
        assert_eq!(body.tags, ["one", "two"]);
    }

    #[test]
    fn no_link_is_refused_for_what_it_is_called() {
        let mut body = ShortenBody {
            title: Some(format!("\u{200f}a\nb{}", "é".repeat(300))),
            tags: (0..30)
                .map(|it| format!("{it}{}", "x".repeat(60)))
                .collect(),
            notes: Some(format!("\u{61c}a\n{}", "y".repeat(6_000))),
            utm: Some(UtmBody {
                source: Some("z".repeat(190)),
                ..UtmBody::default()
            }),
            ..ShortenBody::default()
        };
        let (told, refused) = told(&mut body);
        assert_eq!(refused, [""; 0]);
        assert_eq!(body.title.unwrap(), format!("a b{}", "é".repeat(197)));
        assert!(body.notes.unwrap().starts_with("a\ny"));
        assert_eq!(body.tags.len(), 20);
        for pointer in ["/title", "/notes", "/tags/0", "/tags", "/utm/source"] {
            assert!(told.iter().any(|it| it == pointer), "{pointer} in {told:?}");
        }
    }

    #[test]
    fn what_nothing_is_left_of_is_none() {
        let mut body = ShortenBody {
            title: Some(" \u{200e}".to_owned()),
            tags: vec!["\u{feff}".to_owned()],
            ..ShortenBody::default()
        };
        assert_eq!(told(&mut body).1, [""; 0]);
        assert!(body.title.is_none() && body.tags.is_empty());
    }
}
