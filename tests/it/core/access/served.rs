//! The table and what is served are the same routes.

use std::collections::BTreeSet;

use service::caller::access::RULES;

use crate::stack::Stack;

#[tokio::test]
async fn what_is_served_has_a_rule_and_a_rule_is_of_what_is_served() {
    let stack = Stack::start().await;
    let mut served = BTreeSet::new();
    for context in ["core", "media", "links"] {
        let document = stack.guest().reads_the_document_of(context).await;
        for (path, methods) in document["paths"].as_object().unwrap() {
            let methods = methods.as_object().unwrap().keys();
            let routes = methods.map(|it| format!("{} {path}", it.to_uppercase()));
            served.extend(routes.filter(|it| it.contains(" /v1/")));
        }
    }
    let rules = RULES.iter();
    let rules: BTreeSet<_> = rules
        .map(|it| format!("{} {}", it.method, it.path))
        .collect();
    assert_eq!(served, rules);
    stack.finish().await;
}
