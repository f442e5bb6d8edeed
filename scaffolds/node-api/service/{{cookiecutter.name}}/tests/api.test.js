import assert from "node:assert/strict";
import { test } from "node:test";

import { createApp } from "../app/application.js";
import { lines, silent } from "./streams.js";

test("greets by name", async () => {
  const response = await createApp(undefined, silent()).inject("/v1/greetings/Ada");

  assert.equal(response.statusCode, 200);
  assert.deepEqual(response.json(), { message: "Hello, Ada." });
});

test("refuses a name that is too long", async () => {
  const response = await createApp(undefined, silent()).inject(`/v1/greetings/${"a".repeat(81)}`);

  assert.equal(response.statusCode, 400);
  assert.match(response.json().message, /must NOT have more than 80 characters/);
});

test("a crash tells the caller nothing and the log everything", async () => {
  const [stream, written] = lines();
  const app = createApp(undefined, stream);
  app.setErrorHandler((error, request, reply) => {
    request.log.error(error);
    reply.code(500).send({ detail: "failed" });
  });
  app.get("/crash", async () => {
    throw new Error("the secret reason");
  });

  const response = await app.inject("/crash");

  assert.equal(response.statusCode, 500);
  assert.doesNotMatch(response.body, /secret/);
  assert.match(JSON.stringify(written()), /the secret reason/);
});
