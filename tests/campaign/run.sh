#!/bin/sh
# The crash and fault campaign at length. A seed repeats it; without one, the day's number is taken.
#
#   tests/campaign/run.sh [--seed N] [--kills N] [--cuts N] [--faults N] [--bits N] [--rounds N] [--parts LIST]
#
# --kills   kills at random moments, beside one at every step of every command (1000)
# --cuts    steps of each command after which the power is cut, three ways each (60)
# --faults  steps of each command at which the disk fails, in each of six ways (40)
# --bits    single-bit damages at rest (1000)
# --rounds  rounds of eight commands at once (100)
# --parts   some of kills,power,disk,bits,crowd (all)
set -eu
cd "$(dirname "$0")/../.."
CAMPAIGN_SEED=$(date +%Y%m%d)
while [ $# -gt 0 ]; do
  [ $# -ge 2 ] || { echo "$1 needs a value" >&2; exit 2; }
  case $1 in
    --seed) CAMPAIGN_SEED=$2 ;;
    --kills) export CAMPAIGN_KILLS="$2" ;;
    --cuts) export CAMPAIGN_CUTS="$2" ;;
    --faults) export CAMPAIGN_FAULTS="$2" ;;
    --bits) export CAMPAIGN_BITS="$2" ;;
    --rounds) export CAMPAIGN_ROUNDS="$2" ;;
    --parts) export CAMPAIGN_PARTS="$2" ;;
    *) echo "unknown option $1" >&2; exit 2 ;;
  esac
  shift 2
done
export CAMPAIGN_SEED
uname -srm
exec cargo test --test campaign -- --ignored --exact long::the_campaign_at_length --nocapture
