//! A code as a drawing that is sharp at any size.

use std::fmt;

use super::code::{Code, QUIET};

pub(super) fn svg(code: &Code, size: u16) -> String {
    let modules = code.modules();
    let dark = Dark(code);
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}" viewBox="0 0 {modules} {modules}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{modules}v{modules}H0z"/><path d="{dark}"/></svg>"##
    )
}

/// The path of the dark modules: a rectangle for each run of them.
struct Dark<'a>(&'a Code);

impl fmt::Display for Dark<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (top, row) in (QUIET..).zip(self.0.rows()) {
            let mut left = QUIET;
            for run in row.chunk_by(|one, next| one == next) {
                let length = run.len();
                if run.first() == Some(&true) {
                    write!(f, "M{left} {top}h{length}v1h-{length}z")?;
                }
                left += length;
            }
        }
        Ok(())
    }
}
