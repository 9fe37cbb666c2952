//! What clicks can be told apart by.

use events::links::Click;
use serde::Deserialize;

/// The value of each dimension, in the order of [`Dimension::ALL`]; what isn't known is empty.
pub type Values<'a> = [&'a str; Dimension::ALL.len()];

/// Something that clicks can be told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "each is the field of a click that it is named after"
)]
pub enum Dimension {
    Country,
    City,
    Referrer,
    Browser,
    Os,
    Device,
    UtmSource,
    UtmMedium,
    UtmCampaign,
    Rule,
}

impl Dimension {
    /// All of them. What is stored names them by their place here: a new one comes last.
    pub const ALL: [Self; 10] = [
        Self::Country,
        Self::City,
        Self::Referrer,
        Self::Browser,
        Self::Os,
        Self::Device,
        Self::UtmSource,
        Self::UtmMedium,
        Self::UtmCampaign,
        Self::Rule,
    ];

    /// Its name, which is that of the click's field.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Country => "country",
            Self::City => "city",
            Self::Referrer => "referrer",
            Self::Browser => "browser",
            Self::Os => "os",
            Self::Device => "device",
            Self::UtmSource => "utm_source",
            Self::UtmMedium => "utm_medium",
            Self::UtmCampaign => "utm_campaign",
            Self::Rule => "rule",
        }
    }

    /// Its number in what is stored: its place in [`Self::ALL`].
    pub const fn number(self) -> i16 {
        self as i16
    }

    /// Its own of what there is for each.
    pub const fn of<T: Copy>(self, each: &[T; Self::ALL.len()]) -> T {
        #[expect(clippy::indexing_slicing, reason = "its place is below the length")]
        each[self as usize]
    }

    /// The values of a click.
    pub fn values<'c>(click: &'c Click<'_>) -> Values<'c> {
        Self::ALL.map(|dimension| {
            let value = match dimension {
                Self::Country => &click.country,
                Self::City => &click.city,
                Self::Referrer => &click.referrer,
                Self::Browser => &click.browser,
                Self::Os => &click.os,
                Self::Device => &click.device,
                Self::UtmSource => &click.utm_source,
                Self::UtmMedium => &click.utm_medium,
                Self::UtmCampaign => &click.utm_campaign,
                Self::Rule => &click.rule,
            };
            value.as_deref().unwrap_or_default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Dimension;

    #[test]
    fn a_dimension_is_known_by_its_name_and_its_place() {
        for (place, dimension) in (0_i16..).zip(Dimension::ALL) {
            let name = format!("\"{}\"", dimension.as_str());
            assert_eq!(serde_json::from_str::<Dimension>(&name).unwrap(), dimension);
            assert_eq!(dimension.number(), place);
        }
    }
}
