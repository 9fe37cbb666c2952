-- How often links were opened. It takes the place of click_rollup, whose tables nobody writes or asks any more.

-- Every click as it came, in a partition per month (click_record_YYYY_MM), which the projection makes ahead.
create table click_record (
    workspace_id uuid not null,
    link_id uuid not null,
    occurred_at timestamptz not null,
    -- A click's cursor is <sequence>.<ordinal>: its message on the stream, and its place in the message.
    sequence bigint not null,
    ordinal integer not null,
    click_id uuid not null,
    -- The visitor's hash of the day as a number: its sixteen digits are the number's bits.
    visitor bigint,
    variant smallint,
    is_bot boolean not null,
    slug text collate "C" not null,
    country text collate "C",
    city text collate "C",
    referrer text collate "C",
    browser text collate "C",
    os text collate "C",
    device text collate "C",
    utm_source text collate "C",
    utm_medium text collate "C",
    utm_campaign text collate "C",
    rule text collate "C"
) partition by range (occurred_at);

create index click_record_link on click_record (link_id, occurred_at, sequence, ordinal);
create index click_record_workspace on click_record (workspace_id, occurred_at, sequence, ordinal);

-- The partitions are read through it alone: none is granted to anybody.
grant select on click_record to millrace_query;
alter table click_record enable row level security;
create policy of_the_workspace on click_record for select to millrace_query using (
    workspace_id = nullif(current_setting('app.workspace', true), '')::uuid
);

-- The clicks of one day (UTC) on one link, or on all links of a workspace.
-- The last of them, up to 511, are packed; for every 512 that came in, these were added to the two tables below.
-- So a link that is seldom opened costs a row a day, and one that is often opened no row per click.
create table click_count (
    workspace_id uuid not null,
    -- The link, or the workspace for all of its links.
    scope_id uuid not null,
    day date not null,
    -- All clicks, the packed ones among them.
    clicks bigint not null,
    packed bytea not null,
    primary key (scope_id, day)
) with (fillfactor = 70); -- Room for a row to grow in its page, without new index entries.
-- Neither what is packed nor a sketch becomes much smaller by compressing it, which costs more than all the rest of a write.
alter table click_count alter column packed set storage external;

-- By quarter of an hour, since every time zone's days start on one.
create table click_count_quarter (
    workspace_id uuid not null,
    scope_id uuid not null,
    bucket timestamptz not null,
    is_bot boolean not null,
    clicks bigint not null,
    -- The visitors, as a HyperLogLog sketch of Apache DataSketches; null where none is known.
    visitors bytea,
    primary key (scope_id, bucket, is_bot)
) with (fillfactor = 80);
alter table click_count_quarter alter column visitors set storage external;

-- By the values of each dimension; a value that is not known is ''.
create table click_count_value (
    workspace_id uuid not null,
    scope_id uuid not null,
    -- 0 country, 1 city, 2 referrer, 3 browser, 4 os, 5 device, 6 utm_source, 7 utm_medium, 8 utm_campaign, 9 rule.
    dimension smallint not null,
    day date not null,
    is_bot boolean not null,
    -- Collation "C": the keys are compared for equality only, and bytes compare fastest.
    value text collate "C" not null,
    clicks bigint not null,
    visitors bytea,
    primary key (scope_id, dimension, day, is_bot, value)
) with (fillfactor = 80);
alter table click_count_value alter column visitors set storage external;

grant select on click_count, click_count_quarter, click_count_value to millrace_query;
alter table click_count enable row level security;
create policy of_the_workspace on click_count for select to millrace_query using (
    workspace_id = nullif(current_setting('app.workspace', true), '')::uuid
);
alter table click_count_quarter enable row level security;
create policy of_the_workspace on click_count_quarter for select to millrace_query using (
    workspace_id = nullif(current_setting('app.workspace', true), '')::uuid
);
alter table click_count_value enable row level security;
create policy of_the_workspace on click_count_value for select to millrace_query using (
    workspace_id = nullif(current_setting('app.workspace', true), '')::uuid
);

-- The last message of each producer that is counted; one that comes again is skipped.
create table click_count_producer (
    producer uuid not null,
    workspace_id uuid not null,
    batch bigint not null,
    -- When the broker stored it: a producer that is long silent, by the log's time, is forgotten.
    stored_at timestamptz not null,
    primary key (producer, workspace_id)
);

-- For the projectors alone.
alter table click_count_producer enable row level security;
