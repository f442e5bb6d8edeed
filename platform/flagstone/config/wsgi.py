"""What the web server calls."""

from __future__ import annotations

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flagstone.config.settings")

application = get_wsgi_application()

# What is loaded now lives as long as the process. Looking through it for garbage stops a page for 0.1 s every
# few requests, so the collector is told to leave it alone and looks only at what requests leave behind.
get_resolver().url_patterns  # noqa: B018 - reading it loads every view
gc.collect()
gc.freeze()
