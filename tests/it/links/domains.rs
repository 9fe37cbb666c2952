//! Domains that workspaces bring: whoever proves that one is theirs has it, and its slugs.

use millrace::system::Processes;
use reqwest::Method;
use serde_json::{Value, json};

use crate::eventually::eventually;
use crate::stack::{Answer, Dns, Person, Stack};

const DOMAIN: &str = "go.acme.example";
const DOMAINS: &str = "/v1/links/domains";

async fn adds(person: &Person, wish: &Value) -> Value {
    person.writes(DOMAINS, wish).await.is(201).body
}

fn path(domain: &Value) -> String {
    format!("{DOMAINS}/{}", domain["id"].as_str().unwrap())
}

async fn verifies(person: &Person, domain: &Value) -> Answer {
    let path = format!("{}/verify", path(domain));
    person.writes(&path, &Value::Null).await
}

/// Says whether links that name no domain are made on this one.
async fn chooses(person: &Person, domain: &Value, is_default: bool) -> Answer {
    let method = if is_default {
        Method::PUT
    } else {
        Method::DELETE
    };
    let path = format!("{}/default", path(domain));
    person.asks(method, &path, &Value::Null).await
}

fn sets_record(dns: &Dns, domain: &Value) {
    let record = &domain["record"];
    let (name, value) = (record["name"].as_str(), record["value"].as_str());
    dns.sets(name.unwrap(), value.unwrap());
}

/// Brings a domain and proves that it is hers.
async fn has(person: &Person, dns: &Dns, wish: &Value) -> Value {
    let domain = adds(person, wish).await;
    sets_record(dns, &domain);
    verifies(person, &domain).await.is(200).body
}

