//! A short link, as its owner was answered.

use super::Answer;

#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) id: String,
    pub(crate) slug: String,
    /// The answer that it came with.
    pub(crate) answer: Answer,
}

impl Link {
    #[track_caller]
    pub(crate) fn of(answer: Answer) -> Self {
        let answer = answer.is(201);
        let text = |field: &str| answer.body[field].as_str().unwrap().to_owned();
        Self {
            id: text("id"),
            slug: text("slug"),
            answer,
        }
    }
}
