//! What each event makes of the rows of a workspace's domains.

use events::links::OwnDomainEvent;
use events::{Context, DomainId, Position, Subject};
use service::world;

use crate::testing::{Log, Running, brought, one, workspace};

/// Every domain with its default and version, by name.
async fn rows(running: &Running, position: Position) -> Option<String> {
    running.reach("domain_list", position).await;
    let rows =
        "select string_agg(concat_ws(' ', domain, is_case_sensitive, record_name, record_value,
                    verified_at is not null, is_default, version), E'\\n' order by domain)
                from domain_list";
    one::<Option<String>>(&running.database, Context::Links, rows)
        .await
        .flatten()
}

struct Told {
    log: Log,
    running: Running,
    subject: Subject,
}

impl Told {
    async fn new() -> Self {
        let log = Log::new().await;
        let running = log.project_into(&servers::testing::fresh_database().await);
        let subject = Subject::OwnDomains(workspace());
        Self {
            log,
            running,
            subject,
        }
    }

    async fn brings(&self, domain: &str) -> DomainId {
        let id = DomainId::new(world::new_id());
        self.log.append(&self.subject, &brought(id, domain)).await;
        id
    }

    /// The rows after this.
    async fn after(&self, event: OwnDomainEvent) -> Option<String> {
        let position = self.log.append(&self.subject, &event).await;
        rows(&self.running, position).await
    }
}

fn verified(domain_id: DomainId) -> OwnDomainEvent {
    let domain = "go.example".to_owned();
    OwnDomainEvent::Verified { domain_id, domain }
}

fn made_default(domain_id: DomainId) -> OwnDomainEvent {
    let domain = "go.example".to_owned();
    OwnDomainEvent::MadeDefault { domain_id, domain }
}

#[tokio::test]
async fn a_domain_is_listed_from_its_coming_to_its_removal() {
    let told = Told::new().await;
    let domain_id = told.brings("go.example").await;
    let row = "go.example t _millrace.go.example proof";
    let after = told.after(verified(domain_id)).await;
    assert_eq!(after.unwrap(), format!("{row} t f 2"));
    let after = told.after(made_default(domain_id)).await;
    assert_eq!(after.unwrap(), format!("{row} t t 3"));
    let domain = "go.example".to_owned();
    let cleared = OwnDomainEvent::DefaultCleared { domain_id, domain };
    assert_eq!(told.after(cleared).await.unwrap(), format!("{row} t f 4"));
    let domain = "go.example".to_owned();
    let removed = OwnDomainEvent::Removed { domain_id, domain };
    assert_eq!(told.after(removed).await, None);
    told.running.stop().await;
}

#[tokio::test]
async fn one_domain_is_the_default_and_all_of_a_workspace_have_one_version() {
    let told = Told::new().await;
    let (first, second) = (
        told.brings("a.example").await,
        told.brings("b.example").await,
    );
    let strange = Subject::OwnDomains(workspace());
    let foreign = DomainId::new(world::new_id());
    told.log
        .append(&strange, &brought(foreign, "c.example"))
        .await;
    told.log.append(&strange, &made_default(foreign)).await;
    told.after(made_default(first)).await;
    let rows = told.after(made_default(second)).await.unwrap();
    let rows: Vec<_> = rows.lines().collect();
    assert_eq!(
        rows,
        [
            "a.example t _millrace.a.example proof f f 6",
            "b.example t _millrace.b.example proof f t 6",
            "c.example t _millrace.c.example proof f t 4",
        ]
    );
    told.running.stop().await;
}
