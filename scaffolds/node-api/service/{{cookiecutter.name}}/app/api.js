// The service's own endpoints. Replace the greeting with what this service is for.

const GREETING = {
  schema: {
    params: {
      type: "object",
      properties: { who: { type: "string", minLength: 1, maxLength: 80 } },
      required: ["who"],
    },
    response: { 200: { type: "object", properties: { message: { type: "string" } } } },
  },
};

export async function api(app) {
  app.get("/greetings/:who", GREETING, async (request) => ({ message: `Hello, ${request.params.who}.` }));
}
