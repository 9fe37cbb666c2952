-- Every click as it came, in a partition per month (click_YYYY_MM), which the projection makes when it needs it.
create table click (
    workspace_id uuid not null,
    link_id uuid not null,
    occurred_at timestamptz not null,
    -- A click's cursor is <sequence>.<ordinal>: its message on the stream, and its place in the message.
    sequence bigint not null,
    ordinal integer not null,
    click_id uuid not null,
    slug text not null,
    country text,
    referrer text,
    browser text,
    os text,
    device text,
    is_bot boolean not null,
    utm_source text,
    utm_medium text,
    utm_campaign text
) partition by range (occurred_at);

create index click_link on click (link_id, sequence, ordinal);

-- The partitions are read through it alone: none is granted to anybody.
grant select on click to millrace_query;
alter table click enable row level security;
create policy of_the_workspace on click for select to millrace_query using (
    workspace_id = nullif(current_setting('app.workspace', true), '')::uuid
);

-- Clicks counted by quarter of an hour, since every time zone's days start on one.
-- A dimension that is not known is ''.
-- Collation "C": the keys are compared for equality only, and bytes compare fastest.
create table click_rollup (
    workspace_id uuid not null,
    link_id uuid not null,
    bucket timestamptz not null,
    is_bot boolean not null,
    country text collate "C" not null default '',
    referrer text collate "C" not null default '',
    browser text collate "C" not null default '',
    os text collate "C" not null default '',
    device text collate "C" not null default '',
    utm_source text collate "C" not null default '',
    utm_medium text collate "C" not null default '',
    utm_campaign text collate "C" not null default '',
    clicks bigint not null,
    primary key (
        link_id, bucket, is_bot,
        country, referrer, browser, os, device, utm_source, utm_medium, utm_campaign
    )
) with (fillfactor = 80); -- Room for a count to grow in its page, without new index entries.

create index click_rollup_workspace on click_rollup (workspace_id, bucket);

grant select on click_rollup to millrace_query;
alter table click_rollup enable row level security;
create policy of_the_workspace on click_rollup for select to millrace_query using (
    workspace_id = nullif(current_setting('app.workspace', true), '')::uuid
);

-- The last message of each producer that is counted; one that comes again is skipped.
create table click_producer (
    producer uuid not null,
    workspace_id uuid not null,
    batch bigint not null,
    -- When the broker stored it: a producer that is long silent, by the log's time, is forgotten.
    stored_at timestamptz not null,
    primary key (producer, workspace_id)
);

-- For the projectors alone.
alter table click_producer enable row level security;