async fn removes(person: &Person, domain: &Value) {
    let removed = person.deletes(&path(domain)).await.is(204);
    person.has_seen(removed.position());
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

/// Waits until the slug leads there on the domain: every replica hears of it within milliseconds.
async fn leads(stack: &Stack, slug: &str, expected: Option<&str>) {
    eventually(&format!("{slug} leads to {expected:?}"), async || {
        let target = target(stack, DOMAIN, slug).await;
        if target.as_deref() == expected {
            Ok(())
        } else {
            Err(target)
        }
    })
    .await;
}

/// What the list tells of each domain, newest first.
async fn listed(person: &Person, field: &str) -> Vec<Value> {
    let page = person.reads(DOMAINS).await.is(200).body;
    let items = page["items"].as_array().unwrap().iter();
    items.map(|it| it[field].clone()).collect()
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
    let again = ada.posts(DOMAINS, &wish).await;
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
    let of_ada = has(&ada, &dns, &json!({ "domain": DOMAIN })).await;
    let made = shortens_on(&ada, Some(DOMAIN), "spring", "https://a.example/").await;
    made.is(201);
    assert!(target(&stack, DOMAIN, "spring").await.is_some());

    removes(&ada, &of_ada).await;
    leads(&stack, "spring", None).await;
    ada.deletes(&path(&of_ada)).await.is(404);

    // Case tells slugs apart where whoever has the domain says so.
    let wish = json!({ "domain": DOMAIN, "case_sensitive": true });
    has(&bob, &dns, &wish).await;
    for (slug, leads) in [
        ("spring", "https://b.example/"),
        ("Spring", "https://c.example/"),
    ] {
        shortens_on(&bob, Some(DOMAIN), slug, leads).await.is(201);
    }
    leads(&stack, "spring", Some("https://b.example/")).await;
    leads(&stack, "Spring", Some("https://c.example/")).await;
    assert_eq!(target(&stack, DOMAIN, "SPRING").await, None);
    stack.finish().await;
}

#[tokio::test]
async fn a_workspace_sees_its_own_domains_as_it_was_answered_and_nobody_elses() {
    let dns = Dns::start().await;
    let stack = Stack::resolving_at(dns.address, &[Processes::ALL]).await;
    let (ada, bob) = tokio::join!(stack.person("ada"), stack.person("bob"));
    let wish = json!({ "domain": DOMAIN, "case_sensitive": true });
    let added = adds(&ada, &wish).await;
    assert_eq!(added["state"], "pending");
    assert_eq!(added["record"]["name"], format!("_millrace.{DOMAIN}"));
    assert_eq!(ada.reads(&path(&added)).await.is(200).body, added);
    sets_record(&dns, &added);
    let verified = verifies(&ada, &added).await.is(200);
    let chosen = chooses(&ada, &added, true).await.is(200);
    ada.has_seen(chosen.position());
    assert_eq!(chosen.body["verified_at"], verified.body["verified_at"]);
    assert_eq!(chosen.body["created_at"], added["created_at"]);
    let read = ada.reads(&path(&added)).await.is(200);
    assert_eq!(read.body, chosen.body);
    assert_eq!(read.header("etag"), chosen.header("etag"));
    let other = adds(&ada, &json!({ "domain": "links.acme.example" })).await;
    assert_eq!(
        listed(&ada, "id").await,
        [other["id"].clone(), added["id"].clone()]
    );
    assert_eq!(listed(&ada, "state").await, ["pending", "verified"]);
    assert_eq!(listed(&ada, "is_default").await, [false, true]);

    // What isn't Bob's is not there for him, whatever he asks.
    assert_eq!(listed(&bob, "id").await, [Value::Null; 0]);
    bob.reads(&path(&added)).await.is(404);
    verifies(&bob, &added).await.is(404);
    chooses(&bob, &added, true).await.is(404);
    bob.deletes(&path(&added)).await.is(404);

    let change = json!({ "case_sensitive": false });
    ada.asks(Method::PATCH, &path(&added), &change)
        .await
        .is(405);
    let stale = read.header("etag").to_owned();
    let request = ada.request(Method::DELETE, &path(&added));
    let refused = Answer::read(request.header("if-match", stale).send().await.unwrap()).await;
    refused.is(412);
    removes(&ada, &added).await;
    assert_eq!(listed(&ada, "id").await, [other["id"].clone()]);
    stack.finish().await;
}

#[tokio::test]
async fn the_default_counts_at_once_wherever_links_are_made() {
    let dns = Dns::start().await;
    let processes = [Processes::ALL, Processes::ALL];
    let stack = Stack::resolving_at(dns.address, &processes).await;
    let ada = stack.person("ada").await;
    let elsewhere = ada.at(&stack.replicas[1]);
    let domain_of = async |asked: Option<&str>| {
        let wish = json!({ "target": "https://a.example/", "domain": asked });
        let made = elsewhere.asks_to_shorten(&wish).await.is(201).body;
        made["domain"].as_str().unwrap().to_owned()
    };
    let installation = domain_of(None).await;
    let domain = adds(&ada, &json!({ "domain": DOMAIN })).await;
    let early = chooses(&ada, &domain, true).await;
    early.refuses(409, "domain_unverified");
    sets_record(&dns, &domain);
    verifies(&ada, &domain).await.is(200);
    assert_eq!(domain_of(None).await, installation);

    for _ in 0..3 {
        chooses(&ada, &domain, true).await.is(200);
        assert_eq!(domain_of(None).await, DOMAIN);
        assert_eq!(domain_of(Some(&installation)).await, installation);
        chooses(&ada, &domain, false).await.is(204);
        assert_eq!(domain_of(None).await, installation);
        assert_eq!(domain_of(Some(DOMAIN)).await, DOMAIN);
    }
    chooses(&ada, &domain, true).await.is(200);
    let both = json!({ "links": [
        { "target": "https://a.example/" },
        { "target": "https://a.example/", "domain": installation },
    ] });
    let made = elsewhere.writes("/v1/links/bulk", &both).await.is(201).body;
    assert_eq!(made["links"][0]["domain"], DOMAIN);
    assert_eq!(made["links"][1]["domain"], installation);
    // Who has the domain no more has no default.
    removes(&ada, &domain).await;
    assert_eq!(domain_of(None).await, installation);
    stack.finish().await;
}

#[tokio::test]
async fn links_lead_again_when_their_domain_comes_back() {
    let dns = Dns::start().await;
    let stack = Stack::resolving_at(dns.address, &[Processes::ALL]).await;
    let ada = stack.person("ada").await;
    let wish = json!({ "domain": DOMAIN });
    let domain = has(&ada, &dns, &wish).await;
    let made = shortens_on(&ada, Some(DOMAIN), "spring", "https://a.example/").await;
    made.is(201);
    leads(&stack, "spring", Some("https://a.example/")).await;
    removes(&ada, &domain).await;
    leads(&stack, "spring", None).await;
    let again = has(&ada, &dns, &wish).await;
    assert_ne!(again["id"], domain["id"]);
    leads(&stack, "spring", Some("https://a.example/")).await;
    let taken = shortens_on(&ada, Some(DOMAIN), "spring", "https://b.example/").await;
    taken.refuses(409, "slug_taken");
    stack.finish().await;
}

#[tokio::test]
async fn a_retry_is_answered_as_the_wish_was_even_if_its_domain_is_gone() {
    let dns = Dns::start().await;
    let stack = Stack::resolving_at(dns.address, &[Processes::ALL]).await;
    let ada = stack.person("ada").await;
    let domain = adds(&ada, &json!({ "domain": DOMAIN })).await;
    sets_record(&dns, &domain);
    let wish = json!({ "target": "https://a.example/", "domain": DOMAIN });
    let bulk = json!({ "links": [wish] });
    let tries = async || {
        let shortened = ada.with_key("shorten").asks_to_shorten(&wish).await;
        let made = ada.with_key("bulk").writes("/v1/links/bulk", &bulk).await;
        [
            verifies(&ada.with_key("verify"), &domain).await,
            shortened,
            made,
        ]
    };
    verifies(&ada.with_key("verify"), &domain).await.is(200);
    let [_, shortened, made] = tries().await;
    removes(&ada, &domain).await;
    let [verified, shortened_again, made_again] = tries().await;
    assert_eq!(verified.is(200).body["state"], "verified");
    assert_eq!(shortened_again.is(201).body, shortened.is(201).body);
    assert_eq!(made_again.is(201).body, made.is(201).body);
    // Without the key, or with another, nothing is made.
    let refused = ada.with_key("anew").asks_to_shorten(&wish).await;
    assert_eq!(refused.is(422).pointers(), ["/domain"]);
    stack.finish().await;
}

#[tokio::test]
async fn a_domain_that_was_opened_leads_on_while_the_broker_is_away() {
    let dns = Dns::start().await;
    let mut stack = Stack::resolving_at(dns.address, &[Processes::ALL]).await;
    let ada = stack.person("ada").await;
    has(&ada, &dns, &json!({ "domain": DOMAIN })).await;
    let made = shortens_on(&ada, Some(DOMAIN), "spring", "https://a.example/").await;
    made.is(201);
    leads(&stack, "spring", Some("https://a.example/")).await;
    stack.world.broker.kill().await;
    let away = target(&stack, DOMAIN, "spring").await;
    assert_eq!(away.as_deref(), Some("https://a.example/"));
    stack.world.broker.start_again().await.unwrap();
    stack.finish().await;
}

#[tokio::test]
async fn imported_links_are_made_on_the_domain_that_is_asked_for() {
    let dns = Dns::start().await;
    let stack = Stack::resolving_at(dns.address, &[Processes::ALL]).await;
    let (ada, bob) = tokio::join!(stack.person("ada"), stack.person("bob"));
    let wish = json!({ "domain": DOMAIN, "case_sensitive": true });
    has(&ada, &dns, &wish).await;
    let imports = async |person: &Person, query: &str, file: String| {
        let request = person.request(Method::POST, &format!("/v1/links/import{query}"));
        let request = request.header("content-type", "text/csv").body(file);
        Answer::read(request.send().await.unwrap()).await
    };
    let file = "target,slug,former_slugs,domain\n\
        https://a.example/,spring,\"[\"\"SPRING\"\"]\",strange.example\n\
        https://b.example/,Spring,,strange.example\n";
    let asked = format!("?domain={DOMAIN}");
    imports(&ada, &asked, file.to_owned()).await.is(200);
    for (slug, expected) in [
        ("spring", "https://a.example/"),
        ("SPRING", "https://a.example/"),
        ("Spring", "https://b.example/"),
    ] {
        leads(&stack, slug, Some(expected)).await;
    }
    // Without a word, a link is made where the file says, if that is hers, or else on the default.
    let file = format!(
        "target,slug,domain\nhttps://c.example/,autumn,{DOMAIN}\nhttps://d.example/,winter,strange.example\n"
    );
    imports(&ada, "", file).await.is(200);
    leads(&stack, "autumn", Some("https://c.example/")).await;
    leads(&stack, "winter", None).await;
    let elsewhere = target(&stack, "other.example", "winter").await;
    assert_eq!(elsewhere.as_deref(), Some("https://d.example/"));

    let refused = imports(&bob, &asked, "target\nhttps://a.example/\n".to_owned()).await;
    assert_eq!(refused.is(422).pointers(), ["/domain"]);
    stack.finish().await;
}
