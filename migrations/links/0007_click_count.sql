-- Which clicks do not count, and the network that they can be told by.

-- The network's hash of the day as a number: its sixteen digits are the number's bits.
alter table click_record add column network bigint;
-- Whether an exclusion means the click: then it stands here, and is counted nowhere else.
alter table click_record add column is_excluded boolean not null default false;

-- Clicks that fit all that is given do not count.
create table click_exclusion (
    exclusion_id uuid primary key,
    workspace_id uuid not null,
    link_id uuid,
    from_at timestamptz,
    to_at timestamptz,
    network bigint,
    -- Empty for clicks of which it is not known.
    browser text collate "C",
    os text collate "C",
    device text collate "C",
    is_bot boolean,
    reason text,
    created_at timestamptz not null,
    -- How many clicks fit it; another exclusion may mean some of them, too.
    clicks bigint not null default 0
);

create index click_exclusion_workspace on click_exclusion (workspace_id, exclusion_id desc);

grant select on click_exclusion to millrace_query;
alter table click_exclusion enable row level security;
create policy of_the_workspace on click_exclusion for select to millrace_query using (
    workspace_id = nullif(current_setting('app.workspace', true), '')::uuid
);

-- Whether a click of the exclusion's workspace fits it.
create function excludes(
    rule click_exclusion, link_id uuid, occurred_at timestamptz, network bigint,
    browser text, os text, device text, is_bot boolean
) returns boolean language sql immutable parallel safe
return (rule.link_id is null or rule.link_id = link_id)
    and (rule.from_at is null or occurred_at >= rule.from_at)
    and (rule.to_at is null or occurred_at < rule.to_at)
    and (rule.network is null or coalesce(rule.network = network, false))
    and (rule.browser is null or rule.browser = coalesce(browser, ''))
    and (rule.os is null or rule.os = coalesce(os, ''))
    and (rule.device is null or rule.device = coalesce(device, ''))
    and (rule.is_bot is null or rule.is_bot = is_bot);
