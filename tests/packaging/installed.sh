#!/usr/bin/env bash
# Runs inside a throw-away copy of a Debian system, as root: the life of the package.
set -euo pipefail
cd /opt/packages
export LC_ALL=C.UTF-8 HOME=/root DEBIAN_FRONTEND=noninteractive
fail() { echo "failed: $*" >&2; exit 1; }
holds() { grep -q -- "$2" <<< "$1" || fail "no \`$2\` in: $1"; }
have() { command -v "$1" > /dev/null || { echo "skipped: no $1"; return 1; }; }
is() { [ "$(stat -c '%a %U:%G' "$1")" = "$2" ] || fail "$1 is $(stat -c '%a %U:%G' "$1"), not $2"; }
as_settle() { setpriv --reuid settle --regid settle --clear-groups "$@"; }
have adduser || { echo "skipped: the package cannot make its user here, nothing is installed"; exit 0; }
# A machine that installs no manual pages is told to.
rm -f /etc/dpkg/dpkg.cfg.d/*

echo "-- install"
dpkg --force-depends -i settle.deb > /dev/null 2> errors || { cat errors; fail "dpkg -i"; }
holds "$(dpkg -s settle)" 'Status: install ok installed'
holds "$(settle --version)" '^settle [0-9]'
[ -z "$(dpkg --verify settle)" ] || fail "files differ from the package: $(dpkg --verify settle)"
[ -z "$(ldd /usr/bin/settle | grep 'not found' || true)" ] || fail "a library is missing"
is /etc/settle '750 settle:settle'
is /var/lib/settle '700 settle:settle'

echo "-- manual pages and completions"
if have man; then
  page="$(MANPATH=/usr/share/man MANWIDTH=80 man --warnings settle-report 2> errors)"
  [ ! -s errors ] || fail "man warns: $(cat errors)"
  holds "$page" 'statement of a month'
fi
if have mandoc; then
  for page in /usr/share/man/man1/settle*.1.gz; do
    zcat "$page" | mandoc -T lint -W error > errors || fail "$page: $(cat errors)"
  done
fi
bash --norc -c '
  source /usr/share/bash-completion/completions/settle
  COMP_WORDS=(settle rep) COMP_CWORD=1 COMP_LINE="settle rep" COMP_POINT=10
  _settle settle rep settle
  [[ " ${COMPREPLY[*]} " == *" report "* ]]' || fail "bash does not complete \`settle rep\`"
if have zsh; then
  zsh -f -c 'fpath=(/usr/share/zsh/vendor-completions $fpath); autoload -Uz compinit; compinit -u -D; (( $+_comps[settle] ))' \
    || fail "zsh does not know the completion"
fi
if have fish; then
  holds "$(fish --no-config -c 'source /usr/share/fish/vendor_completions.d/settle.fish; complete -C "settle rep"')" '^report'
fi

echo "-- settings and a month, as the user of the service"
install -o settle -g settle -m 600 /usr/share/doc/settle/examples/settle.toml /etc/settle/settle.toml
if [ -d /opt/packages/reports ]; then fail "reports are there already"; fi
holds "$(as_settle settle config show --config /etc/settle/settle.toml)" 'A1EXAMPLE'

echo "-- units"
# The one source of the units is the program: what it prints at its place is what the package brought.
mkdir printed
settle schedule print --systemd --quiet --config /etc/settle/settle.toml --data-dir /var/lib/settle -o printed
settle schedule print --daemon --quiet --config /etc/settle/settle.toml --data-dir /var/lib/settle -o printed
for unit in settle.service settle.timer settle-daemon.service; do
  diff "printed/$unit" "/usr/lib/systemd/system/$unit" || fail "$unit is not what \`settle schedule print\` says"
done
if have systemd-analyze; then
  for unit in settle.service settle.timer settle-daemon.service; do
    systemd-analyze verify "/usr/lib/systemd/system/$unit" > errors 2>&1 || fail "$unit: $(cat errors)"
    [ -z "$(grep settle errors || true)" ] || fail "$unit: $(cat errors)"
  done
  # The exposure is a number of tenths: 2.0 at most, 10 being an open door.
  for unit in settle.service settle-daemon.service; do
    systemd-analyze security --offline=true --threshold=20 "/usr/lib/systemd/system/$unit" > exposure || {
      cat exposure; fail "$unit is more exposed than allowed"; }
    tail -1 exposure
  done
fi

echo "-- again, and the next version"
dpkg --force-depends -i settle.deb > /dev/null 2>&1
as_settle sh -c 'umask 077; echo evidence > /var/lib/settle/archive'
chmod 700 /etc/settle
dpkg --force-depends -i next.deb > /dev/null 2>&1
holds "$(dpkg -s settle)" '^Version: .*+next'
is /etc/settle '700 settle:settle'
is /etc/settle/settle.toml '600 settle:settle'
[ "$(cat /var/lib/settle/archive)" = evidence ] || fail "an upgrade touched the archive"

echo "-- remove"
dpkg -r settle > /dev/null 2>&1
[ ! -e /usr/bin/settle ] || fail "the program is still there"
[ -e /etc/settle/settle.toml ] && [ -e /var/lib/settle/archive ] || fail "removal took the merchant's files"

echo "-- purge with files, then without"
said="$(dpkg -P settle 2>&1)"
holds "$said" 'kept /var/lib/settle'
holds "$said" 'kept /etc/settle'
[ "$(cat /var/lib/settle/archive)" = evidence ] || fail "a purge deleted the archive"
rm /etc/settle/settle.toml /var/lib/settle/archive
dpkg --force-depends -i settle.deb > /dev/null 2>&1
dpkg -P settle > /dev/null 2>&1
for left in /etc/settle /var/lib/settle /usr/share/doc/settle /usr/lib/systemd/system/settle.service.d; do
  [ ! -e "$left" ] || fail "$left is still there"
done
holds "$(getent passwd settle)" '^settle:'
echo "the package: installed, used, upgraded, removed, purged"
