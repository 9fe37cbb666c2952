//! Which clicks are wanted, by what they can be told apart by.

use serde::Deserialize;
use service::body::Faults;
use service::click_count::Dimension;
use utoipa::IntoParams;

/// No text of a click that is kept is longer, in bytes.
const VALUE_BYTES_MAX: usize = 255;

/// Which clicks are wanted: those with all of these values.
///
/// An empty value means that it isn't known.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// Only clicks from this country, such as `DE`.
    country: Option<String>,
    /// Only clicks from this city, by its English name.
    city: Option<String>,
    /// Only clicks on pages of this host.
    referrer: Option<String>,
    /// Only clicks in this browser.
    browser: Option<String>,
    /// Only clicks on this operating system.
    os: Option<String>,
    /// Only clicks on this kind of device: `desktop`, `mobile` or `other`.
    device: Option<String>,
    /// Only clicks with this `utm_source`.
    utm_source: Option<String>,
    /// Only clicks with this `utm_medium`.
    utm_medium: Option<String>,
    /// Only clicks with this `utm_campaign`.
    utm_campaign: Option<String>,
    /// Only clicks that the link's rule of this name led.
    rule: Option<String>,
}

impl Filter {
    /// Notes all that is wrong with it.
    pub(super) fn check(&self, faults: &mut Faults) {
        for dimension in Dimension::ALL {
            let value = self.of(dimension).unwrap_or_default();
            let pointer = format!("/{}", dimension.as_str());
            if value.len() > VALUE_BYTES_MAX {
                faults.add(&pointer, format!("is longer than {VALUE_BYTES_MAX} bytes"));
            }
            if value.contains('\0') {
                faults.add(&pointer, "contains a NUL character");
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        Dimension::ALL.into_iter().all(|it| self.of(it).is_none())
    }

    /// The value that is wanted.
    pub(super) fn of(&self, dimension: Dimension) -> Option<&str> {
        let value = match dimension {
            Dimension::Country => &self.country,
            Dimension::City => &self.city,
            Dimension::Referrer => &self.referrer,
            Dimension::Browser => &self.browser,
            Dimension::Os => &self.os,
            Dimension::Device => &self.device,
            Dimension::UtmSource => &self.utm_source,
            Dimension::UtmMedium => &self.utm_medium,
            Dimension::UtmCampaign => &self.utm_campaign,
            Dimension::Rule => &self.rule,
        };
        value.as_deref()
    }
}
