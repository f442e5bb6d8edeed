// What the container runs: `node app/main.js`.
import { createApp } from "./application.js";
{%- if cookiecutter.flags %}
import * as flags from "./flags.js";
{%- endif %}
import { serve } from "./server.js";
import { settingsFrom } from "./settings.js";

const settings = settingsFrom(process.env);
{%- if cookiecutter.flags %}
if (settings.flagdHost) flags.connect(settings.flagdHost, settings.flagdPort);
{%- endif %}
await serve(createApp(settings), settings);
