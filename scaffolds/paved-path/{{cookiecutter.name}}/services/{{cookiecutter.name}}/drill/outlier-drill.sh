#!/usr/bin/env bash
# Drill: does the outlier detection of {{ cookiecutter.name }} really take a broken endpoint out of traffic?
#
# Usage: outlier-drill.sh            (needs kubectl and jq; makes the namespace {{ cookiecutter.name }}-drill and removes it)
#
# One endpoint of four answers 503, behind the very trafficPolicy that production has now. A fault of a VirtualService would
# prove nothing: the caller's proxy answers it before it chooses an endpoint, so no endpoint is ever counted as failing.
set -euo pipefail

service={{ cookiecutter.name }}
production={{ cookiecutter.namespace }}
drill="$service-drill"
host="$service.$drill.svc.cluster.local"
image={{ cookiecutter.drill_image }}

kube() { kubectl --namespace "$drill" "$@"; }

endpoints() { # NAME REPLICAS STATUS
  jq --null-input --arg name "$1" --argjson replicas "$2" --arg status "$3" \
    --arg service "$service" --arg image "$image" '{
      apiVersion: "apps/v1", kind: "Deployment", metadata: {name: $name},
      spec: {
        replicas: $replicas,
        selector: {matchLabels: {drill: $name}},
        template: {
          metadata: {labels: {drill: $name, service: $service}},
          spec: {
            automountServiceAccountToken: false,
            securityContext: {runAsNonRoot: true, runAsUser: 10001, seccompProfile: {type: "RuntimeDefault"}},
            containers: [{
              name: "app", image: $image,
              args: ["--status=" + $status, "--health-path=/health", "--port=8080"],
              ports: [{name: "http", containerPort: 8080}],
              readinessProbe: {httpGet: {path: "/health", port: "http"}},
              resources: {requests: {cpu: "10m", memory: "16Mi"}, limits: {cpu: "100m", memory: "16Mi"}},
              securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: ["ALL"]}}
            }]
          }
        }
      }
    }' | kube apply --filename -
}

# Envoy hides these statistics unless the pod asks for them.
statistic() {
  kube exec caller --container istio-proxy -- pilot-agent request GET "stats?filter=outlier_detection" |
    awk -F': ' -v key="cluster.outbound|80||$host.outlier_detection.$1" '$1 == key { print $2 }'
}

# Prints how many of the requests failed.
send() {
  # shellcheck disable=SC2016  # the caller's shell fills these in
  kube exec caller --container app -- sh -c \
    'for _ in $(seq "$1"); do curl --silent --output /dev/null --write-out "%{http_code}\n" "http://$2/"; done' - "$1" "$host" |
    awk '$1 >= 500 || $1 == 0 { failed++ } END { print failed + 0 }'
}

clean_up() { kubectl delete namespace "$drill" --ignore-not-found --wait=false; }
trap clean_up EXIT

kubectl create namespace "$drill" --dry-run=client --output yaml | kubectl apply --filename -
kubectl label namespace "$drill" --overwrite istio-injection=enabled

endpoints good 3 200
endpoints bad 1 503
kube apply --filename - <<YAML
apiVersion: v1
kind: Service
metadata:
  name: $service
spec:
  selector:
    service: $service
  ports:
    - name: http
      port: 80
      targetPort: http
---
# Retries off: one would hide the failures that have to be counted.
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: $service
spec:
  hosts:
    - $host
  http:
    - timeout: 2s
      retries:
        attempts: 0
      route:
        - destination:
            host: $host
---
apiVersion: v1
kind: Pod
metadata:
  name: caller
  annotations:
    proxy.istio.io/config: |
      proxyStatsMatcher:
        inclusionRegexps:
          - ".*outlier_detection.*"
spec:
  automountServiceAccountToken: false
  containers:
    - name: app
      image: {{ cookiecutter.curl_image }}
      command: ["sleep", "1800"]
YAML
# What production has at this moment, so that the drill cannot be about something else.
kubectl --namespace "$production" get destinationrule "$service" --output json |
  jq --arg host "$host" '{
    apiVersion, kind, metadata: {name: .metadata.name},
    spec: {host: $host, trafficPolicy: .spec.trafficPolicy}
  }' | kube apply --filename -

kube wait --for=condition=Available deployment/good deployment/bad --timeout=180s
kube wait --for=condition=Ready pod/caller --timeout=180s
sleep 10 # every proxy learns of the endpoints

before=$(statistic ejections_enforced_total)
failed=$(send 80)
ejected=$(statistic ejections_enforced_total)
active=$(statistic ejections_active)
failed_after=$(send 200)
echo "waiting 75 s for the endpoint to come back"
sleep 75 # longer than baseEjectionTime and interval together
back=$(statistic ejections_active)

problems=0
check() { # CONDITION SENTENCE
  if ! (( $1 )); then
    echo "FAIL: $2"
    problems=$((problems + 1))
  fi
}
check "$failed > 0" "no request failed, so nothing was proved"
check "${ejected:-0} > ${before:-0}" "nothing was ejected: look at maxEjectionPercent, or at proxyStatsMatcher"
check "${active:-0} >= 1" "no ejection was active after the failures"
check "$failed_after == 0" "$failed_after of 200 requests still failed after the ejection"
check "${back:-1} == 0" "the endpoint did not come back"
if (( problems )); then
  exit 1
fi
echo "PASS: $failed requests failed, then the endpoint was ejected, nobody noticed it any more, and it came back"
