//! What a link's owner calls it: title, tags and notes, as they are sent.

use events::links::Label;
use service::body::Faults;

use super::patch::Patch;
use crate::text::{self, TextError};

/// The longest title, in characters.
pub(super) const TITLE_CHARS_MAX: usize = 200;
/// The most tags of a link.
pub(super) const TAGS_MAX: usize = 20;
/// The longest tag, in characters.
pub(super) const TAG_CHARS_MAX: usize = 50;
/// The longest notes, in characters.
pub(super) const NOTES_CHARS_MAX: usize = 5_000;

/// What is wanted of a label; what is left out stays.
#[derive(Default)]
pub(super) struct LabelWish {
    pub(super) title: Patch<String>,
    pub(super) tags: Option<Vec<String>>,
    pub(super) notes: Patch<String>,
}

impl LabelWish {
    /// The label as it is wanted.
    pub(super) fn apply(self, mut label: Label, faults: &mut Faults) -> Label {
        if let Some(title) = self.title {
            let parsed = title.map(|it| faults.take("/title", text::line(&it, TITLE_CHARS_MAX)));
            label.title = parsed.flatten();
        }
        if let Some(tags) = self.tags {
            label.tags = parse_tags(&tags, faults);
        }
        if let Some(notes) = self.notes {
            let parsed = notes.map(|it| faults.take("/notes", text::lines(&it, NOTES_CHARS_MAX)));
            label.notes = parsed.flatten();
        }
        label
    }
}

/// Each tag once, in the order in which they were sent.
fn parse_tags(texts: &[String], faults: &mut Faults) -> Vec<String> {
    if texts.len() > TAGS_MAX {
        faults.add("/tags", format!("must have at most {TAGS_MAX} tags"));
        return Vec::new();
    }
    let mut tags = Vec::with_capacity(texts.len());
    for (index, text) in texts.iter().enumerate() {
        let tag: Result<String, TextError> = text::line(text, TAG_CHARS_MAX);
        if let Some(tag) = faults.take(&format!("/tags/{index}"), tag)
            && !tags.contains(&tag)
        {
            tags.push(tag);
        }
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::{Label, LabelWish, TAGS_MAX};
    use service::body::Faults;

    fn label() -> Label {
        Label {
            title: Some("Spring".to_owned()),
            tags: vec!["mail".to_owned()],
            notes: Some("a\nb".to_owned()),
        }
    }

    #[test]
    fn what_is_left_out_stays_and_null_clears() {
        let mut faults = Faults::default();
        assert_eq!(LabelWish::default().apply(label(), &mut faults), label());
        let cleared = LabelWish {
            title: Some(None),
            tags: Some(Vec::new()),
            notes: Some(None),
        };
        assert_eq!(cleared.apply(label(), &mut faults), Label::default());
        assert!(faults.finish().is_ok());
    }

    #[test]
    fn a_tag_is_kept_once() {
        let mut faults = Faults::default();
        let tags = ["b", " a ", "b"].map(str::to_owned).to_vec();
        let wish = LabelWish {
            tags: Some(tags),
            ..LabelWish::default()
        };
        assert_eq!(wish.apply(Label::default(), &mut faults).tags, ["b", "a"]);
    }

    #[test]
    fn every_fault_is_found_at_once() {
        let mut faults = Faults::default();
        let wish = LabelWish {
            title: Some(Some("a\nb".to_owned())),
            tags: Some(vec![String::new()]),
            notes: Some(Some("x".repeat(5_001))),
        };
        wish.apply(Label::default(), &mut faults);
        let too_many = LabelWish {
            tags: Some(vec![String::new(); TAGS_MAX + 1]),
            ..LabelWish::default()
        };
        too_many.apply(Label::default(), &mut faults);
        let problem = format!("{:?}", faults.finish().unwrap_err());
        for pointer in ["/title", "/tags/0", "/notes", "\"/tags\""] {
            assert!(problem.contains(pointer), "{pointer} in {problem}");
        }
    }
}
