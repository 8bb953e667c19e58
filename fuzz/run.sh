#!/usr/bin/env bash
# Builds the fuzz targets and runs them, one after the other, then merges what was found into the corpus.
#   fuzz/run.sh [SECONDS_PER_TARGET] [TARGET…]          60 seconds on every target by default
# Needs a stable Rust compiler and a C++ compiler, and crates.io once, for libfuzzer-sys. No nightly, no cargo-fuzz.
# A line a target: executions, coverage edges and features, files and bytes of the corpus, crashes. Ends with 1 where
# something was found; its input is in fuzz/crashes/new.
set -euo pipefail
cd "$(dirname "$0")"
seconds="${1:-60}"
shift || true
here="$PWD"
target="${CARGO_TARGET_DIR:-$here/target}"
# Archives are unpacked from files, so a disk in memory is worth having.
if [ -z "${TMPDIR:-}" ] && [ -d /dev/shm ]; then export TMPDIR=/dev/shm; fi

# A second is what the slowest reader may take for some kilobytes; a reader that needs more hangs sooner or later.
timeout=5
memory_mb=1024

known="$(grep -o 'name: "[a-z0-9_]*", length_max: [0-9 <]*' properties/mod.rs | sed 's/name: "//; s/", length_max: /=/')"
[ "$#" -gt 0 ] || set -- $(sed 's/=.*//' <<< "$known")

cp ../Cargo.lock Cargo.lock
RUSTC_WRAPPER="$here/rustc.sh" CARGO_TARGET_DIR="$target" cargo build --quiet --bins

found=0
mkdir -p crashes/new
for name in "$@"; do
  length=$(( $(grep "^$name=" <<< "$known" | sed 's/.*=//') ))
  run="$target/debug/$name"
  work="$target/fuzzing/$name"
  log="$target/fuzzing/$name.log"
  mkdir -p "$work" "corpus/$name"
  options=(-max_len="$length" -timeout="$timeout" -rss_limit_mb="$memory_mb" -artifact_prefix="$here/crashes/new/$name-")
  before=$(find crashes/new -name "$name-*" | wc -l)
  [ -f "dictionaries/$name.dict" ] && dictionary=(-dict="dictionaries/$name.dict") || dictionary=()
  nice -n 10 "$run" "${options[@]}" "${dictionary[@]}" -max_total_time="$seconds" -reload=0 -print_final_stats=1 \
    "$work" "corpus/$name" > "$log" 2>&1 || true
  # The fewest files that reach everything that was reached, by the hash of their content.
  merged="$(mktemp -d)"
  nice -n 10 "$run" "${options[@]}" -set_cover_merge=1 "$merged" "corpus/$name" "$work" > "$log.merge" 2>&1 || true
  if [ -n "$(ls -A "$merged")" ]; then
    rm -rf "corpus/$name" && mkdir "corpus/$name"
    (cd "$merged" && for file in *; do mv "$file" "$here/corpus/$name/$(sha1sum < "$file" | cut -c1-16)"; done)
  fi
  rm -rf "$merged"
  crashes=$(( $(find crashes/new -name "$name-*" | wc -l) - before ))
  found=$(( found + crashes ))
  last="$(grep -a 'cov: ' "$log" | tail -1)"
  printf '%-14s execs %9s  edges %6s  features %6s  corpus %4d files %7d bytes  crashes %d\n' "$name" \
    "$(sed -n 's/.*number_of_executed_units: //p' "$log" | tail -1)" \
    "$(sed -n 's/.* cov: \([0-9]*\).*/\1/p' <<< "$last")" "$(sed -n 's/.* ft: \([0-9]*\).*/\1/p' <<< "$last")" \
    "$(find "corpus/$name" -type f | wc -l)" "$(cat corpus/"$name"/* 2>/dev/null | wc -c)" "$crashes"
done
[ "$found" = 0 ]
