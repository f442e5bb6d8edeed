import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { createApp } from "../app/application.js";
import { settingsFrom } from "../app/settings.js";
import { silent } from "./streams.js";

function slowApp(milliseconds) {
  const app = createApp(settingsFrom({ REQUEST_TIMEOUT_MS: String(milliseconds) }), silent());
  app.get("/slow", async () => {
    await sleep(200);
    return { done: "finished" };
  });
  return app;
}

test("a request that takes too long is ended and counted", async () => {
  const app = slowApp(50);

  assert.equal((await app.inject("/slow")).statusCode, 504);
  const { values } = await app.metrics.registry.getSingleMetric("http_requests_total").get();
  assert.equal(values.find(({ labels }) => labels.code === "504").value, 1);
  assert.equal((await app.inject("/v1/greetings/Ada")).statusCode, 200);
});

test("without a limit it has its time", async () => {
  assert.deepEqual((await slowApp(0).inject("/slow")).json(), { done: "finished" });
});

test("a setting that is no number stops the start with a sentence", () => {
  assert.throws(() => settingsFrom({ PORT: "http" }), /PORT must be a whole number, not "http"/);
});
