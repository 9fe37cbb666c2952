//! One line of a file, as names and values.

use std::collections::HashMap;

use serde_json::Value;
use service::body::Faults;

/// What a line says, by the names of its columns or fields; what is empty or null is left out.
pub(super) struct Record {
    values: HashMap<String, Value>,
}

/// A name without what products write otherwise from version to version: `Short link` is `shortLink`.
pub(super) fn plain(name: &str) -> String {
    let letters = name.chars().filter(|it| it.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

impl Record {
    /// The names are as the format looks for them.
    pub(super) fn new(values: impl IntoIterator<Item = (String, Value)>) -> Self {
        let values = values.into_iter();
        let values = values.filter(|(_, value)| !value.is_null() && *value != "");
        Self {
            values: values.collect(),
        }
    }

    /// A line of CSV.
    pub(super) fn of_cells(columns: &[String], cells: Vec<String>) -> Self {
        let values = columns.iter().cloned();
        Self::new(values.zip(cells.into_iter().map(Value::String)))
    }

    /// The first of these that is said, as text.
    pub(super) fn text(&self, names: &[&str]) -> Option<String> {
        let value = names.iter().find_map(|name| self.values.get(*name))?;
        Some(match value {
            Value::String(text) => text.clone(),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_) => value.to_string(),
        })
    }

    /// Whether one of these is said to be so, as programs and databases write it.
    pub(super) fn is(&self, names: &[&str]) -> bool {
        let text = self.text(names).unwrap_or_default().to_lowercase();
        matches!(text.as_str(), "true" | "t" | "1" | "yes")
    }

    /// Tags in one cell, or as a list of their names, or of what has a `name`.
    pub(super) fn tags(&self, names: &[&str], between: &[char]) -> Vec<String> {
        let value = names.iter().find_map(|name| self.values.get(*name));
        let texts: Vec<String> = match value {
            Some(Value::Array(tags)) => {
                let names = tags.iter().map(|tag| tag.get("name").unwrap_or(tag));
                let names = names.filter_map(Value::as_str);
                names.map(str::to_owned).collect()
            }
            Some(Value::String(text)) => text.split(between).map(str::to_owned).collect(),
            None | Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) => {
                Vec::new()
            }
        };
        let tags = texts.iter().map(|it| it.trim()).filter(|it| !it.is_empty());
        tags.map(str::to_owned).collect()
    }

    /// The values as they are sent of a link; in a CSV those of `json` are JSON.
    pub(super) fn object(self, json: &[&str], is_csv: bool, faults: &mut Faults) -> Value {
        let values = self.values.into_iter().filter_map(|(name, value)| {
            let value = match value {
                Value::String(text) if is_csv && json.contains(&name.as_str()) => {
                    let parsed = serde_json::from_str(&text)
                        .map_err(|_| "is no JSON, such as [\"one\",\"two\"] for a list");
                    faults.take(&format!("/{name}"), parsed)?
                }
                value @ (Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::String(_)
                | Value::Array(_)
                | Value::Object(_)) => value,
            };
            Some((name, value))
        });
        Value::Object(values.collect())
    }
}
