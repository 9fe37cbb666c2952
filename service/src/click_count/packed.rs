//! A few clicks of one day in a few bytes each, as they are kept until there are enough to be added up.
//!
//! A version, then click by click: its quarter of an hour, whether it is a bot's and has a visitor, the visitor,
//! and a number for each dimension: 0 for what isn't known, else the place of a text among those before,
//! or one more, and then the new text follows.

use foldhash::HashMap;

use super::dimension::{Dimension, Values};

const VERSION: u8 = 1;
const IS_BOT: u8 = 1;
const HAS_VISITOR: u8 = 2;
/// Of a number's byte: another follows.
const MORE: u8 = 128;

/// One click of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackedClick<'a> {
    /// Which quarter of an hour of the day in UTC, from 0 to 95.
    pub quarter: u8,
    /// Whether a program clicked.
    pub is_bot: bool,
    /// Who it was, as far as it is told.
    pub visitor: Option<u64>,
    /// What it can be told apart by.
    pub values: Values<'a>,
}

/// The bytes are no packed clicks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no packed clicks")]
pub struct PackedError;

/// The clicks in bytes; none make no byte.
pub fn pack<'c>(clicks: impl IntoIterator<Item = PackedClick<'c>>) -> Vec<u8> {
    PackedDay::default().with(clicks)
}

/// The packed clicks of a day, looked through so that others can be added.
#[derive(Debug, Default)]
pub struct PackedDay<'a> {
    bytes: &'a [u8],
    texts: Vec<&'a str>,
    count: usize,
}

impl<'a> PackedDay<'a> {
    /// Looks through the bytes.
    pub fn read(bytes: &'a [u8]) -> Result<Self, PackedError> {
        let (mut reader, mut count) = (Reader::of(bytes)?, 0);
        while !reader.rest.is_empty() {
            reader.click()?;
            count += 1;
        }
        Ok(Self {
            bytes,
            texts: reader.texts,
            count,
        })
    }

    /// How many clicks there are.
    pub const fn count(&self) -> usize {
        self.count
    }

    /// The bytes with more clicks behind: the same as if all had been packed at once.
    pub fn with<'c>(&self, clicks: impl IntoIterator<Item = PackedClick<'c>>) -> Vec<u8>
    where
        'a: 'c,
    {
        let mut bytes = self.bytes.to_vec();
        let mut texts: HashMap<&str, usize> = self.texts.iter().copied().zip(1..).collect();
        for click in clicks {
            if bytes.is_empty() {
                bytes.push(VERSION);
            }
            let has_visitor = click.visitor.map_or(0, |_| HAS_VISITOR);
            bytes.extend([
                click.quarter,
                (u8::from(click.is_bot) * IS_BOT) | has_visitor,
            ]);
            bytes.extend(click.visitor.iter().flat_map(|it| it.to_le_bytes()));
            for text in click.values {
                write_text(&mut bytes, &mut texts, text);
            }
        }
        bytes
    }
}

fn write_text<'a>(bytes: &mut Vec<u8>, texts: &mut HashMap<&'a str, usize>, text: &'a str) {
    if text.is_empty() {
        return bytes.push(0);
    }
    let next = texts.len() + 1;
    let number = *texts.entry(text).or_insert(next);
    write_number(bytes, number);
    if number == next {
        write_number(bytes, text.len());
        bytes.extend_from_slice(text.as_bytes());
    }
}

/// Seven bits in a byte, the lowest first.
fn write_number(bytes: &mut Vec<u8>, mut number: usize) {
    while let Some(rest) = Some(number >> 7).filter(|rest| *rest > 0) {
        bytes.push(low_bits(number) | MORE);
        number = rest;
    }
    bytes.push(low_bits(number));
}

fn low_bits(number: usize) -> u8 {
    u8::try_from(number & 127).unwrap_or_default()
}

/// The clicks that the bytes hold, in the order in which they were packed.
pub fn unpack(bytes: &[u8]) -> Result<Vec<PackedClick<'_>>, PackedError> {
    let (mut reader, mut clicks) = (Reader::of(bytes)?, Vec::new());
    while !reader.rest.is_empty() {
        clicks.push(reader.click()?);
    }
    Ok(clicks)
}

struct Reader<'a> {
    rest: &'a [u8],
    texts: Vec<&'a str>,
}

