-- Who is a member of which workspace, and as what.
create table member_list (
    workspace_id uuid not null,
    user_id uuid not null,
    role text not null,
    -- A suspended member may do nothing there.
    is_suspended boolean not null,
    joined_at timestamptz not null,
    -- The stream sequence of the workspace's last event that told of the member.
    version bigint not null,
    primary key (workspace_id, user_id)
);

create index member_list_user on member_list (user_id);

-- The members of the workspace that is asked for, and one's own memberships elsewhere.
grant select on member_list to millrace_query;
alter table member_list enable row level security;
create policy of_the_workspace on member_list for select to millrace_query using (
    workspace_id = nullif(current_setting('app.workspace', true), '')::uuid
    or user_id = nullif(current_setting('app.user', true), '')::uuid
);
