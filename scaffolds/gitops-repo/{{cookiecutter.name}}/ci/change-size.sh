#!/usr/bin/env bash
# Usage: change-size.sh BASE HEAD     fails at 200 changed lines; ROLLBACK=true lets a revert through
set -euo pipefail
base=$1 head=$2

# A service that begins here is as big as the paved path.
begun=()
while IFS= read -r entity; do
  name=$(basename "$(dirname "$entity")")
  begun+=(":(exclude)services/$name" ":(exclude)apps/$name.yaml")
done < <(git diff --name-only --diff-filter=A "$base...$head" -- 'services/*/catalog-info.yaml')

# Three dots: against the merge base, so that new commits on main do not count.
lines=$(git diff --numstat "$base...$head" -- . "${begun[@]}" | awk '$1 != "-" { n += $1 + $2 } END { print n + 0 }')
echo "changed lines: $lines (limit: under 200)"
if [ "$lines" -ge 200 ] && [ "${ROLLBACK:-false}" != "true" ]; then
  echo "Split the change into parts that can ship on their own, or hide it behind a flag." >&2
  exit 1
fi
