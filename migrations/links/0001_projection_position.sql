-- How far each projection of this schema has read its stream; written in the transaction that writes its rows.
create table projection_position (
    projection text primary key,
    -- A position is only meaningful together with the stream's incarnation.
    incarnation uuid not null,
    position bigint not null,
    -- The last event at or before the position: the stream must still hold it there.
    event_position bigint not null,
    event_id uuid
);

-- Events that could not be applied, and the later ones of their subjects.
create table parked_event (
    projection text not null,
    position bigint not null,
    subject text not null,
    error text not null,
    parked_at timestamptz not null default now(),
    primary key (projection, position)
);

create index parked_event_subject on parked_event (projection, subject);

-- Whoever reads a view may know how far it has come; what is parked is for the projectors alone.
grant select on projection_position to millrace_query;
alter table projection_position enable row level security;
create policy for_everybody on projection_position for select to millrace_query using (true);
alter table parked_event enable row level security;
