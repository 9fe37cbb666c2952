//! The S3 server, through the SDK.

use anyhow::ensure;
use aws_sdk_s3::{
    Client, Config,
    config::{BehaviorVersion, Credentials, Region},
};
use servers::{Storage, testing};

fn client(storage: &Storage, secret: &str) -> Client {
    let credentials = Credentials::new(storage.access_key(), secret, None, None, "test");
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(storage.endpoint())
        .region(Region::new(storage.region()))
        .credentials_provider(credentials)
        .force_path_style(true)
        .build();
    Client::from_conf(config)
}

#[tokio::test]
async fn objects_are_kept_over_a_stop_and_a_kill_and_the_key_is_asked_for() -> anyhow::Result<()> {
    let scratch = testing::scratch();
    let mut storage = Storage::start(testing::tools().await, scratch.path()).await?;
    let owner = client(&storage, storage.secret_key());
    owner.create_bucket().bucket("assets").send().await?;
    for name in ["one", "two"] {
        let body = name.as_bytes().to_vec();
        owner
            .put_object()
            .bucket("assets")
            .key(name)
            .body(body.into())
            .send()
            .await?;
        if name == "one" {
            storage.stop().await;
        } else {
            storage.kill().await;
        }
        storage.start_again().await?;
    }
    for name in ["one", "two"] {
        let found = owner.get_object().bucket("assets").key(name).send().await?;
        ensure!(
            found.body.collect().await?.into_bytes() == name.as_bytes(),
            "{name}"
        );
    }
    let stranger = client(&storage, "guess");
    ensure!(
        stranger
            .get_object()
            .bucket("assets")
            .key("one")
            .send()
            .await
            .is_err()
    );
    Ok(())
}

#[tokio::test]
async fn the_shared_one_takes_a_bucket_at_once() -> anyhow::Result<()> {
    let storage = testing::storage().await;
    let owner = client(storage, storage.secret_key());
    owner.create_bucket().bucket("at-once").send().await?;
    owner
        .put_object()
        .bucket("at-once")
        .key("a")
        .body(vec![1].into())
        .send()
        .await?;
    Ok(())
}
