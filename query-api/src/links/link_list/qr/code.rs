//! Which modules of a code are dark.

use qrcode2::error::Error;
use qrcode2::{Color, EcLevel, QrCode};

/// The light modules around a code (ISO/IEC 18004, section 6.3.8).
pub(super) const QUIET: usize = 4;

/// The squares of a code.
pub(super) struct Code {
    /// In modules, without the quiet zone.
    width: usize,
    dark: Vec<bool>,
}

impl Code {
    /// Readable with 15 % of it lost: level M, the usual one for print and screens.
    pub(super) fn of(text: &str) -> Result<Self, Error> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M)?;
        let width = code.width();
        let colors = code.into_colors();
        let dark = colors.iter().map(|it| *it == Color::Dark).collect();
        Ok(Self { width, dark })
    }

    /// The length of a side with the quiet zone.
    pub(super) const fn modules(&self) -> usize {
        self.width + 2 * QUIET
    }

    /// The rows from the top, without the quiet zone.
    pub(super) fn rows(&self) -> impl Iterator<Item = &[bool]> {
        self.dark.chunks(self.width)
    }
}
