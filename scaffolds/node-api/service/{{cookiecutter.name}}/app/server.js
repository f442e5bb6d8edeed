// Runs the application: requests on one port, metrics on another, and a shutdown that loses nothing.
import { createServer } from "node:http";
import { once } from "node:events";

// Kubernetes kills after 45 s, of which the preStop sleep takes 10.
const GRACE_MS = 25_000;

/** Serve until SIGTERM, then finish the requests in flight and return. */
export async function serve(app, settings) {
  const metrics = createServer(async (_request, response) => {
    response.setHeader("content-type", app.metrics.registry.contentType);
    response.end(await app.metrics.registry.metrics());
  });
  metrics.listen(settings.metricsPort, "0.0.0.0");
  await once(metrics, "listening");
  const stopping = Promise.race([once(process, "SIGTERM"), once(process, "SIGINT")]);
  // every address: the pod's own is not known before it runs
  await app.listen({ host: "0.0.0.0", port: settings.port, listenTextResolver: (address) => `listening at ${address}` });
  await stopping;
  app.log.info("stopping: finishing the requests in flight");
  const giveUp = setTimeout(() => {
    app.log.error(`requests were still in flight after ${GRACE_MS / 1000} s`);
    process.exit(1);
  }, GRACE_MS);
  // a connection that is kept alive becomes idle only after its last answer
  const idle = setInterval(() => app.server.closeIdleConnections(), 100);
  await app.close();
  clearInterval(idle);
  metrics.close();
  metrics.closeAllConnections();
  clearTimeout(giveUp);
{%- if cookiecutter.flags %}
  process.exit(0); // the connection to flagd would keep the process
{%- endif %}
}
