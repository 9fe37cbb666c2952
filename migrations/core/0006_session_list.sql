-- Which sessions go on: one that has ended has no row.
create table session_list (
    session_id uuid primary key,
    user_id uuid not null,
    -- The workspace that its newest access token speaks for.
    workspace_id uuid not null,
    browser text,
    os text,
    created_at timestamptz not null,
    last_refreshed_at timestamptz,
    expires_at timestamptz not null,
    -- The stream sequence of its first event: a new password ends what was opened before.
    opened_position bigint not null
);

create index session_list_user on session_list (user_id, session_id desc);
create index session_list_expiry on session_list (expires_at);

-- One's own alone.
grant select on session_list to millrace_query;
alter table session_list enable row level security;
create policy of_the_user on session_list for select to millrace_query using (
    user_id = nullif(current_setting('app.user', true), '')::uuid
);
