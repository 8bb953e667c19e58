#!/usr/bin/env bash
# The questions of `settle init` on a real terminal (a pseudo-terminal of tmux), answered key by key.
# Usage: tests/init/wizard.sh [path of settle]
set -euo pipefail
if ! command -v tmux >/dev/null 2>&1; then
  echo "skipped: no tmux, the questions of settle init are not asked on a terminal"
  exit 0
fi
settle=$(realpath "${1:-${CARGO_TARGET_DIR:-target}/debug/settle}")
place=$(mktemp -d)
tmux=(tmux -L "settle-wizard-$$" -f /dev/null)
trap '"${tmux[@]}" kill-server 2>/dev/null || true; rm -rf "$place"' EXIT
mkdir "$place/home" "$place/work"
"${tmux[@]}" new-session -d -s w -x 140 -y 60 -c "$place/work" "env -i HOME=$place/home PATH=/usr/bin:/bin TERM=screen PS1='READY ' sh"

screen() { "${tmux[@]}" capture-pane -p -J -t w; }
fail() { printf 'failed: %s\n' "$1"; screen; exit 1; }
# Waits until the screen shows a text; ten seconds at most.
shows() {
  for _ in $(seq 100); do
    if screen | grep -qF -- "$1"; then return; fi
    sleep 0.1
  done
  fail "the screen never showed: $1"
}
type() { "${tmux[@]}" send-keys -t w -l -- "$1"; }
key() { "${tmux[@]}" send-keys -t w "$1"; }
# Waits for a question, types an answer, sends it.
answer() { shows "$1"; type "$2"; key Enter; }
# Clears the screen, so that nothing of an earlier run is taken for an answer, and starts the program.
begin() {
  "${tmux[@]}" send-keys -t w -R
  "${tmux[@]}" clear-history -t w
  key Enter
  shows READY
  type "$settle $1; echo ended with \$?"
  key Enter
}

echo "a key is made, mistakes are asked again, the id comes later"
begin init
answer "Place of the configuration" ""
answer "Country of the merchant account" "fr"
answer "Name of the account" ""
answer "Amazon's merchant ID" "A1 EXAMPLE"
shows "expected text, without blanks"
answer "Amazon's merchant ID" "A1EXAMPLE"
answer "How reports are fetched" ""
answer "Environment" ""
answer "Time zone" ""
answer "make a new key pair now" ""
shows "END PUBLIC KEY"
answer "Public key ID" "SANDBOX-A"
shows "this id begins with SANDBOX-"
answer "Public key ID (leave it empty" ""
answer "Folder for the archive" "$place/data"
answer "as a cron expression" "sometimes"
shows "five fields"
answer "as a cron expression" ""
answer "Write this to" ""
shows "ended with 0"
config=$place/home/.config/settle/settle.toml
[ "$(stat -c %a "$config")" = 600 ] || fail "the configuration is not private"
[ "$(stat -c %a "${config%/*}/shop-fr.pem")" = 600 ] || fail "the key is not private"
grep -qx "data_dir = \"$place/data\"" "$config" || fail "the data folder is not in the configuration"
grep -qx 'cron = "30 4 \* \* \*"' "$config" || fail "the schedule is not in the configuration"
first=$(cat "$config")

echo "a second account with a typed secret is added; the secret is never shown"
begin "init --no-test"
shows "one more account is added"
answer "Country of the merchant account" "DE"
answer "Name of the account" "shop-fr"
shows "already"
for _ in 1 2 3 4 5 6 7 8; do key BSpace; done
answer "Name of the account" "old"
answer "Amazon's merchant ID" "A2EXAMPLE"
shows "How reports are fetched"; key Down; key Enter
answer "Environment" ""
answer "Time zone" ""
answer "Access key ID" "AKIAEXAMPLE"
answer "I type it now" ""
answer "it is not shown" "planted-secret"
answer "the access key is my own" ""
answer "Write this to" ""
shows "ended with 0"
if screen | grep -q planted-secret; then fail "the secret was shown"; fi
[ "$(cat "${config%/*}/old.secret")" = planted-secret ] || fail "the secret was not kept"
[ "$(stat -c %a "${config%/*}/old.secret")" = 600 ] || fail "the secret is not private"
case "$(cat "$config")" in "$first"*"[accounts.old]"*) ;; *) fail "the first account was changed" ;; esac
if grep -q planted-secret "$config"; then fail "the secret is in the configuration"; fi

echo "Ctrl-C in the middle writes nothing and gives the terminal back"
before=$(cat "$config")
begin init
answer "Country of the merchant account" "IT"
shows "Name of the account"; key C-c
shows "ended with 130"
[ "$(cat "$config")" = "$before" ] || fail "the configuration was changed"
[ "$("${tmux[@]}" display-message -p -t w '#{cursor_flag}')" = 1 ] || fail "the cursor is hidden"
HOME=$place/home "$settle" config show >/dev/null
echo "as expected"
