//! Excluding clicks: what fits the rule does not count, whenever it came.

use events::ExclusionId;
use events::links::{ExclusionEvent, ExclusionRule};

use super::{CHANGES_MAX, EXCLUSIONS_MAX, ExclusionRejection, Exclusions};
use crate::decider::Decide;

/// Somebody wants clicks not to count; the values were parsed at the edge.
#[derive(Clone, Debug)]
pub(in super::super) struct Add {
    pub(in super::super) id: ExclusionId,
    pub(in super::super) rule: ExclusionRule,
    pub(in super::super) reason: Option<String>,
}

impl Decide<Exclusions> for Add {
    type Rejection = ExclusionRejection;

    fn decide(&self, state: &Exclusions) -> Result<Vec<ExclusionEvent>, ExclusionRejection> {
        if state.active.len() >= EXCLUSIONS_MAX {
            return Err(ExclusionRejection::TooMany);
        }
        if state.changes >= CHANGES_MAX {
            return Err(ExclusionRejection::ChangedTooOften);
        }
        Ok(vec![ExclusionEvent::Added {
            exclusion_id: self.id,
            rule: self.rule.clone(),
            reason: self.reason.clone(),
        }])
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{added, id, removed, rule};
    use super::{Add, CHANGES_MAX, EXCLUSIONS_MAX, ExclusionRejection, Exclusions};
    use crate::spec::given;

    fn add(number: usize) -> Add {
        Add {
            id: id(number),
            rule: rule(),
            reason: Some("a farm of clicks".to_owned()),
        }
    }

    #[test]
    fn clicks_are_excluded_by_a_rule_and_for_a_reason() {
        given::<Exclusions>(&[]).when(&add(1)).then([added(1)]);
        given::<Exclusions>(&[added(1)])
            .when(&add(2))
            .then([added(2)]);
    }

    #[test]
    fn there_are_only_so_many_at_a_time() {
        let mut history: Vec<_> = (0..EXCLUSIONS_MAX).map(added).collect();
        given::<Exclusions>(&history)
            .when(&add(EXCLUSIONS_MAX))
            .then_rejected(|it| *it == ExclusionRejection::TooMany);
        history.push(removed(3));
        given::<Exclusions>(&history)
            .when(&add(EXCLUSIONS_MAX))
            .then([added(EXCLUSIONS_MAX)]);
    }

    #[test]
    fn a_history_that_is_read_for_each_change_does_not_grow_for_ever() {
        let mut history: Vec<_> = (1..CHANGES_MAX / 2)
            .flat_map(|_| [added(1), removed(1)])
            .collect();
        history.push(added(1));
        given::<Exclusions>(&history).when(&add(2)).then([added(2)]);
        history.push(removed(1));
        given::<Exclusions>(&history)
            .when(&add(2))
            .then_rejected(|it| *it == ExclusionRejection::ChangedTooOften);
    }
}
