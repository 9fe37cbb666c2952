#!/usr/bin/env bash
# Holds a running Millrace against its three OpenAPI documents, with Schemathesis: no server error, and no answer that
# isn't described.
#
#   scripts/schemathesis.sh                 # 25 examples for each operation
#   EXAMPLES=200 scripts/schemathesis.sh    # a longer look
#
# The Millrace is the one that `cargo build` makes, on a free port, with data of its own; the tool is installed into a
# folder of its own. Both folders are removed at the end, however that comes.
set -euo pipefail

version=4.32.5
examples=${EXAMPLES:-25}
seed=${SEED:-20261121}
checks=not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance
# What may end the session, or the account, in whose name everything is asked: asked last, each in a session of its own.
final=(logout end_session erase)
password='correct horse battery staple'

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=$(mktemp -d "${TMPDIR:-/tmp}/millrace-XXXXXX")
system=

fail() {
    echo "schemathesis: $*" >&2
    exit 1
}

finish() {
    local status=$?
    trap - EXIT
    if [[ -n $system ]]; then
        kill -TERM "$system" 2>/dev/null || true
        wait "$system" 2>/dev/null || true
    fi
    rm -rf "$folder"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

post() {
    curl --silent --show-error --fail-with-body --header 'Content-Type: application/json' "${@:3}" --data "$2" "$url$1"
}

cd "$root"
cargo build --quiet
python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore \
    --target "$folder/tool" "schemathesis==$version"

port=$(free_port)
url=http://127.0.0.1:$port
# Not through a function: its subshell would be the parent that it dies with.
APP_PORT=$port PUBLIC_URL=$url MILLRACE_DATA=$folder/data RATE_LIMITS=off \
    setpriv --pdeathsig TERM -- "${CARGO_TARGET_DIR:-target}/debug/millrace" >"$folder/log" 2>&1 &
system=$!
for _ in $(seq 600); do
    curl --silent --fail --output /dev/null "$url/health/ready" && break
    kill -0 "$system" 2>/dev/null || { cat "$folder/log" >&2; fail "Millrace ended"; }
    sleep 0.1
done

log_in() {
    post /v1/core/auth/login '{"email":"ada@example.com","password":"'"$password"'"}' |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])'
}

# Something of each kind, and a position on each stream, so that there is something to find.
seeded() {
    post "$@" --header "Authorization: Bearer $token" --output /dev/null
}

post /v1/core/users '{"email":"ada@example.com","password":"'"$password"'","name":"Ada"}' --output /dev/null
token=$(log_in)
tokens=()
for _ in "${final[@]}"; do tokens+=("$(log_in)"); done
seeded /v1/core/api-keys '{"name":"a program","scopes":["links:read"]}'
seeded /v1/media/presign '{"filename":"a.txt","content_type":"text/plain","size":5,"visibility":"public"}'
seeded /v1/links '{"target":"https://example.com","slug":"spring"}'
curl --silent --show-error --fail --output /dev/null "$url/spring"

# One document, in the name of whoever has the token. Names that an answer tells are asked for later, besides made-up ones.
round() {
    local context=$1 token=$2
    shift 2
    echo "schemathesis: $context $*"
    # One worker: several run into a fault of Python 3.11's parser, and would not repeat themselves.
    (cd "$folder" && PYTHONPATH=$folder/tool python3 -m schemathesis.cli run "$url/v1/$context/openapi.json" \
        --url "$url" --header "Authorization: Bearer $token" --checks "$checks" --phases examples,coverage,fuzzing \
        --max-examples "$examples" --seed "$seed" --workers 1 --max-redirects 0 --no-color \
        --suppress-health-check all --warnings off "$@") || failed+=("$context $*")
}

failed=()
round core "$token" --exclude-operation-id-regex "^($(IFS='|'; echo "${final[*]}"))\$"
round media "$token"
round links "$token"
curl --silent --fail --output /dev/null --header "Authorization: Bearer $token" "$url/v1/core/users/me" ||
    failed+=("the session ended too early")
for at in "${!final[@]}"; do
    round core "${tokens[at]}" --include-operation-id "${final[at]}"
done
kill -0 "$system" || failed+=("Millrace ended")

((${#failed[@]} == 0)) || fail "failed: $(IFS=';'; echo "${failed[*]}")"
echo "schemathesis: all is well, after $SECONDS s"
