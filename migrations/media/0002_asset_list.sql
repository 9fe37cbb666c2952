-- Which assets a workspace has.
create table asset_list (
    asset_id uuid primary key,
    workspace_id uuid not null,
    filename text not null,
    content_type text not null,
    size_bytes bigint not null,
    sha256 text,
    visibility text not null,
    -- 'pending' until the upload has arrived, then 'stored'.
    state text not null,
    object_key text not null,
    created_at timestamptz not null,
    stored_at timestamptz,
    -- The stream sequence of the asset's last event.
    version bigint not null
);

create index asset_list_workspace on asset_list (workspace_id, asset_id desc);

grant select on asset_list to millrace_query;
alter table asset_list enable row level security;
create policy of_the_workspace on asset_list for select to millrace_query using (
    workspace_id = nullif(current_setting('app.workspace', true), '')::uuid
);
