//! What proves that somebody controls a domain: a record that only who controls it can put there.

use super::DomainName;

/// Where the record stands: a label of its own, so that it is in nobody's way (RFC 8552).
pub(super) const LABEL: &str = "_millrace";
/// What comes before the token, so that it is clear whose record it is.
const PREFIX: &str = "millrace-verification=";

impl DomainName {
    /// The name at which the proof is looked for.
    pub(super) fn proof_name(&self) -> String {
        format!("{LABEL}.{self}")
    }
}

/// The record that proves it: a random token that only this workspace was told.
pub(super) fn proof_record(token: &str) -> String {
    format!("{PREFIX}{token}")
}

/// Whether one of the records at the proof's name is the proof.
///
/// Others may stand beside it, and space around it is passed over; quotes and case are not.
pub(super) fn is_proven_by(records: &[String], proof: &str) -> bool {
    records.iter().any(|record| record.trim() == proof)
}

#[cfg(test)]
mod tests {
    use super::{is_proven_by, proof_record};
    use crate::links::domain::DomainName;

    #[test]
    fn the_proof_stands_under_a_label_of_its_own() {
        let domain = DomainName::parse("go.example.com").unwrap();
        assert_eq!(domain.proof_name(), "_millrace.go.example.com");
        assert_eq!(proof_record("a1B2"), "millrace-verification=a1B2");
    }

    #[test]
    fn the_record_that_was_asked_for_is_the_proof_whatever_stands_beside_it() {
        for records in [
            vec!["millrace-verification=a1B2"],
            vec!["v=spf1 -all", " millrace-verification=a1B2\n"],
            vec!["millrace-verification=old", "millrace-verification=a1B2"],
        ] {
            let records: Vec<String> = records.into_iter().map(str::to_owned).collect();
            assert!(is_proven_by(&records, &proof_record("a1B2")), "{records:?}");
        }
    }

    #[test]
    fn nothing_else_is_a_proof() {
        for record in [
            "",
            "a1B2",
            "millrace-verification=",
            "millrace-verification=a1b2",
            "millrace-verification=a1B2x",
            "millrace-verification=a1B",
            "Millrace-Verification=a1B2",
            "x millrace-verification=a1B2",
            "millrace-verification= a1B2",
            "\"millrace-verification=a1B2\"",
        ] {
            assert!(
                !is_proven_by(&[record.to_owned()], &proof_record("a1B2")),
                "{record}"
            );
        }
        assert!(!is_proven_by(&[], &proof_record("a1B2")));
    }
}
