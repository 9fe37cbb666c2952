-- Which workspaces there are.
create table workspace_list (
    workspace_id uuid primary key,
    -- One that was opened for somebody who registered has no name.
    name text,
    owner uuid not null,
    -- Whether it is the one that was opened when its owner registered.
    is_own boolean not null,
    created_at timestamptz not null,
    -- The stream sequence of the workspace's last event.
    version bigint not null
);

-- The workspace that is asked for, and those in which one is a member.
grant select on workspace_list to millrace_query;
alter table workspace_list enable row level security;
create policy of_the_workspace on workspace_list for select to millrace_query using (
    workspace_id = nullif(current_setting('app.workspace', true), '')::uuid
    or exists (
        select from member_list as member
        where member.workspace_id = workspace_list.workspace_id
          and member.user_id = nullif(current_setting('app.user', true), '')::uuid
    )
);
