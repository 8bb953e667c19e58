#!/bin/sh
# Exports an invented month in every form and lets programs that nobody here wrote read it back: the trial balance
# must be the same everywhere and move the clearing account as the statement says; one planted cent must be seen.
#
# Installs what it needs into a temporary place that it removes again. What cannot be had is skipped, visibly.
# SETTLE names the program to test; without it, it is built. Ends with `validators: N passed, N failed, N skipped`.
set -u
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
root=$(dirname -- "$(dirname -- "$here")")
place=$(mktemp -d) || exit 1
trap 'rm -rf "$place"' EXIT INT TERM

if [ -z "${SETTLE:-}" ]; then
    (cd "$root" && cargo build --quiet) || exit 1
    SETTLE=${CARGO_TARGET_DIR:-$root/target}/debug/settle
fi
export SETTLE

# Python packages, each on its own: one that is missing does not take the others away.
if python3 -m venv "$place/venv" >"$place/venv.log" 2>&1; then
    grep -v '^#' "$here/requirements.txt" | while read -r package; do
        "$place/venv/bin/pip" install --quiet --disable-pip-version-check "$package" >>"$place/pip.log" 2>&1 ||
            echo "not installed: $package"
    done
    python=$place/venv/bin/python
else
    echo "not installed: a Python environment; only what Python has itself is used"
    python=python3
fi

# hledger and ledger: what is installed, else Debian's packages unpacked beside everything else.
mkdir -p "$place/deb"
unpack() {
    (cd "$place/deb" && apt-get download "$@" >>"$place/apt.log" 2>&1 && for file in *.deb; do dpkg -x "$file" unpacked; done)
}
for program in hledger ledger; do
    command -v "$program" >/dev/null 2>&1 && continue
    case $program in
        hledger) unpack hledger || echo "not installed: hledger" ;;
        ledger) unpack ledger libboost-filesystem1.74.0 libboost-iostreams1.74.0 libboost-regex1.74.0 libboost-python1.74.0 ||
            unpack ledger || echo "not installed: ledger" ;;
    esac
done
PATH=$place/venv/bin:$place/deb/unpacked/usr/bin:$PATH
LD_LIBRARY_PATH=$(find "$place/deb" -name '*.so*' -exec dirname {} \; 2>/dev/null | sort -u | tr '\n' ':')${LD_LIBRARY_PATH:-}
export PATH LD_LIBRARY_PATH

"$python" "$here/read_back.py" --settle "$SETTLE" --from "$root/sample_reports" --work "$place/work"
