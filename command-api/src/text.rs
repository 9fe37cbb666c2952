//! Lines of text that people write: bounded, and without what hides or reverses what is read.

/// Why a text is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TextError {
    #[error("must not be empty")]
    Empty,
    #[error("must have at most {0} characters")]
    TooLong(usize),
    #[error("must not contain control characters or marks that change the direction of reading")]
    Hostile,
}

/// A line of 1 to `chars_max` characters, without the space around it.
pub(crate) fn line(text: &str, chars_max: usize) -> Result<String, TextError> {
    let text = text.trim();
    if text.is_empty() {
        Err(TextError::Empty)
    } else if text.chars().nth(chars_max).is_some() {
        Err(TextError::TooLong(chars_max))
    } else if text.chars().any(is_hostile) {
        Err(TextError::Hostile)
    } else {
        Ok(text.to_owned())
    }
}

/// Several lines of 1 to `chars_max` characters, without the space around them.
pub(crate) fn lines(text: &str, chars_max: usize) -> Result<String, TextError> {
    let unified = text.replace("\r\n", "\n");
    let text = unified.trim();
    if text.is_empty() {
        Err(TextError::Empty)
    } else if text.chars().nth(chars_max).is_some() {
        Err(TextError::TooLong(chars_max))
    } else if text
        .chars()
        .any(|c| is_hostile(c) && !matches!(c, '\n' | '\t'))
    {
        Err(TextError::Hostile)
    } else {
        Ok(text.to_owned())
    }
}

/// Control characters, and the directional marks of Unicode TR 9 that make a text read otherwise than it is.
pub(crate) fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::{TextError, line, lines};

    #[test]
    fn a_line_loses_the_space_around_it() {
        assert_eq!(line("  Ada Lovelace ", 20), Ok("Ada Lovelace".to_owned()));
    }

    #[test]
    fn several_lines_may_break_and_do_so_in_one_way() {
        assert_eq!(lines(" a\r\n\tb\n", 5), Ok("a\n\tb".to_owned()));
        assert_eq!(lines("\n", 5), Err(TextError::Empty));
        assert_eq!(lines("a\nb\nc\nd", 5), Err(TextError::TooLong(5)));
        assert_eq!(lines("a\u{202e}b", 5), Err(TextError::Hostile));
    }

    #[test]
    fn empty_overlong_and_hostile_lines_are_refused() {
        assert_eq!(line(" \t", 5), Err(TextError::Empty));
        assert_eq!(line("éééééé", 5), Err(TextError::TooLong(5)));
        for text in ["a\0b", "a\nb", "a\u{202e}b", "a\u{2066}b"] {
            assert_eq!(line(text, 5), Err(TextError::Hostile), "{text:?}");
        }
    }
}
