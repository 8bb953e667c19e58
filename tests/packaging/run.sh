#!/usr/bin/env bash
# The Debian package, made from a built program, installed, used, upgraded, removed and purged.
#
#   tests/packaging/run.sh target/debug/settle
#
# The machine stays as it is: everything after the build happens in a throw-away layer over its file system, which
# needs root. Where a tool is not there, its part is skipped with a line.
set -euo pipefail
program="$(realpath "${1:?usage: run.sh PROGRAM}")"
here="$(cd "$(dirname "$0")" && pwd)"
root="$(cd "$here/../.." && pwd)"

for tool in dpkg-deb dpkg-shlibdeps strip python3; do
  command -v "$tool" > /dev/null || { echo "skipped: no $tool, no package is built"; exit 0; }
done

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
mkdir "$work/first" "$work/second"
fail() { echo "failed: $*" >&2; exit 1; }

# A time of its own: the test holds in a checkout without a history too.
export SOURCE_DATE_EPOCH=1767225600
# Quick rather than small.
export DPKG_DEB_COMPRESSOR_LEVEL=0
"$root/packaging/debian/build.sh" "$program" "$work/first" > /dev/null
# Another folder, another umask, another time of day.
(umask 077 && TZ=Asia/Tokyo "$root/packaging/debian/build.sh" "$program" "$work/second" > /dev/null)
package="$(echo "$work"/first/settle_*.deb)"
cmp "$package" "$work/second/$(basename "$package")" || fail "two builds of one program differ"
echo "built twice, the same bytes: $(basename "$package")"

python3 "$here/inspect_package.py" "$package"

if command -v lintian > /dev/null; then
  lintian --allow-root --fail-on error,warning --suppress-tags bogus-mail-host,initial-upload-closes-no-bugs "$package"
  echo "lintian: no errors, no warnings"
else
  echo "skipped: no lintian"
fi

# The same package under the next version, to upgrade to.
dpkg-deb -R "$package" "$work/next"
sed -i 's/^Version: .*/&+next/' "$work/next/DEBIAN/control"
dpkg-deb --root-owner-group -Znone --build "$work/next" "$work/next.deb" > /dev/null
cp "$package" "$work/settle.deb"

layer='
  mount -t tmpfs -o mode=755 tmpfs "$1/layer"
  mkdir "$1/layer/upper" "$1/layer/work" "$1/layer/system"
  mount -t overlay overlay -o "lowerdir=/,upperdir=$1/layer/upper,workdir=$1/layer/work" "$1/layer/system"
  mount -t proc proc "$1/layer/system/proc"
  mount --rbind /dev "$1/layer/system/dev"
  mount -t tmpfs tmpfs "$1/layer/system/run"
  mkdir -p "$1/layer/system/opt/packages"
  cp "$1"/*.deb "$2/installed.sh" "$1/layer/system/opt/packages"
'
mkdir "$work/layer"
if [ "$(id -u)" != 0 ] || ! unshare --mount sh -ec "$layer" sh "$work" "$here" 2> /dev/null; then
  echo "skipped: no throw-away layer over this system can be made (it needs root), nothing is installed"
  exit 0
fi
unshare --mount sh -ec "$layer"'exec chroot "$1/layer/system" bash /opt/packages/installed.sh' sh "$work" "$here"
