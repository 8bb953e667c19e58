#!/usr/bin/env bash
# Makes settle_VERSION_ARCH.deb from a built program, the same bytes for the same program.
#
#   packaging/debian/build.sh target/release/settle [FOLDER]     FOLDER: where the package goes; default: here
#
# Needs dpkg-dev, binutils, Python 3 and Cargo (for the licences of the crates). SOURCE_DATE_EPOCH is the time of all
# files in the package; without it, that of the last commit. `settle-rehearsal` is left out on purpose: a double of
# Amazon's services has no business on a merchant's machine.
set -euo pipefail
program="$(realpath "${1:?usage: build.sh PROGRAM [FOLDER]}")"
out="$(realpath "${2:-.}")"
here="$(cd "$(dirname "$0")" && pwd)"
root="$(cd "$here/../.." && pwd)"

: "${SOURCE_DATE_EPOCH:=$(git -C "$root" log -1 --format=%ct)}"
export SOURCE_DATE_EPOCH LC_ALL=C TZ=UTC
version="$("$program" --version | cut -d' ' -f2)"
arch="$(dpkg --print-architecture)"
maintainer="${DEBFULLNAME:-The settle developers} <${DEBEMAIL:-settle@packages.invalid}>"

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
umask 022
tree="$work/tree"
doc="$tree/usr/share/doc/settle"

put() { install -D -m "${3:-644}" "$1" "$tree/$2"; }
# The time is not in it, so that two builds agree.
packed() { gzip -9n > "$tree/$1"; }

put "$program" usr/bin/settle 755
strip --strip-unneeded --remove-section=.comment --remove-section=.note "$tree/usr/bin/settle"

mkdir -p "$tree/usr/share/man/man1" "$doc/examples"
"$program" man "$work/man"
for page in "$work"/man/*.1; do packed "usr/share/man/man1/$(basename "$page").gz" < "$page"; done

mkdir -p "$tree"/usr/share/{bash-completion/completions,zsh/vendor-completions,fish/vendor_completions.d}
"$program" completions bash > "$tree/usr/share/bash-completion/completions/settle"
"$program" completions zsh > "$tree/usr/share/zsh/vendor-completions/_settle"
"$program" completions fish > "$tree/usr/share/fish/vendor_completions.d/settle.fish"

# The units are what `settle schedule print` says of the installed program. Here it is somewhere else: the paths are put
# right, and tests/packaging compares with what the installed program prints.
mkdir -p "$work/units" "$tree/usr/lib/systemd/system"
for kind in --systemd --daemon; do
  "$program" schedule print "$kind" --quiet -o "$work/units" --config "$here/settle.toml" --data-dir /var/lib/settle
done
for unit in "$work"/units/*; do
  sed -e "/^ExecStart=/s|=[^ ]* \([a-z]*\) --config [^ ]*|=/usr/bin/settle \1 --config /etc/settle/settle.toml|" \
    -e '/^User=/d' -e '/^ExecStart=/a User=settle' \
    -e 's/^ProtectHome=.*/ProtectHome=yes/' -e 's/^PrivateTmp=.*/PrivateTmp=yes/' \
    "$unit" > "$tree/usr/lib/systemd/system/$(basename "$unit")"
done
for unit in settle.service settle-daemon.service; do
  put "$here/package.conf" "usr/lib/systemd/system/$unit.d/package.conf"
done

put "$here/settle.toml" usr/share/doc/settle/examples/settle.toml
put "$here/README.Debian" usr/share/doc/settle/README.Debian
put "$here/copyright" usr/share/doc/settle/copyright
put "$here/lintian-overrides" usr/share/lintian/overrides/settle
packed usr/share/doc/settle/CHANGELOG.md.gz < "$root/CHANGELOG.md"
packed usr/share/doc/settle/README.md.gz < "$root/README.md"
"$root/packaging/third-party.py" --texts | packed usr/share/doc/settle/THIRD_PARTY_LICENSES.gz
packed usr/share/doc/settle/changelog.gz <<TEXT
settle ($version) unstable; urgency=medium

  * What is new in this version: /usr/share/doc/settle/CHANGELOG.md.gz

 -- $maintainer  $(date -R -d "@$SOURCE_DATE_EPOCH")
TEXT

# Which versions of the system's libraries the program needs, from the symbols that it uses.
mkdir -p "$work/debian"
printf 'Source: settle\n\nPackage: settle\nArchitecture: any\n' > "$work/debian/control"
libraries="$(cd "$work" && dpkg-shlibdeps -O "tree/usr/bin/settle" 2> "$work/shlibdeps" || { cat "$work/shlibdeps" >&2; exit 1; })"

mkdir -p "$tree/DEBIAN"
cat > "$tree/DEBIAN/control" <<TEXT
Package: settle
Version: $version
Architecture: $arch
Maintainer: $maintainer
Installed-Size: $(du -sk --apparent-size --exclude=DEBIAN "$tree" | cut -f1)
Depends: ${libraries#shlibs:Depends=}, adduser
Recommends: ca-certificates
Section: misc
Priority: optional
Description: proves Amazon Pay settlement reports to the cent
 settle reads the settlement reports of Amazon Pay, proves a month to the cent,
 traces every figure to a line of a file, matches payouts with the bank, and
 exports what accounting programs import.
 .
 It works on files saved by hand, or fetches them every night by itself.
TEXT
for script in postinst prerm postrm; do install -m 755 "$here/$script" "$tree/DEBIAN/$script"; done
(cd "$tree" && find usr -type f -print0 | sort -z | xargs -0 md5sum > DEBIAN/md5sums)
chmod 644 "$tree/DEBIAN/control" "$tree/DEBIAN/md5sums"

find "$tree" -print0 | xargs -0 touch --no-dereference --date="@$SOURCE_DATE_EPOCH"
dpkg-deb --root-owner-group -Zxz --build "$tree" "$out/settle_${version}_$arch.deb"
