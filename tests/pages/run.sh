#!/bin/sh
# Holds page and workbook against the JSON of the same run, with programs that nobody here wrote: Chromium
# reads the page, LibreOffice recalculates the workbook. A missing program skips its part, visibly.
#   tests/pages/run.sh [path of settle]        PAGES_OUT=DIR keeps screenshots and the printed page
# Exit code 0 when nothing failed. The last line counts.
cd "$(dirname "$0")/../.." || exit 2
settle=${1:-${CARGO_TARGET_DIR:-target}/debug/settle}
if [ ! -x "$settle" ]; then
  echo "skip: no settle at $settle; build it, or name it as the first argument"
  echo "pages: 0 passed, 0 failed, 1 skipped"
  exit 0
fi
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work" 2> /dev/null' EXIT INT TERM
log="$work/log"
: > "$log"
if command -v node > /dev/null; then
  node tests/pages/page.mjs "$settle" "$work" 2>&1 | tee -a "$log"
else
  echo "skip: node is missing, so no browser was driven" | tee -a "$log"
fi
if command -v python3 > /dev/null; then
  python3 tests/pages/workbook.py "$settle" "$work" 2>&1 | tee -a "$log"
else
  echo "skip: python3 is missing, so no workbook was recalculated" | tee -a "$log"
fi
passed=$(grep -c '^ok: ' "$log")
failed=$(grep -vc -e '^ok: ' -e '^skip: ' -e '^  ' "$log")
skipped=$(grep -c '^skip: ' "$log")
echo "pages: $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
