-- Which API keys a workspace has, and had.
create table api_key_list (
    key_id uuid primary key,
    workspace_id uuid not null,
    -- Who made it.
    user_id uuid not null,
    name text not null,
    scopes text[] not null,
    created_at timestamptz not null,
    expires_at timestamptz,
    -- Told now and then, not for every request.
    last_used_at timestamptz,
    revoked_at timestamptz,
    -- The stream sequence of the key's last event.
    version bigint not null
);

create index api_key_list_workspace on api_key_list (workspace_id, key_id desc);

grant select on api_key_list to millrace_query;
alter table api_key_list enable row level security;
create policy of_the_workspace on api_key_list for select to millrace_query using (
    workspace_id = nullif(current_setting('app.workspace', true), '')::uuid
);
