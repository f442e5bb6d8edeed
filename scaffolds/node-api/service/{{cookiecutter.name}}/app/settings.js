// Everything that may differ from one environment to the next, read once at the start.

/**
 * @typedef {object} Settings
 * @property {number} port
 * @property {number} metricsPort
 * @property {string} logLevel
 * @property {number} requestTimeoutMs 0: the mesh ends what takes too long
{%- if cookiecutter.flags %}
 * @property {string} flagdHost empty: nobody to ask, every flag has its default
 * @property {number} flagdPort
{%- endif %}
 */

/** @returns {Settings} */
export function settingsFrom(environment) {
  return {
    port: number(environment, "PORT", 8080),
    metricsPort: number(environment, "METRICS_PORT", 9090),
    logLevel: (environment.LOG_LEVEL ?? "info").toLowerCase().replace("warning", "warn"),
    requestTimeoutMs: number(environment, "REQUEST_TIMEOUT_MS", 0),
{%- if cookiecutter.flags %}
    flagdHost: environment.FLAGD_HOST ?? "",
    flagdPort: number(environment, "FLAGD_PORT", 8013),
{%- endif %}
  };
}

function number(environment, name, fallback) {
  const text = environment[name] ?? "";
  if (text === "") return fallback;
  if (!/^\d+$/.test(text)) throw new Error(`${name} must be a whole number, not ${JSON.stringify(text)}`);
  return Number(text);
}
