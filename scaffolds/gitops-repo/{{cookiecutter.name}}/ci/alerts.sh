#!/usr/bin/env bash
# Every alert fires when it should, and only then. Needs promtool and yq.
set -euo pipefail
shopt -s nullglob

for folder in services/*/tests; do
  yq .spec "$folder/../slo.yaml" > "$folder/slo.rules.yaml"
  promtool check rules "$folder/slo.rules.yaml"
  promtool test rules "$folder/slo_test.yaml"
done
