// Request metrics, as the SLO rules and the canary analysis in the GitOps repository query them.
//
// The labels `namespace`, `service` and `rollouts_pod_template_hash` come from the ServiceMonitor.
import { collectDefaultMetrics, Counter, Histogram, Registry } from "prom-client";

const METHODS = new Set(["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]);

// The latency that the canary is judged by is a bucket of its own, so that its share is exact.
export const LATENCY_OBJECTIVE = {{ '%.6g' | format(cookiecutter.latency_ms | float / 1000) }};
export const BUCKETS = [...new Set([0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, LATENCY_OBJECTIVE])].sort(
  (a, b) => a - b,
);

export class RequestMetrics {
  registry = new Registry();
  #requests = new Counter({
    name: "http_requests_total",
    help: "Requests answered, by status code.",
    labelNames: ["method", "route", "code"],
    registers: [this.registry],
  });
  #seconds = new Histogram({
    name: "http_request_duration_seconds",
    help: "Time from the first byte of a request to the last of its answer.",
    labelNames: ["method", "route"],
    buckets: BUCKETS,
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** Show the series of a route at 0, so that idle does not look like missing. */
  expect(method, route) {
    this.#requests.inc({ method, route, code: "200" }, 0);
    this.#seconds.zero({ method, route });
  }

  count(method, route, code, seconds) {
    const known = METHODS.has(method) ? method : "OTHER"; // callers may invent methods, not series
    this.#requests.inc({ method: known, route, code: String(code) });
    this.#seconds.observe({ method: known, route }, seconds);
  }
}
