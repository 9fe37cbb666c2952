-- The policy guards the raw clicks, and is no way in to them: a condition that the workspaces' index serves would let
-- Postgres read all of a workspace's clicks for those of one link, as it does where its statistics are old or none.
-- What the reader may see is looked up once for a statement, not for each row.

alter policy of_the_workspace on click_record using (
    workspace_id is not distinct from (select nullif(current_setting('app.workspace', true), '')::uuid)
);
