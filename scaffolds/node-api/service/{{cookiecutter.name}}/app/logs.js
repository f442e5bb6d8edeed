// One JSON object a line, with the request that caused it.

export const logging = (level, stream) => ({
  level,
  stream,
  base: undefined,
  messageKey: "message",
  errorKey: "exception",
  timestamp: () => `,"time":"${new Date().toISOString()}"`,
  formatters: { level: (label) => ({ level: label }) },
  // what callers send is not for the logs
  serializers: { req: () => undefined, res: () => undefined },
});
