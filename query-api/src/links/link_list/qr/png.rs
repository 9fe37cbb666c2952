//! A code as an image of black and white pixels.

use png::{BitDepth, ColorType, Encoder, EncodingError};

use super::code::Code;

/// An image of `size` by `size` pixels; every module has as many whole pixels as fit, and the quiet zone has the rest.
///
/// `size` is at least the number of the code's modules.
pub(super) fn png(code: &Code, size: u16) -> Result<Vec<u8>, EncodingError> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, u32::from(size), u32::from(size));
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::One);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels(code, usize::from(size)))?;
    writer.finish()?;
    Ok(file)
}

/// Eight pixels a byte, from the left; 1 is white.
fn pixels(code: &Code, size: usize) -> Vec<u8> {
    let scale = size / code.modules();
    let mut lines = Vec::with_capacity(size);
    for row in code.rows() {
        let line = line(row, scale, size);
        lines.extend(std::iter::repeat_n(line, scale));
    }
    let white = vec![u8::MAX; size.div_ceil(8)];
    let above = (size - lines.len()) / 2;
    let below = size - lines.len() - above;
    let blank = |count| std::iter::repeat_n(&white, count);
    let all = blank(above).chain(&lines).chain(blank(below));
    all.flatten().copied().collect()
}

fn line(row: &[bool], scale: usize, size: usize) -> Vec<u8> {
    let mut line = vec![u8::MAX; size.div_ceil(8)];
    let left = (size - row.len() * scale) / 2;
    for (index, _) in row.iter().enumerate().filter(|(_, is_dark)| **is_dark) {
        for x in left + index * scale..left + (index + 1) * scale {
            if let Some(byte) = line.get_mut(x / 8) {
                *byte &= !(0x80 >> (x % 8));
            }
        }
    }
    line
}
