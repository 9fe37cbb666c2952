//! Taking an exclusion back: its clicks count again, but for those that another one means, too.

use events::ExclusionId;
use events::links::ExclusionEvent;

use super::{ExclusionRejection, Exclusions};
use crate::decider::Decide;

/// Somebody wants clicks to count again.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Remove {
    pub(in super::super) id: ExclusionId,
}

impl Decide<Exclusions> for Remove {
    type Rejection = ExclusionRejection;

    fn decide(&self, state: &Exclusions) -> Result<Vec<ExclusionEvent>, ExclusionRejection> {
        state.find(self.id).ok_or(ExclusionRejection::Unknown)?;
        Ok(vec![ExclusionEvent::Removed {
            exclusion_id: self.id,
        }])
    }
}

#[cfg(test)]
mod tests {
    use super::super::CHANGES_MAX;
    use super::super::samples::{added, id, removed};
    use super::{ExclusionRejection, Exclusions, Remove};
    use crate::spec::given;

    #[test]
    fn an_exclusion_is_taken_back() {
        given::<Exclusions>(&[added(1), added(2)])
            .when(&Remove { id: id(1) })
            .then([removed(1)]);
    }

    #[test]
    fn what_is_not_there_cannot_be_taken_back() {
        for history in [vec![], vec![added(1), removed(1)]] {
            given::<Exclusions>(&history)
                .when(&Remove { id: id(1) })
                .then_rejected(|it| *it == ExclusionRejection::Unknown);
        }
    }

    #[test]
    fn what_was_changed_too_often_can_still_be_taken_back() {
        let mut history: Vec<_> = (0..CHANGES_MAX / 2)
            .flat_map(|_| [added(1), removed(1)])
            .collect();
        history.push(added(2));
        given::<Exclusions>(&history)
            .when(&Remove { id: id(2) })
            .then([removed(2)]);
    }
}
