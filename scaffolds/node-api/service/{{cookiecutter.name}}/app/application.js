// Puts the application together. Tests build their own.
import { randomUUID } from "node:crypto";

import Fastify, { LogController } from "fastify";

import { api } from "./api.js";
{%- if cookiecutter.flags %}
import { refuseWhenSwitchedOff } from "./flags.js";
{%- endif %}
import { health, Readiness } from "./health.js";
import { logging } from "./logs.js";
import { RequestMetrics } from "./metrics.js";
import { observe } from "./observation.js";
import { settingsFrom } from "./settings.js";
import { limitTime } from "./time-limit.js";

const LONGEST_ID = 128;

/**
 * @param {import("./settings.js").Settings} [settings]
 * @param {NodeJS.WritableStream} [logTo] standard output without one
 */
export function createApp(settings = settingsFrom({}), logTo = process.stdout) {
  const app = Fastify({
    logger: logging(settings.logLevel, logTo),
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: "request_id" }),
    // set by the mesh's proxy; made here when somebody calls without one
    genReqId: (request) => String(request.headers["x-request-id"] ?? "").slice(0, LONGEST_ID) || randomUUID(),
    routerOptions: { maxParamLength: 500 },
  });
  app.decorate("readiness", new Readiness());
  app.decorate("metrics", new RequestMetrics());
  observe(app, app.metrics);
  limitTime(app, settings.requestTimeoutMs);
  app.register(health);
  app.register(
    async (scope) => {
{%- if cookiecutter.flags %}
      scope.addHook("onRequest", refuseWhenSwitchedOff);
{%- endif %}
      await scope.register(api);
    },
    { prefix: "/v1" },
  );
  return app;
}
