#!/usr/bin/env bash
# Usage: branch-age.sh BASE HEAD     warns after a day and fails after three, counted from the first commit
set -euo pipefail
base=$1 head=$2

first=$(git log --format=%ct "$base..$head" | tail --lines 1)
[ -n "$first" ] || exit 0
hours=$((($(date +%s) - first) / 3600))
echo "age of the branch: $hours h (warning from 24 h, limit: under 72)"
if [ "$hours" -ge 72 ]; then
  echo "Merge what is ready behind a flag, and go on in a new branch." >&2
  exit 1
elif [ "$hours" -ge 24 ]; then
  echo "Merge it today: what lives long on a branch meets the others' work late." >&2
fi
