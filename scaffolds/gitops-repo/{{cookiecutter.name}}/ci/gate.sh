#!/usr/bin/env bash
# Usage: gate.sh BASE HEAD     asks Flagstone whether the change of each service may go out; fails on `stop`
#
# Needs jq and curl. FLAGSTONE_URL and FLAGSTONE_TOKEN (scope: gate) come from the settings of CI; LABELS is a JSON list.
set -euo pipefail
base=$1 head=$2
: "${FLAGSTONE_URL:?the address of Flagstone is not set}" "${FLAGSTONE_TOKEN:?the token for the gate is not set}"
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

ask() { # SERVICE; prints the HTTP status
  local folder=services/$1 added deleted
  read -r added deleted < <(git diff --numstat "$base...$head" -- "$folder" |
    awk '$1 != "-" { a += $1; d += $2 } END { print a + 0, d + 0 }')
  git ls-files -z "$folder" | tr '\0' '\n' | grep --extended-regexp '\.(ya?ml|json)$' |
    jq --raw-input --slurp 'split("\n") | map(select(. != ""))' |
    jq --raw-output '.[]' | while IFS= read -r file; do
      jq --null-input --arg path "$file" --rawfile text "$file" '{($path): $text}'
    done | jq --slurp --arg service "$1" --arg ref "$head" --argjson labels "${LABELS:-[]}" \
      --argjson additions "$added" --argjson deletions "$deleted" '{
        service: $service, ref: $ref, files: add,
        pull_request: {additions: $additions, deletions: $deletions, labels: $labels}
      }' |
    curl --silent --show-error --max-time 60 --output "$answer" --write-out '%{http_code}' \
      --header @<(printf 'Authorization: Bearer %s\n' "$FLAGSTONE_TOKEN") \
      --header 'Content-Type: application/json' --data-binary @- "$FLAGSTONE_URL/api/v1/gate"
}

stopped=0
while IFS= read -r service; do
  if [ ! -f "services/$service/catalog-info.yaml" ]; then
    echo "$service: removed"
    continue
  fi
  status=$(ask "$service") || true # curl has said why; the status is 000 then
  case $status in
    200)
      jq --raw-output --arg service "$service" '
        "\($service): \(.decision)", (.reasons[] | select(.state != "go") | "  \(.state)  \(.title)\n        \(.detail)")
      ' "$answer"
      [ "$(jq --raw-output .decision "$answer")" != "stop" ] || stopped=1
      ;;
    404) echo "$service: not in the catalogue yet; it is scored as soon as it is merged" ;;
    *)
      echo "$service: the gate answered $status: $(jq --raw-output '.detail // "nothing"' "$answer" 2> /dev/null)" >&2
      stopped=1
      ;;
  esac
done < <(git diff --name-only "$base...$head" -- services | cut --delimiter / --fields 2 | sort --unique)
exit "$stopped"
