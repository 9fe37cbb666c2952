//! A click as it is counted: each text by a number, for texts that are alike come again and again.

use foldhash::HashMap;
use service::click_count::{Dimension, PackedClick, Values};
use time::OffsetDateTime;

const QUARTER_MINUTES: u8 = 15;

/// The place of a text among [`Texts`], of which a batch has far fewer than numbers.
type Number = u32;

/// One click of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Click {
    /// Which quarter of an hour of the day in UTC, from 0 to 95.
    pub(super) quarter: u8,
    pub(super) is_bot: bool,
    pub(super) visitor: Option<u64>,
    /// By the dimensions' numbers.
    pub(super) texts: [Number; Dimension::ALL.len()],
}

/// The texts of clicks, each once, in the order in which they came; the first is that of what is not known.
pub(super) struct Texts<'c> {
    all: Vec<&'c str>,
    numbers: HashMap<&'c str, Number>,
}

impl Default for Texts<'_> {
    fn default() -> Self {
        Self {
            all: vec![""],
            numbers: HashMap::default(),
        }
    }
}

impl<'c> Texts<'c> {
    pub(super) fn get(&self, number: Number) -> &'c str {
        self.all.get(number as usize).copied().unwrap_or_default()
    }

    pub(super) fn numbers(&mut self, values: Values<'c>) -> [Number; Dimension::ALL.len()] {
        values.map(|it| self.number(it))
    }

    pub(super) fn click(&mut self, packed: &PackedClick<'c>) -> Click {
        Click {
            quarter: packed.quarter,
            is_bot: packed.is_bot,
            visitor: packed.visitor,
            texts: self.numbers(packed.values),
        }
    }

    pub(super) fn packed(&self, click: &Click) -> PackedClick<'c> {
        PackedClick {
            quarter: click.quarter,
            is_bot: click.is_bot,
            visitor: click.visitor,
            values: click.texts.map(|it| self.get(it)),
        }
    }

    fn number(&mut self, text: &'c str) -> Number {
        if text.is_empty() {
            return 0;
        }
        let next = Number::try_from(self.all.len()).unwrap_or_default();
        *self.numbers.entry(text).or_insert_with(|| {
            self.all.push(text);
            next
        })
    }
}

/// Which quarter of an hour of its day.
pub(super) fn quarter(time: OffsetDateTime) -> u8 {
    time.hour() * 4 + time.minute() / QUARTER_MINUTES
}

#[cfg(test)]
mod tests {
    use super::{Texts, quarter};
    use service::click_count::PackedClick;
    use time::macros::datetime;

    #[test]
    fn a_text_has_one_number_and_a_click_keeps_its_texts() {
        let mut texts = Texts::default();
        let mut values = ["", "a", "b", "a", "", "b", "c", "", "", ""];
        assert_eq!(texts.numbers(values), [0, 1, 2, 1, 0, 2, 3, 0, 0, 0]);
        values[0] = "c";
        let packed = PackedClick {
            quarter: 95,
            is_bot: true,
            visitor: Some(7),
            values,
        };
        let click = texts.click(&packed);
        assert_eq!(click.texts, [3, 1, 2, 1, 0, 2, 3, 0, 0, 0]);
        assert_eq!(texts.packed(&click), packed);
    }

    #[test]
    fn a_day_has_ninety_six_quarters() {
        assert_eq!(quarter(datetime!(2026-11-21 0:00 UTC)), 0);
        assert_eq!(quarter(datetime!(2026-11-21 0:14:59.999999 UTC)), 0);
        assert_eq!(quarter(datetime!(2026-11-21 0:15 UTC)), 1);
        assert_eq!(quarter(datetime!(2026-11-21 23:59:59 UTC)), 95);
    }
}
