import assert from "node:assert/strict";
import { test } from "node:test";

import { createApp } from "../app/application.js";
import { lines } from "./streams.js";

test("a request is one line of JSON, with its route and without its path", async () => {
  const [stream, written] = lines();

  await createApp(undefined, stream).inject({ url: "/v1/greetings/Ada", headers: { "x-request-id": "from-the-mesh" } });

  const [line] = written();
  assert.equal(line.message, "GET /v1/greetings/:who 200");
  assert.equal(line.level, "info");
  assert.equal(line.request_id, "from-the-mesh");
  assert.equal(line.code, 200);
  assert.match(line.time, /^\d{4}-\d\d-\d\dT/);
  assert.doesNotMatch(JSON.stringify(line), /Ada/);
});

test("the caller's request id is answered, and one is made where there is none", async () => {
  const app = createApp(undefined, lines()[0]);

  const given = await app.inject({ url: "/v1/greetings/Ada", headers: { "x-request-id": "x".repeat(300) } });
  const made = await app.inject("/v1/greetings/Ada");

  assert.equal(given.headers["x-request-id"], "x".repeat(128));
  assert.match(made.headers["x-request-id"], /^[0-9a-f-]{36}$/);
});

test("probes are not logged", async () => {
  const [stream, written] = lines();

  await createApp(undefined, stream).inject("/health/live");

  assert.deepEqual(written(), []);
});
