// Ends a request that takes too long, where no mesh does it: nobody waits for ever.

/** Answer 504 after so many milliseconds; 0 leaves every request its time. */
export function limitTime(app, milliseconds) {
  if (!milliseconds) return;
  const timers = new WeakMap();
  app.addHook("onRequest", async (request, reply) => {
    const end = () => {
      // half an answer cannot become another one
      if (!reply.sent && !reply.raw.headersSent) reply.code(504).send({ detail: "took too long" });
    };
    timers.set(request, setTimeout(end, milliseconds));
  });
  app.addHook("onResponse", async (request) => clearTimeout(timers.get(request)));
}
