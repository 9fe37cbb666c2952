-- Which links a workspace has.
create table link_list (
    link_id uuid primary key,
    workspace_id uuid not null,
    domain text not null,
    slug text not null,
    target text not null,
    status smallint not null,
    forward_query boolean not null,
    title text,
    tags text[] not null,
    created_at timestamptz not null,
    -- The stream sequence of the link's last event.
    version bigint not null
);

create index link_list_workspace on link_list (workspace_id, link_id desc);

grant select on link_list to millrace_query;
alter table link_list enable row level security;
create policy of_the_workspace on link_list for select to millrace_query using (
    workspace_id = nullif(current_setting('app.workspace', true), '')::uuid
);
