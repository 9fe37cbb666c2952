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
