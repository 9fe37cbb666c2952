-- When a user's sessions last ended all at once: what was opened by a password that was proven before has ended with them.
create table session_list_cutoff (
    user_id uuid primary key,
    -- The stream sequence of the last change of password, or of the erasure.
    position bigint not null
);

-- For the projectors alone.
alter table session_list_cutoff enable row level security;
