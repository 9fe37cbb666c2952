-- Where and how links lead, what they are called, and which are archived.
alter table link_list
    -- The slugs of before that still lead to it, oldest first.
    add column former_slugs text[] not null default '{}',
    add column utm json not null default '{}',
    add column rules json not null default '[]',
    add column expires_at timestamptz,
    add column expired_target text,
    add column max_clicks bigint,
    add column has_password boolean not null default false,
    add column notes text,
    add column is_archived boolean not null default false;
