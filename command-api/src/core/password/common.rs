//! Passwords that are tried first by whoever guesses.

/// Sorted by bytes, in lower case, one to a line; where it comes from says `README.md` beside it.
const COMMON: &str = include_str!("common.txt");
/// What people put behind a word to make a password of it.
const SUFFIX_CHARS_MAX: usize = 4;
/// A shorter text that is repeated is as easily guessed as once.
const UNIT_CHARS_MAX: usize = 4;

/// Whether a password is common: one of the list, one of it with a few digits or signs behind, or a repetition.
pub(super) fn is_common(password: &str) -> bool {
    let password = password.to_lowercase();
    is_listed(&password)
        || is_listed_with_suffix(&password)
        || unit(&password).is_some_and(|unit| {
            unit.chars().count() <= UNIT_CHARS_MAX || is_listed(unit) || is_listed_with_suffix(unit)
        })
}

fn is_listed_with_suffix(password: &str) -> bool {
    let word = password.trim_end_matches(|c: char| !c.is_alphabetic());
    let suffix = password.get(word.len()..).unwrap_or_default();
    (1..=SUFFIX_CHARS_MAX).contains(&suffix.chars().count()) && is_listed(word)
}

/// What the text is a repetition of, if it is one.
fn unit(text: &str) -> Option<&str> {
    let ends = text.char_indices().map(|(at, _)| at).skip(1);
    let mut units = ends.filter_map(|end| text.get(..end));
    units.find(|unit| text.len().is_multiple_of(unit.len()) && is_repetition(text, unit))
}

fn is_repetition(text: &str, unit: &str) -> bool {
    text.as_bytes()
        .chunks(unit.len())
        .all(|chunk| chunk == unit.as_bytes())
}

/// Finds a line by halves, so that the list takes no memory but its own.
fn is_listed(password: &str) -> bool {
    let mut rest = COMMON;
    while !rest.is_empty() {
        let half = rest.floor_char_boundary(rest.len() / 2);
        let begin = rest.get(..half).and_then(|it| it.rfind('\n'));
        let begin = begin.map_or(0, |at| at + 1);
        let (before, from) = rest.split_at(begin);
        let (line, after) = from.split_once('\n').unwrap_or((from, ""));
        match password.cmp(line) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => rest = before,
            std::cmp::Ordering::Greater => rest = after,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::{COMMON, is_common, is_listed};

    #[test]
    fn every_password_of_the_list_is_found() {
        assert!(COMMON.lines().is_sorted());
        assert!(COMMON.lines().count() > 40_000);
        assert!(COMMON.lines().all(is_listed));
    }

    #[test]
    fn what_is_not_on_the_list_is_not_found() {
        for password in [
            "",
            "\n",
            "aaaaaaaaaaaaaaaaaaaaaab",
            "passwore",
            "zzzzzzzzzzzzzzz{",
        ] {
            assert!(!is_listed(password), "{password:?}");
        }
    }

    #[test]
    fn variations_of_common_passwords_are_common() {
        for password in [
            "1QAZ2WSX3EDC",
            "qwertyuiop2024",
            "passwordpassword",
            "abcdabcdabcd",
            "aaaaaaaaaaaa",
            "password1password1",
            "Administrator!!",
            "ääääääääääää",
        ] {
            assert!(is_common(password), "{password}");
        }
    }

    #[test]
    fn a_password_that_nobody_else_has_is_not_common() {
        for password in [
            "correct horse battery",
            "correct horse battery staple",
            "tr0ub4dor&3-xkcd",
            "ein langer Satz, den keiner rät",
            "password-of-ada-lovelace",
        ] {
            assert!(!is_common(password), "{password}");
        }
    }
}
