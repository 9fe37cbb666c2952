-- Who a user is. The e-mail address and the name stand here in clear.
create table user_profile (
    user_id uuid primary key,
    workspace_id uuid not null,
    email text not null,
    name text not null,
    role text not null,
    created_at timestamptz not null,
    -- The stream sequence of the user's last event.
    version bigint not null
);