impl<'a> Reader<'a> {
    fn of(bytes: &'a [u8]) -> Result<Self, PackedError> {
        let rest = match bytes.split_first() {
            None => bytes,
            Some((&VERSION, rest)) => rest,
            Some(_) => return Err(PackedError),
        };
        Ok(Self {
            rest,
            texts: Vec::new(),
        })
    }

    fn click(&mut self) -> Result<PackedClick<'a>, PackedError> {
        let [quarter, flags] = self.array()?;
        let visitor = match flags & HAS_VISITOR {
            0 => None,
            _ => Some(u64::from_le_bytes(self.array()?)),
        };
        let mut values = [""; Dimension::ALL.len()];
        for value in &mut values {
            *value = self.text()?;
        }
        Ok(PackedClick {
            quarter,
            is_bot: flags & IS_BOT != 0,
            visitor,
            values,
        })
    }

    fn text(&mut self) -> Result<&'a str, PackedError> {
        let Some(place) = self.number()?.checked_sub(1) else {
            return Ok("");
        };
        if place == self.texts.len() {
            let length = self.number()?;
            let text = str::from_utf8(self.take(length)?).map_err(|_| PackedError)?;
            self.texts.push(text);
        }
        self.texts.get(place).copied().ok_or(PackedError)
    }

    fn number(&mut self) -> Result<usize, PackedError> {
        let mut number = 0;
        for shift in (0..usize::BITS).step_by(7) {
            let [byte] = self.array()?;
            number |= usize::from(byte & !MORE) << shift;
            if byte & MORE == 0 {
                return Ok(number);
            }
        }
        Err(PackedError)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], PackedError> {
        self.take(N)?.try_into().map_err(|_| PackedError)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], PackedError> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(PackedError)?;
        self.rest = rest;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::dimension::Dimension;
    use super::{PackedClick, PackedDay, PackedError, pack, unpack};

    const DIMENSIONS: usize = Dimension::ALL.len();

    type Texts = (u8, bool, Option<u64>, [String; DIMENSIONS]);

    fn texts() -> impl Strategy<Value = Vec<Texts>> {
        let values = prop::array::uniform10("[a-cé]{0,2}|x{0,300}");
        prop::collection::vec(
            (0..96_u8, any::<bool>(), any::<Option<u64>>(), values),
            0..40,
        )
    }

    fn click((quarter, is_bot, visitor, values): &Texts) -> PackedClick<'_> {
        PackedClick {
            quarter: *quarter,
            is_bot: *is_bot,
            visitor: *visitor,
            values: values.each_ref().map(String::as_str),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn clicks_are_unpacked_as_they_were_packed(all in texts()) {
            let clicks: Vec<_> = all.iter().map(click).collect();
            let bytes = pack(clicks.iter().copied());
            prop_assert_eq!(unpack(&bytes), Ok(clicks));
        }

        #[test]
        fn clicks_that_come_later_make_the_same_bytes(all in texts(), cut in 0..40_usize) {
            let clicks: Vec<_> = all.iter().map(click).collect();
            let (first, later) = clicks.split_at(cut.min(clicks.len()));
            let bytes = pack(first.iter().copied());
            let day = PackedDay::read(&bytes).unwrap();
            prop_assert_eq!(day.count(), first.len());
            prop_assert_eq!(day.with(later.iter().copied()), pack(clicks.iter().copied()));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut versioned = vec![1];
            versioned.extend(bytes);
            prop_assert_eq!(PackedDay::read(&versioned).is_ok(), unpack(&versioned).is_ok());
        }
    }

    #[test]
    fn a_click_like_the_one_before_takes_few_bytes() {
        let click = PackedClick {
            quarter: 95,
            is_bot: false,
            visitor: Some(7),
            values: ["NP"; DIMENSIONS],
        };
        let one = pack([click]).len();
        assert_eq!(pack([click, click]).len() - one, 2 + 8 + DIMENSIONS);
    }

    #[test]
    fn what_is_cut_off_or_of_another_version_is_refused() {
        let click = PackedClick {
            quarter: 1,
            is_bot: true,
            visitor: None,
            values: ["a"; DIMENSIONS],
        };
        let bytes = pack([click]);
        assert_eq!(unpack(&bytes[..bytes.len() - 1]), Err(PackedError));
        assert_eq!(unpack(&[2]), Err(PackedError));
    }
}
