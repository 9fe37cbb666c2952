//! Which slugs of before still lead to a link.

use service::body::Faults;

use super::domain::Space;
use super::link::Details;

/// The slugs of before that are wanted, oldest first; all that there are, if none are named.
pub(super) fn wanted(
    details: &Details,
    space: &Space,
    slug: &str,
    named: Option<&[String]>,
    faults: &mut Faults,
) -> Vec<String> {
    let is_same = |one: &str, other: &str| space.is_same(one, other);
    let before = details.slugs().filter(|it| !is_same(it, slug));
    let Some(named) = named else {
        return before.map(str::to_owned).collect();
    };
    for (index, name) in named.iter().enumerate() {
        let leads = |it: &str| is_same(it, name);
        if !details.slugs().any(leads) || is_same(slug, name) {
            let fault = "is no slug of before that leads to the link";
            faults.add(&format!("/former_slugs/{index}"), fault);
        }
    }
    let is_named = |it: &&str| named.iter().any(|name| is_same(it, name));
    before.filter(is_named).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::{Space, wanted};
    use crate::links::link::{Details, samples};
    use events::links::Label;
    use service::body::Faults;

    fn details() -> Details {
        Details {
            domain: samples::DOMAIN.to_owned(),
            own_domain: None,
            slug: "summer".to_owned(),
            former_slugs: vec!["winter".to_owned(), "spring".to_owned()],
            route: samples::route("https://shop.example/"),
            label: Label::default(),
        }
    }

    /// The slugs of before, and whether any that was named is none.
    fn of(slug: &str, named: Option<&[&str]>) -> (Vec<String>, bool) {
        let mut faults = Faults::default();
        let space = Space::installation(samples::DOMAIN);
        let named: Option<Vec<String>> =
            named.map(|names| names.iter().map(|it| (*it).to_owned()).collect());
        let slugs = wanted(&details(), &space, slug, named.as_deref(), &mut faults);
        (slugs, faults.finish().is_ok())
    }

    fn slugs(slugs: &[&str]) -> Vec<String> {
        slugs.iter().map(|it| (*it).to_owned()).collect()
    }

    #[test]
    fn all_stay_unless_some_are_named() {
        assert_eq!(of("summer", None), (slugs(&["winter", "spring"]), true));
        assert_eq!(of("summer", Some(&["spring"])), (slugs(&["spring"]), true));
        assert_eq!(of("summer", Some(&[])), (slugs(&[]), true));
    }

    #[test]
    fn the_slug_that_was_becomes_a_former_one() {
        let all = slugs(&["winter", "spring", "summer"]);
        assert_eq!(of("autumn", None), (all, true));
        assert_eq!(of("autumn", Some(&["summer"])), (slugs(&["summer"]), true));
    }

    #[test]
    fn a_former_slug_that_is_taken_again_is_none_any_more() {
        assert_eq!(of("winter", None), (slugs(&["spring", "summer"]), true));
    }

    #[test]
    fn a_strange_slug_is_a_fault() {
        assert!(!of("summer", Some(&["monsoon"])).1);
        assert!(!of("summer", Some(&["summer"])).1);
    }
}
