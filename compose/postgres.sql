-- Run by the image of Postgres, once, when its volume is empty: a login for each process that needs one.
-- Each may take on one role and no other; docs/postgres.md says what the roles may.
\set ON_ERROR_STOP on
\getenv projectors_password POSTGRES_PROJECTORS_PASSWORD
\getenv query_api_password POSTGRES_QUERY_API_PASSWORD

create role millrace_projectors nologin;
create role millrace_query nologin;

create role projectors login password :'projectors_password';
grant millrace_projectors to projectors;

create role query_api login password :'query_api_password';
grant millrace_query to query_api;

-- Else whoever can log in may connect, and make temporary tables.
revoke all on database :"DBNAME" from public;
grant connect, create on database :"DBNAME" to projectors;
grant connect on database :"DBNAME" to query_api;
