//! Typed `UUIDv7` identifiers: one type for each kind of thing, so that none is taken for another.

macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(uuid::Uuid);

        impl $name {
            /// Takes a UUID, version 7, made at the edge.
            #[must_use]
            pub const fn new(uuid: uuid::Uuid) -> Self {
                Self(uuid)
            }

            /// The plain UUID, for a driver's parameter.
            #[must_use]
            pub const fn uuid(self) -> uuid::Uuid {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            /// Takes the hyphenated lower-case form only: an id has one spelling.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let uuid = uuid::Uuid::try_parse(text)?;
                let mut canonical = [0; uuid::fmt::Hyphenated::LENGTH];
                if uuid.hyphenated().encode_lower(&mut canonical) == text {
                    Ok(Self(uuid))
                } else {
                    // A spelling that parses but isn't canonical is refused as any other garbage.
                    uuid::Uuid::try_parse("").map(Self)
                }
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "format": "uuid" })
            }
        }
    };
}

typed_id!(
    /// Names a user.
    UserId
);
typed_id!(
    /// Names a workspace, the owner of every resource.
    WorkspaceId
);
typed_id!(
    /// Names a session: one login and the tokens that come from it.
    SessionId
);
typed_id!(
    /// Names an API key; no secret.
    ApiKeyId
);
typed_id!(
    /// Names a short link.
    LinkId
);
typed_id!(
    /// Names a domain that a workspace brought.
    DomainId
);
typed_id!(
    /// Names an exclusion of clicks.
    ExclusionId
);
typed_id!(
    /// Names a media asset.
    AssetId
);
typed_id!(
    /// Names a click.
    ClickId
);
typed_id!(
    /// Names an event; the `ce-id` of its envelope.
    EventId
);
