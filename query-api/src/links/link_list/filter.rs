//! Which links of a list are wanted.

use serde::Deserialize;
use service::body::Faults;
use service::problem::Problem;
use utoipa::{IntoParams, ToSchema};

/// No title is longer, and no one types more into a search box.
const SEARCH_CHARS_MAX: usize = 200;

/// Which links are wanted.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// Only links that are filed under this tag.
    pub(super) tag: Option<String>,
    /// Only links with this text, in upper or lower case, in their slugs, title, notes or target.
    pub(super) search: Option<String>,
    /// Only links in this state; all but the archived ones, if none is said.
    #[param(inline)]
    pub(super) state: Option<State>,
}

/// A link's stage of life.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// It leads to its target.
    Open,
    /// Its end has come.
    Expired,
    /// It was archived.
    Archived,
    /// Any of them.
    All,
}

impl State {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Expired => "expired",
            Self::Archived => "archived",
            Self::All => "all",
        }
    }
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
