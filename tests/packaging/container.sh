#!/usr/bin/env bash
# What can be known of packaging/Containerfile without a container engine.
#
#   tests/packaging/container.sh target/debug/settle
#
# Its sources exist; the folder that becomes the image is made by the same script and works when it is all there is
# (chroot, which needs root), as the user and with the health check that the file names.
set -euo pipefail
program="$(realpath "${1:?usage: container.sh PROGRAM}")"
root="$(cd "$(dirname "$0")/../.." && pwd)"
file="$root/packaging/Containerfile"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
fail() { echo "failed: $*" >&2; exit 1; }

sources="$(sed -n 's/^COPY \([^-].*\) [^ ]*$/\1/p' "$file")"
[ -n "$sources" ] || fail "no COPY in $file"
for source in $sources; do
  [ -e "$root/$source" ] || fail "COPY $source: not in the checkout"
  grep -qE "^!${source%%[./-]*}" "$root/.dockerignore" || fail "COPY $source: .dockerignore keeps it out"
done
grep -q '^rust-version = "1.95"' "$root/Cargo.toml" && grep -q '^FROM rust:1.95-' "$file" \
  || fail "the image's Rust is not that of Cargo.toml"
echo "sources: all there"

if command -v hadolint > /dev/null; then
  hadolint "$file"
  echo "hadolint: nothing to say"
else
  echo "skipped: no hadolint"
fi

if ! [ -e /etc/ssl/certs/ca-certificates.crt ]; then
  echo "skipped: no certificate authorities on this machine, the image's folder is not made"
  exit 0
fi
"$root/packaging/rootfs.sh" "$program" "$work/image"
[ ! -e "$work/image/bin/sh" ] || fail "there is a shell"
if [ "$(id -u)" != 0 ]; then
  echo "skipped: not root, the image's folder is not entered"
  exit 0
fi
user="$(sed -n 's/^USER //p' "$file")"
chown "$user" "$work/image/var/lib/settle"
chmod 755 "$work"
# The variables are set outside, where there is an `env`.
inside() { env -i SETTLE_DATA_DIR=/var/lib/settle "$(command -v chroot)" --userspec="$user" "$work/image" /usr/bin/settle "$@"; }
inside --version
cp -r "$root/sample_reports" "$work/image/sample_reports"
inside report --month 2026-09 --from sample_reports | diff "$root/sample_reports/expected/report-2026-09.txt" - > "$work/diff" \
  || fail "the month statement differs"
inside import sample_reports/shop-de > /dev/null || [ $? = 5 ] || fail "nothing can be kept in the volume"
check="$(sed -n 's/^HEALTHCHECK.*CMD \["\/usr\/bin\/settle", \(.*\)\]$/\1/p' "$file" | tr -d '",')"
code=0
# shellcheck disable=SC2086
inside $check > /dev/null 2> "$work/said" || code=$?
# Healthy or stale, both are answers; anything else is a health check that does not work.
[ "$code" = 0 ] || [ "$code" = 8 ] || fail "settle $check: exit code $code, $(cat "$work/said")"
echo "the image's folder: a month, an import, the health check (exit code $code)"
