-- The packed clicks of a day stand in up to eight rows of 64, so that a few clicks that come to a link make a kilobyte be
-- written anew, and not ten. A row's clicks are those that came into it, and a day's are those of all its rows.
-- What is here stays as it is, as a first part with more clicks than others have; what is packed of it until it is added
-- up. This is more than an addition: projectors from before it cannot go on beside it.
alter table click_count add column part smallint not null default 0;
alter table click_count drop constraint click_count_pkey;
alter table click_count add primary key (scope_id, day, part);
-- A part stays in its row, for what lies apart costs a second look-up.
alter table click_count set (toast_tuple_target = 8160);
