#!/bin/sh
# Runs two foreign clients, unmodified, against the rehearsal server: the Python package `mws` on the MWS face
# and the npm package @amazonpay/amazon-pay-api-sdk-nodejs on the Pay face, both over TLS.
#
# usage: tests/conformance/run.sh [path of a built settle-rehearsal]
#
# Ends with one line, `conformance: N passed, N failed, N skipped`, and a failure where anything failed. What is
# not installed here is skipped with a line that says so.
set -eu

MWS_PACKAGE="mws==0.8.15"
PAY_PACKAGE="@amazonpay/amazon-pay-api-sdk-nodejs@2.3.4"

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH='' cd -- "$here/../.." && pwd)
binary=${1:-}
if [ -z "$binary" ]; then
    (cd "$root" && cargo build --quiet --bin settle-rehearsal)
    binary=${CARGO_TARGET_DIR:-$root/target}/debug/settle-rehearsal
fi

work=$(mktemp -d)
server=
cleanup() {
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

: > "$work/results"
skip() {
    echo "skipped: $1"
    echo "skipped" >> "$work/results"
}

"$binary" generate --recent --country FR --country DE --orders-per-day 1 --out "$work/shops" > /dev/null
"$binary" serve --from "$work/shops" --clock real > "$work/ready" &
server=$!
tries=0
until [ -s "$work/ready" ]; do
    tries=$((tries + 1))
    if [ "$tries" -gt 300 ] || ! kill -0 "$server" 2>/dev/null; then
        echo "the server did not start" >&2
        exit 1
    fi
    sleep 0.1
done

if ! command -v python3 > /dev/null || ! python3 -c 'import venv, ensurepip' 2> /dev/null; then
    skip "no python3 with venv and pip"
elif ! { python3 -m venv "$work/python" && "$work/python/bin/pip" install --quiet --disable-pip-version-check "$MWS_PACKAGE" > "$work/pip.log" 2>&1; }; then
    skip "pip could not install $MWS_PACKAGE"
else
    "$work/python/bin/python" "$here/mws_client.py" "$work/ready" "$work/shops" "$work/results" || echo "failed" >> "$work/results"
fi

if ! command -v node > /dev/null || ! command -v npm > /dev/null; then
    skip "no node with npm"
elif ! npm install --silent --no-audit --no-fund --prefix "$work/node" "$PAY_PACKAGE" > "$work/npm.log" 2>&1; then
    skip "npm could not install $PAY_PACKAGE"
else
    # The client itself turns the verification of certificates off, and Node warns of it.
    NODE_PATH="$work/node/node_modules" NODE_NO_WARNINGS=1 \
        node "$here/pay_client.js" "$work/ready" "$work/shops" "$work/results" || echo "failed" >> "$work/results"
fi

count() {
    grep -c "^$1\$" "$work/results" || true
}
failed=$(count failed)
echo "conformance: $(count passed) passed, $failed failed, $(count skipped) skipped"
[ "$failed" -eq 0 ]
