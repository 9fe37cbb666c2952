//! Domains that workspaces bring: whoever proves that one is theirs has it, and its slugs.

use millrace::system::Processes;
use serde_json::{Value, json};

use crate::eventually::eventually;
use crate::stack::{Answer, Dns, Person, Stack};

const DOMAIN: &str = "go.acme.example";

async fn adds(person: &Person, wish: &Value) -> Value {
    person.posts("/v1/links/domains", wish).await.is(201).body
}

async fn verifies(person: &Person, domain: &Value) -> Answer {
    let id = domain["id"].as_str().unwrap();
    let path = format!("/v1/links/domains/{id}/verify");
    person.posts(&path, &Value::Null).await
}

fn sets_record(dns: &Dns, domain: &Value) {
    let record = &domain["record"];
    let (name, value) = (record["name"].as_str(), record["value"].as_str());
    dns.sets(name.unwrap(), value.unwrap());
}

async fn shortens_on(person: &Person, domain: Option<&str>, slug: &str, target: &str) -> Answer {
    let wish = json!({ "target": target, "slug": slug, "domain": domain });
    person.asks_to_shorten(&wish).await
}

/// Where a slug leads at a host.
async fn target(stack: &Stack, host: &str, slug: &str) -> Option<String> {
    let opened = stack.visitor().opens_with(slug, &[("host", host)]).await;
    (opened.status == 302).then(|| opened.header("location").to_owned())
}

#[tokio::test]
async fn whoever_proves_that_a_domain_is_theirs_has_it_and_its_slugs() {
    let dns = Dns::start().await;
    let stack = Stack::resolving_at(dns.address, &[Processes::ALL]).await;
    let (ada, bob) = tokio::join!(stack.person("ada"), stack.person("bob"));
    let wish = json!({ "domain": "Go.ACME.example." });
    let (of_ada, of_bob) = (adds(&ada, &wish).await, adds(&bob, &wish).await);
    assert_eq!(of_ada["domain"], DOMAIN);
    assert_ne!(of_ada["record"]["value"], of_bob["record"]["value"]);
    let again = ada.posts("/v1/links/domains", &wish).await;
    again.refuses(409, "domain_added");

    // Before the record is there, nobody has the domain.
    let early = verifies(&ada, &of_ada).await;
    early.refuses(409, "domain_unproven");
    let refused = shortens_on(&ada, Some(DOMAIN), "spring", "https://a.example/").await;
    assert_eq!(refused.is(422).pointers(), ["/domain"]);

    sets_record(&dns, &of_ada);
    for _ in 0..2 {
        let verified = verifies(&ada, &of_ada).await.is(200);
        assert_eq!(verified.body["state"], "verified");
    }
    // Bob's word is not in the DNS; and once it is, the domain is taken.
    verifies(&bob, &of_bob)
        .await
        .refuses(409, "domain_unproven");
    sets_record(&dns, &of_bob);
    verifies(&bob, &of_bob).await.refuses(409, "domain_taken");
    let refused = shortens_on(&bob, Some(DOMAIN), "spring", "https://b.example/").await;
    assert_eq!(refused.is(422).pointers(), ["/domain"]);

    // One slug on two domains leads to two places.
    let made = shortens_on(&ada, Some(DOMAIN), "Spring", "https://a.example/").await;
    assert_eq!(made.is(201).body["domain"], DOMAIN);
    let elsewhere = shortens_on(&bob, None, "spring", "https://b.example/").await;
    elsewhere.is(201);
    for (host, leads) in [
        (DOMAIN, "https://a.example/"),
        ("GO.acme.example:8443", "https://a.example/"),
        ("other.example", "https://b.example/"),
    ] {
        let target = target(&stack, host, "spring").await;
        assert_eq!(target.as_deref(), Some(leads), "{host}");
    }
    let only_there = shortens_on(&ada, None, "autumn", "https://c.example/").await;
    only_there.is(201);
    assert_eq!(target(&stack, DOMAIN, "autumn").await, None);
    let taken = shortens_on(&ada, Some(DOMAIN), "SPRING", "https://d.example/").await;
    taken.refuses(409, "slug_taken");
    let circle = shortens_on(&ada, None, "circle", &format!("https://{DOMAIN}/spring")).await;
    assert_eq!(circle.is(422).pointers(), ["/target"]);
    stack.finish().await;
}

#[tokio::test]
async fn a_domain_that_is_removed_is_the_next_ones_with_slugs_of_its_own() {
    let dns = Dns::start().await;
    let stack = Stack::resolving_at(dns.address, &[Processes::ALL]).await;
    let (ada, bob) = tokio::join!(stack.person("ada"), stack.person("bob"));
    let of_ada = adds(&ada, &json!({ "domain": DOMAIN })).await;
    sets_record(&dns, &of_ada);
    verifies(&ada, &of_ada).await.is(200);
    let made = shortens_on(&ada, Some(DOMAIN), "spring", "https://a.example/").await;
    made.is(201);
    assert!(target(&stack, DOMAIN, "spring").await.is_some());

    let path = format!("/v1/links/domains/{}", of_ada["id"].as_str().unwrap());
    ada.deletes(&path).await.is(204);
    eventually("the domain leads nowhere", async || {
        let target = target(&stack, DOMAIN, "spring").await;
        target.map_or(Ok(()), Err)
    })
    .await;
    ada.deletes(&path).await.is(404);

    // Case tells slugs apart where whoever has the domain says so.
    let wish = json!({ "domain": DOMAIN, "case_sensitive": true });
    let of_bob = adds(&bob, &wish).await;
    sets_record(&dns, &of_bob);
    verifies(&bob, &of_bob).await.is(200);
    for (slug, leads) in [
        ("spring", "https://b.example/"),
        ("Spring", "https://c.example/"),
    ] {
        shortens_on(&bob, Some(DOMAIN), slug, leads).await.is(201);
    }
    eventually("the next one's links lead", async || {
        let lower = target(&stack, DOMAIN, "spring").await;
        let upper = target(&stack, DOMAIN, "Spring").await;
        let is_so = lower.as_deref() == Some("https://b.example/")
            && upper.as_deref() == Some("https://c.example/");
        if is_so { Ok(()) } else { Err((lower, upper)) }
    })
    .await;
    assert_eq!(target(&stack, DOMAIN, "SPRING").await, None);
    stack.finish().await;
}
