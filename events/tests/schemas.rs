//! The schemas that readers of the bus are given fit what is on the log, and nothing else.

#![cfg(test)]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use events::catalog::{EventType, click_batch_schema, readable_types};
use jsonschema::Validator;
use serde_json::{Value, json};

/// The samples of every version ever written, by their types.
fn samples() -> Vec<(String, Value)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden");
    let entries = fs::read_dir(folder).unwrap();
    let sample = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(path).unwrap();
        (name, serde_json::from_str(&text).unwrap())
    };
    entries.map(|entry| sample(entry.unwrap().path())).collect()
}

/// The data of a sample: of a batch of clicks the first one's.
fn data(sample: &Value) -> &Value {
    sample.as_array().map_or(sample, |batch| &batch[0]["data"])
}

fn validator(schema: &Value) -> Validator {
    jsonschema::options()
        .should_validate_formats(true)
        .build(schema)
        .unwrap()
}

fn schema_of<'t>(types: &'t [EventType], name: &str) -> &'t Value {
    let found = types.iter().find(|it| it.name == name);
    &found
        .unwrap_or_else(|| panic!("{name} has no schema"))
        .schema
}

#[test]
fn every_sample_ever_written_fits_the_schema_of_its_type() {
    let types = readable_types();
    for (name, sample) in samples() {
        let validator = validator(schema_of(&types, &name));
        let faults: Vec<_> = validator.iter_errors(data(&sample)).collect();
        assert!(faults.is_empty(), "{name}: {faults:?}");
    }
    let sampled: BTreeSet<_> = samples().into_iter().map(|(name, _)| name).collect();
    let named: BTreeSet<_> = types.into_iter().map(|it| it.name).collect();
    assert_eq!(sampled, named);
}

#[test]
fn a_sample_that_was_changed_fits_no_more() {
    let types = readable_types();
    for (name, sample) in samples() {
        let schema = schema_of(&types, &name);
        let validator = validator(schema);
        // Some have nothing but what may be unknown.
        let required = schema["required"].as_array().into_iter().flatten();
        for field in required {
            let field = field.as_str().unwrap();
            let mut without = data(&sample).clone();
            without.as_object_mut().unwrap().remove(field).unwrap();
            assert!(!validator.is_valid(&without), "{name} without {field}");
        }
        for field in data(&sample).as_object().unwrap().keys() {
            let mut changed = data(&sample).clone();
            changed[field] = json!([[]]);
            assert!(!validator.is_valid(&changed), "{name} with another {field}");
        }
    }
}

#[test]
fn a_message_of_clicks_fits_its_schema_in_every_version() {
    let validator = validator(&click_batch_schema());
    let batches = samples()
        .into_iter()
        .filter(|(_, sample)| sample.is_array());
    let batches: Vec<_> = batches.collect();
    assert_eq!(batches.len(), 3);
    for (name, batch) in batches {
        assert!(validator.is_valid(&batch), "{name}");
        let mut bare = batch.clone();
        bare[0].as_object_mut().unwrap().remove("time").unwrap();
        assert!(!validator.is_valid(&bare), "{name}");
    }
}
