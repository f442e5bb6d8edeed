// Liveness and readiness, which answer different questions.
//
// Live: is this process worth keeping? It looks at nothing else, or a dead database would restart every pod.
// Ready: can it serve now? It asks the dependencies without which no request can be answered.

const PATIENCE_MS = 1000; // below the 2 s that the readiness probe waits

/** The dependencies that this service cannot serve without. */
export class Readiness {
  #dependencies = new Map();

  /** Count as ready only while `await dependency()` returns without an error. */
  needs(name, dependency) {
    this.#dependencies.set(name, dependency);
  }

  /** Ask all of them at once; return the reason for each one that does not answer. */
  async failing() {
    const named = [...this.#dependencies].map(async ([name, dependency]) => [name, await reason(dependency)]);
    return Object.fromEntries((await Promise.all(named)).filter(([, text]) => text));
  }
}

async function reason(dependency) {
  let timer;
  const tooLate = new Promise((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${PATIENCE_MS} ms`), PATIENCE_MS);
  });
  try {
    return await Promise.race([Promise.resolve().then(dependency).then(() => ""), tooLate]);
  } catch (error) {
    return String(error);
  } finally {
    clearTimeout(timer);
  }
}

export async function health(app) {
  app.get("/health/live", async () => ({ status: "alive" }));
  app.get("/health/ready", async (_request, reply) => {
    const failing = await app.readiness.failing();
    if (Object.keys(failing).length === 0) return { status: "ready" };
    return reply.code(503).send({ status: "not ready", failing });
  });
}
