-- Which domains a workspace has brought.
create table domain_list (
    domain_id uuid primary key,
    workspace_id uuid not null,
    domain text not null,
    is_case_sensitive boolean not null,
    -- The TXT record that proves it.
    record_name text not null,
    record_value text not null,
    -- Whether links that name no domain are made on it.
    is_default boolean not null default false,
    created_at timestamptz not null,
    verified_at timestamptz,
    -- The stream sequence of the last event of any of the workspace's domains: they have one history.
    version bigint not null
);

create index domain_list_workspace on domain_list (workspace_id, domain_id desc);

grant select on domain_list to millrace_query;
alter table domain_list enable row level security;
create policy of_the_workspace on domain_list for select to millrace_query using (
    workspace_id = nullif(current_setting('app.workspace', true), '')::uuid
);
