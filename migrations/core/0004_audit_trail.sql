-- Who did what to what, when, and in which request: every event of CORE, MEDIA and LINKS, without what it says.
create table audit_trail (
    -- Collation "C": streams are told apart and put in order by their bytes.
    stream text collate "C" not null,
    sequence bigint not null,
    event_id uuid not null,
    -- That of the registering or the login, for a user or a session.
    workspace_id uuid,
    event_type text not null,
    subject_kind text not null,
    subject_id uuid not null,
    actor_kind text not null,
    actor_id uuid,
    occurred_at timestamptz not null,
    request_id text,
    primary key (stream, sequence)
);

create index audit_trail_workspace on audit_trail (workspace_id, occurred_at desc, stream desc, sequence desc);
create index audit_trail_subject on audit_trail (subject_id, stream, sequence);
create index audit_trail_actor on audit_trail (actor_id, workspace_id, occurred_at desc);

grant select on audit_trail to millrace_query;
alter table audit_trail enable row level security;
create policy of_the_workspace on audit_trail for select to millrace_query using (
    workspace_id = nullif(current_setting('app.workspace', true), '')::uuid
);
