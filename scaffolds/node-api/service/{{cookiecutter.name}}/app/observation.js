// Counts, times and logs every request, once.

const PROBES = "/health/"; // the kubelet's probes are not traffic: they would flatter the error ratio

export function observe(app, metrics) {
  app.addHook("onRoute", ({ method, url }) => {
    if (!url.startsWith(PROBES)) for (const each of [method].flat()) metrics.expect(each, url);
  });
  app.addHook("onRequest", async (request, reply) => {
    reply.header("x-request-id", request.id);
  });
  app.addHook("onResponse", async (request, reply) => {
    if (request.url.startsWith(PROBES)) return;
    // The route's pattern and never the path: paths carry ids, and each would be a new series.
    const route = request.routeOptions.url ?? "unmatched";
    metrics.count(request.method, route, reply.statusCode, reply.elapsedTime / 1000);
    request.log.info(
      { code: reply.statusCode, duration_ms: Math.round(reply.elapsedTime * 10) / 10 },
      `${request.method} ${route} ${reply.statusCode}`,
    );
  });
}
