#!/bin/sh
# A root file system with the program and what it needs to run, for a container image without anything else.
#
#   packaging/rootfs.sh target/release/settle FOLDER
#
# In it: the program, the libraries that the loader asks for, the certificate authorities, a user and its folder.
set -eu
program="$1"
into="$2"

install -D -m 755 "$program" "$into/usr/bin/settle"
# Lines like `libc.so.6 => /lib/.../libc.so.6 (0x…)` and the loader alone.
ldd "$program" | sed -n 's|^[^/]*\(/[^ ]*\) (0x.*|\1|p' | while read -r library; do
  install -D -m 755 "$library" "$into$library"
done
install -D -m 644 /etc/ssl/certs/ca-certificates.crt "$into/etc/ssl/certs/ca-certificates.crt"
printf 'settle:x:65532:65532::/var/lib/settle:\n' > "$into/etc/passwd"
printf 'settle:x:65532:\n' > "$into/etc/group"
printf 'hosts: files dns\n' > "$into/etc/nsswitch.conf"
install -d -m 1777 "$into/tmp"
install -d -m 755 "$into/etc/settle"
install -d -m 700 "$into/var/lib/settle"
