//! Which links of a list are wanted.

use serde::Deserialize;
use service::body::Faults;
use service::problem::Problem;
use utoipa::IntoParams;

/// No title is longer, and no one types more into a search box.
const SEARCH_CHARS_MAX: usize = 200;

/// Which links are wanted.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// Only links that are filed under this tag.
    pub(super) tag: Option<String>,
    /// Only links with this text, in upper or lower case, in their slug, title or target.
    pub(super) search: Option<String>,
}

impl Filter {
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        for (pointer, text) in [("/tag", &self.tag), ("/search", &self.search)] {
            let text = text.as_deref().unwrap_or_default();
            if text.chars().count() > SEARCH_CHARS_MAX {
                faults.add(
                    pointer,
                    format!("is longer than {SEARCH_CHARS_MAX} characters"),
                );
            }
            if text.contains('\0') {
                faults.add(pointer, "contains a NUL character");
            }
        }
        faults.finish()
    }
}
