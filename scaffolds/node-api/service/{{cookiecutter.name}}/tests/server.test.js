// The real process: two ports, and a SIGTERM in the middle of a request.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

// The application as it is, plus one slow endpoint to be in the middle of.
const PROGRAM = `
import { createApp } from "./app/application.js";
import { serve } from "./app/server.js";
import { settingsFrom } from "./app/settings.js";

const settings = settingsFrom(process.env);
const app = createApp(settings);
app.get("/slow", async () => {
  await new Promise((resolve) => setTimeout(resolve, 1000));
  return { done: "finished" };
});
await serve(app, settings);
`;

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  return port;
}

async function untilLive(base) {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await sleep(50)) {
    try {
      if ((await fetch(`${base}/health/live`)).ok) return;
    } catch {
      // not yet
    }
  }
  throw new Error("the service did not start within 20 s");
}

test("a request in flight survives SIGTERM", async () => {
  const [port, metricsPort] = [await freePort(), await freePort()];
  const base = `http://127.0.0.1:${port}`;
  const service = spawn(process.execPath, ["--input-type=module", "--eval", PROGRAM], {
    env: { PATH: process.env.PATH, PORT: String(port), METRICS_PORT: String(metricsPort) },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const ended = once(service, "exit");
  try {
    await untilLive(base);
    const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    assert.match(metrics, /# TYPE http_requests_total counter/);
    const answer = fetch(`${base}/slow`).then((response) => response.json());
    await sleep(300);
    service.kill("SIGTERM");

    assert.deepEqual(await answer, { done: "finished" });
    assert.deepEqual(await ended, [0, null]);
  } finally {
    service.kill("SIGKILL");
  }
});
