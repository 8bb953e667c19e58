#!/usr/bin/env bash
# Builds `settle` twice, in two folders, and compares the programs byte by byte.
#
#   packaging/reproducible.sh [--profile NAME] [--offline]     the words go to `cargo build`; default: --release
#   OWN_CODE=1 CARGO_TARGET_DIR=target packaging/reproducible.sh --profile dev
#
# Each build has its own copy of the sources and its own target folder; paths are remapped, so that no folder of the
# machine stands in the program. Takes two builds from nothing, and room for two targets on the disk. With OWN_CODE=1
# only the crate itself is built twice, on the dependencies that the target folder has: minutes instead of an hour, and
# a statement about less.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
[ $# -gt 0 ] || set -- --release
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
: "${SOURCE_DATE_EPOCH:=$(git -C "$root" log -1 --format=%ct)}"
cargo_home="${CARGO_HOME:-$HOME/.cargo}"
sysroot="$(rustc --print sysroot)"

# What the compilers are told of folders: crates, the sources, the toolchain; for C compiled by build scripts too.
flags() {
  printf -- '--remap-path-prefix=%s=%s ' "$1" /src "$cargo_home" /cargo "$sysroot" /rust
}
c_flags() {
  printf -- '-ffile-prefix-map=%s=%s ' "$1" /src "$2" /target "$cargo_home" /cargo
}

copy_of_sources() {
  mkdir -p "$work/$1"
  (cd "$root" && cp -r Cargo.toml Cargo.lock src "$work/$1/")
}

build() {
  local folder="$work/$1" target="$work/$1-target"
  copy_of_sources "$1"
  (
    cd "$folder"
    export SOURCE_DATE_EPOCH CARGO_TARGET_DIR="$target" CARGO_INCREMENTAL=0
    RUSTFLAGS="$(flags "$folder") --remap-path-prefix=$target=/target" CFLAGS="$(c_flags "$folder" "$target")" \
      cargo build --locked --bin settle "${@:2}"
  ) >&2
  find "$target" -maxdepth 2 -type f -name settle
}

# The flags go to the compiler for this package alone, so that nothing else is built anew.
build_own_code() {
  local folder="$work/$1" target
  copy_of_sources "$1"
  target="$(realpath "${CARGO_TARGET_DIR:?names the folder with the dependencies}")"
  printf '#!/bin/sh\nexec "$@" %s --remap-path-prefix=%s=/target\n' "$(flags "$folder")" "$target" > "$work/wrapper"
  chmod +x "$work/wrapper"
  (
    cd "$folder"
    # SOURCE_DATE_EPOCH is not set here: crates with C in them would be built anew for it.
    export CARGO_INCREMENTAL=0 RUSTC_WORKSPACE_WRAPPER="$work/wrapper"
    cargo build --locked --bin settle "${@:2}"
  ) >&2
  mkdir "$work/$1-program"
  find "$target" -maxdepth 2 -type f -name settle -newer "$work/wrapper" -exec cp {} "$work/$1-program/settle" \;
  echo "$work/$1-program/settle"
}

[ -z "${OWN_CODE:-}" ] || build() { build_own_code "$@"; }
first="$(build here "$@")"
second="$(build a-place-with-a-longer-name "$@")"
sha256sum "$first" "$second" | sed "s|$work/||"
if cmp "$first" "$second"; then
  echo "reproducible: the same bytes from two folders"
else
  echo "not reproducible: diffoscope shows where" >&2
  exit 1
fi
[ -z "${OWN_CODE:-}" ] || exit 0
for path in "$root" "$work" "$cargo_home"; do
  ! grep -qF -- "$path" "$first" || { echo "the program names $path" >&2; exit 1; }
done
