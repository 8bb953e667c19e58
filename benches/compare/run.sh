#!/usr/bin/env bash
# Compares settle with duckdb, polars and pandas: makes its own Python environment, then measures.
# Everything it makes lies in $SETTLE_BENCH_DIR (default: target/bench) and is kept for the next run.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
export SETTLE_BENCH_DIR=${SETTLE_BENCH_DIR:-$top/target/bench}
export SETTLE_BIN_DIR=${SETTLE_BIN_DIR:-${CARGO_TARGET_DIR:-$top/target}/release}
mkdir -p "$SETTLE_BENCH_DIR"
SETTLE_BENCH_DIR=$(cd "$SETTLE_BENCH_DIR" && pwd)
venv=$SETTLE_BENCH_DIR/venv

# Help needs nothing installed.
for argument in "$@"; do
    case $argument in -h | --help) exec python3 "$here/compare.py" --help ;; esac
done

if ! cmp -s "$here/requirements.txt" "$venv/requirements.txt"; then
    echo "making the Python environment in $venv" >&2
    rm -rf "$venv"
    if ! python3 -m venv "$venv"; then
        echo "no environment can be made (python3-venv missing?): only settle itself will be measured" >&2
        exec python3 "$here/compare.py" "$@"
    fi
    # One by one: a contestant that cannot be installed is skipped, the others still run.
    all=yes
    while read -r requirement; do
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$requirement" </dev/null >&2 || {
            echo "could not install $requirement: its comparisons will be skipped" >&2
            all=no
        }
    done <"$here/requirements.txt"
    [ "$all" = no ] || cp "$here/requirements.txt" "$venv/requirements.txt"
fi

exec "$venv/bin/python" "$here/compare.py" "$@"
