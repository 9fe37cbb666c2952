-- Who a user is. The e-mail address and the name stand here in clear.
create table user_profile (
    user_id uuid primary key,
    -- The one that was opened for the user.
    workspace_id uuid not null,
    -- Null when the user is erased, as the name is.
    email text,
    name text,
    created_at timestamptz not null,
    erased_at timestamptz,
    -- The stream sequence of the user's last event.
    version bigint not null
);

-- Oneself, the members of the workspace, and the erased who once did something there.
grant select on user_profile to millrace_query;
alter table user_profile enable row level security;
create policy of_the_workspace on user_profile for select to millrace_query using (
    user_id = nullif(current_setting('app.user', true), '')::uuid
    or exists (
        select from member_list as member
        where member.user_id = user_profile.user_id
          and member.workspace_id = nullif(current_setting('app.workspace', true), '')::uuid
    )
    or erased_at is not null and exists (
        select from audit_trail as act
        where act.actor_id = user_profile.user_id
          and act.workspace_id = nullif(current_setting('app.workspace', true), '')::uuid
    )
);
