import assert from "node:assert/strict";
import { test } from "node:test";

import { createApp } from "../app/application.js";
import { BUCKETS, LATENCY_OBJECTIVE } from "../app/metrics.js";
import { silent } from "./streams.js";

async function requests(app, wanted) {
  const { values } = await app.metrics.registry.getSingleMetric("http_requests_total").get();
  return values.find(({ labels }) => Object.entries(wanted).every(([key, value]) => labels[key] === value))?.value;
}

test("an idle service shows its series at zero", async () => {
  const app = createApp(undefined, silent());
  await app.ready();

  assert.equal(await requests(app, { route: "/v1/greetings/:who", code: "200", method: "GET" }), 0);
  assert.match(await app.metrics.registry.metrics(), /http_request_duration_seconds_count\{.*"\/v1\/greetings\/:who"\} 0/);
});

test("requests are counted by route and code", async () => {
  const app = createApp(undefined, silent());
  await app.inject("/v1/greetings/Ada");
  await app.inject("/v1/greetings/Grace");
  await app.inject(`/v1/greetings/${"a".repeat(81)}`);
  await app.inject("/nowhere/42");

  assert.equal(await requests(app, { route: "/v1/greetings/:who", code: "200", method: "GET" }), 2);
  assert.equal(await requests(app, { route: "/v1/greetings/:who", code: "400" }), 1);
  assert.equal(await requests(app, { route: "unmatched", code: "404" }), 1);
});

test("a crash is a 500", async () => {
  const app = createApp(undefined, silent());
  app.get("/crash", async () => {
    throw new Error("no");
  });

  assert.equal((await app.inject("/crash")).statusCode, 500);
  assert.equal(await requests(app, { route: "/crash", code: "500" }), 1);
});

test("rare methods share one series", async () => {
  const app = createApp(undefined, silent());
  await app.inject({ method: "PROPFIND", url: "/nowhere" });
  await app.inject({ method: "MKCOL", url: "/nowhere" });

  assert.equal(await requests(app, { route: "unmatched", code: "404", method: "OTHER" }), 2);
});

test("probes are not traffic", async () => {
  const app = createApp(undefined, silent());
  await app.inject("/health/live");

  assert.equal(await requests(app, { route: "/health/live" }), undefined);
});

test("the latency objective is a bucket", () => assert.ok(BUCKETS.includes(LATENCY_OBJECTIVE)));
