//! What holds of every operation, told where its own description doesn't: who may use it, and how it may be refused.

use axum::http::{Method, StatusCode};
use service::caller::access::{Rule, Who, rule_of};
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, Required, Response, ResponseBuilder};

use super::BEARER;

/// Completes every operation of a document.
pub(super) fn complete(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in of(item) {
            if let Some(rule) = rule_of(&method, path) {
                tell_access(operation, rule);
                tell_contention(operation, &method);
            }
            tell_versions(operation);
            shape_headers(operation);
            name_answers(operation);
        }
    }
}

fn of(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    let operations = [
        (Method::GET, &mut item.get),
        (Method::POST, &mut item.post),
        (Method::PUT, &mut item.put),
        (Method::PATCH, &mut item.patch),
        (Method::DELETE, &mut item.delete),
    ];
    let there = operations.into_iter();
    there.filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// The reference says who may use a route in the words of the table that admits.
fn tell_access(operation: &mut Operation, rule: &Rule) {
    let told = operation.description.take().into_iter();
    let paragraphs: Vec<_> = told.chain([rule.sentence()]).collect();
    operation.description = Some(paragraphs.join("\n\n"));
    if rule.who != Who::Anybody {
        let no_scopes: [&str; 0] = [];
        operation.security = Some(vec![SecurityRequirement::new(BEARER, no_scopes)]);
    }
}

/// A write may meet other writes, whatever it is.
fn tell_contention(operation: &mut Operation, method: &Method) {
    if *method == Method::GET {
        return;
    }
    let problem = Content::new(Some(Ref::from_schema_name("Problem")));
    let contended = ResponseBuilder::new()
        .description("`contended`: too many changes at once; try again")
        .content("application/problem+json", problem)
        .build();
    let answers = &mut operation.responses.responses;
    answers
        .entry("409".to_owned())
        .or_insert(RefOr::T(contended));
}

/// What a client may keep has a tag, by which it asks whether that still holds: both stand where 304 is an answer.
fn tell_versions(operation: &mut Operation) {
    let answers = &mut operation.responses.responses;
    if !answers.contains_key("304") {
        return;
    }
    for status in ["200", "304"] {
        if let Some(RefOr::T(answer)) = answers.get_mut(status) {
            let tag = HeaderBuilder::new()
                .description(Some(
                    "What to send as `If-None-Match`, or as `If-Match` where a write takes it",
                ))
                .build();
            answer.headers.insert("ETag".to_owned(), RefOr::T(tag));
        }
    }
    let kept = ParameterBuilder::new()
        .name("If-None-Match")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "What the client has, as `ETag` had it: 304 if it still holds",
        ))
        .build();
    let parameters = operation.parameters.get_or_insert_default();
    parameters.push(RefOr::T(kept));
}

/// What the headers that many routes take may look like.
fn shape_headers(operation: &mut Operation) {
    for parameter in operation.parameters.iter_mut().flatten() {
        let RefOr::T(parameter) = parameter else {
            continue;
        };
        let shape = ObjectBuilder::new().schema_type(Type::String);
        let shape = match parameter.name.as_str() {
            "Idempotency-Key" => shape
                .min_length(Some(1))
                .max_length(Some(255))
                .pattern(Some("^[!-~]+$")),
            "If-Match" => shape.pattern(Some(r#"^(\*|"[!#-~]*")$"#)),
            "If-None-Match" => {
                shape.pattern(Some(r#"^(\*|(W/)?"[!#-~]*"( *, *(W/)?"[!#-~]*")*)$"#))
            }
            _ => continue,
        };
        parameter.schema = Some(shape.into());
    }
}

/// An answer that has no description of its own gets its status' name: OpenAPI 3.1 asks for one.
fn name_answers(operation: &mut Operation) {
    for (status, answer) in &mut operation.responses.responses {
        if let RefOr::T(Response { description, .. }) = answer
            && description.is_empty()
        {
            name_of(status).clone_into(description);
        }
    }
}

fn name_of(status: &str) -> &str {
    let status = status.parse().ok();
    let known = status.and_then(|code| StatusCode::from_u16(code).ok());
    known
        .and_then(|it| it.canonical_reason())
        .unwrap_or("Another answer")
}
