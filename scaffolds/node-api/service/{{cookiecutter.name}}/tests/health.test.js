import assert from "node:assert/strict";
import { test } from "node:test";

import { createApp } from "../app/application.js";
import { silent } from "./streams.js";

test("live and ready by default", async () => {
  const app = createApp(undefined, silent());

  assert.deepEqual((await app.inject("/health/live")).json(), { status: "alive" });
  assert.equal((await app.inject("/health/ready")).statusCode, 200);
});

test("a failing dependency ends readiness but not liveness", async () => {
  const app = createApp(undefined, silent());
  app.readiness.needs("database", async () => {
    throw new Error("connection refused");
  });

  const ready = await app.inject("/health/ready");

  assert.equal(ready.statusCode, 503);
  assert.deepEqual(ready.json(), { status: "not ready", failing: { database: "Error: connection refused" } });
  assert.equal((await app.inject("/health/live")).statusCode, 200);
});

test("a silent dependency does not hang the probe", async () => {
  const app = createApp(undefined, silent());
  app.readiness.needs("queue", () => new Promise(() => {}));

  const { failing } = (await app.inject("/health/ready")).json();

  assert.deepEqual(failing, { queue: "no answer within 1000 ms" });
});
