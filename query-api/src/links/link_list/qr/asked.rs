//! How a code is to be drawn.

use std::ops::RangeInclusive;

use serde::Deserialize;
use service::body::Faults;
use service::problem::Problem;
use utoipa::IntoParams;

/// Smaller than 64 pixels no camera reads it; larger than 2,048 the SVG is the better choice.
const SIZES: RangeInclusive<u16> = 64..=2_048;
const SIZE_DEFAULT: u16 = 256;

/// How a code is wanted.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// `svg` (unless said) or `png`.
    format: Option<String>,
    /// The length of a side in pixels, quiet zone included: 64 to 2,048, 256 unless said.
    #[param(value_type = Option<u16>, minimum = 64, maximum = 2048)]
    size: Option<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Drawing {
    pub(super) format: Format,
    pub(super) size: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Svg,
    Png,
}

impl Asked {
    pub(super) fn parse(&self) -> Result<Drawing, Problem> {
        let mut faults = Faults::default();
        let format = faults.take("/format", format(self.format.as_deref()));
        let size = faults.take("/size", size(self.size.as_deref()));
        let (Some(format), Some(size)) = (format, size) else {
            return Err(faults.into());
        };
        Ok(Drawing { format, size })
    }
}

fn format(text: Option<&str>) -> Result<Format, &'static str> {
    match text {
        None | Some("svg") => Ok(Format::Svg),
        Some("png") => Ok(Format::Png),
        Some(_) => Err("must be svg or png"),
    }
}

fn size(text: Option<&str>) -> Result<u16, String> {
    let Some(text) = text else {
        return Ok(SIZE_DEFAULT);
    };
    let size = text.parse().ok().filter(|size| SIZES.contains(size));
    size.ok_or_else(|| format!("must be {} to {}", SIZES.start(), SIZES.end()))
}

/// A long address has more modules than the image would have pixels.
pub(super) fn too_small(pixels_min: usize) -> Problem {
    let mut faults = Faults::default();
    faults.add(
        "/size",
        format!("must be at least {pixels_min} for this link"),
    );
    faults.into()
}
