"""All settings, driven by the environment; production is this same file with variables set.

Every variable is listed in docs/reference/settings.md, which a test keeps true.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy
from kombu import Queue
from psycopg.conninfo import conninfo_to_dict

from flagstone.config import admin_look, api_description, env
from flagstone.config.runtime import kept_address, kept_keys, postgres, redis_server
from flagstone.config.runtime.children import StartError
from flagstone.core.content import CHECKOUT, content_dir

# --- the place and the mode

FLAGSTONE_HOME = env.path("FLAGSTONE_HOME", CHECKOUT / ".flagstone")
DEBUG = env.boolean("FLAGSTONE_DEBUG", default=False)
FLAGSTONE_SCAFFOLDS_DIR = env.folder("FLAGSTONE_SCAFFOLDS_DIR", content_dir("scaffolds"))
FLAGSTONE_SCORECARDS_DIR = env.folder("FLAGSTONE_SCORECARDS_DIR", content_dir("scorecards"))
FLAGSTONE_LOCAL_HOST_ROOT = env.path("FLAGSTONE_LOCAL_HOST_ROOT", FLAGSTONE_HOME / "repositories")
# the address that people and pull requests reach this Flagstone by
FLAGSTONE_URL = (
    env.text("FLAGSTONE_URL") or kept_address.kept(FLAGSTONE_HOME) or "http://127.0.0.1:8000"
).rstrip("/")


def _or_kept(given: str, key: kept_keys.KeptKey) -> str:
    """Take a key from the environment; an embedded Flagstone makes its own once and keeps it in its home."""
    try:
        return given or key.read(FLAGSTONE_HOME) or ""
    except StartError as error:
        raise ImproperlyConfigured(str(error)) from error


def _secret_key() -> str:
    found = _or_kept(env.secret("FLAGSTONE_SECRET_KEY"), kept_keys.SECRET_KEY)
    if not found and env.text("DATABASE_URL"):
        raise ImproperlyConfigured(
            "Set FLAGSTONE_SECRET_KEY to 50 or more random characters; it signs the sessions."
        )
    return found or "made-for-commands-that-sign-nothing-" + "0" * 20


SECRET_KEY = _secret_key()
# newest first: the first one seals what code hosts entrust to us, every one opens it
FLAGSTONE_SEALING_KEYS: list[str] = (
    _or_kept(env.secret("FLAGSTONE_SEALING_KEYS"), kept_keys.SEALING_KEY).replace(",", " ").split()
)
ALLOWED_HOSTS = env.words("FLAGSTONE_ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = env.words("FLAGSTONE_CSRF_TRUSTED_ORIGINS")
_HTTPS = FLAGSTONE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _HTTPS
FLAGSTONE_BEHIND_PROXY = env.boolean("FLAGSTONE_BEHIND_PROXY", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if FLAGSTONE_BEHIND_PROXY else None
SECURE_HSTS_SECONDS = 31_536_000 if _HTTPS else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"

# --- what it is made of

INSTALLED_APPS = [
    "unfold",
    "axes",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "heroicons",
    "rest_framework",
    "flagstone.core",
    "flagstone.accounts",
    "flagstone.forge",
    "flagstone.catalog",
    "flagstone.delivery",
    "flagstone.scaffolding",
    "flagstone.scorecards",
    "flagstone.gate",
    "flagstone.reviews",
    "flagstone.web",
    "flagstone.api",
]

MIDDLEWARE = [
    "flagstone.web.middleware.NoNulMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "flagstone.web.security.ContentSecurityPolicyMiddleware",
    "flagstone.web.middleware.ServerTimingMiddleware",
    "flagstone.web.middleware.FlagstoneErrorMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "flagstone.config.urls"
WSGI_APPLICATION = "flagstone.config.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "flagstone.web.context.shell",
            ],
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- PostgreSQL: DATABASE_URL, or the embedded one under FLAGSTONE_HOME


def _database() -> dict[str, Any]:
    url = env.secret("DATABASE_URL") or postgres.url(FLAGSTONE_HOME)
    try:
        parts = conninfo_to_dict(url)
    except Exception as error:
        raise ImproperlyConfigured("DATABASE_URL is not a PostgreSQL connection URL.") from error
    known = {
        "dbname": "NAME",
        "user": "USER",
        "password": "PASSWORD",
        "host": "HOST",
        "port": "PORT",
    }
    settings = {known[key]: str(value) for key, value in parts.items() if key in known}
    options = {key: value for key, value in parts.items() if key not in known}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
        **settings,
    }


DATABASES = {"default": _database()}

# --- Redis: REDIS_URL, or the embedded one under FLAGSTONE_HOME

REDIS_URL = env.secret("REDIS_URL") or redis_server.url(FLAGSTONE_HOME)
if not REDIS_URL.startswith(("redis://", "rediss://", "unix://")):
    raise ImproperlyConfigured("REDIS_URL must begin with redis://, rediss:// or unix://.")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "flagstone",
    }
}


def _broker() -> str:
    if REDIS_URL.startswith("unix://"):  # redis-py's word for it is not kombu's
        path, _, query = REDIS_URL.removeprefix("unix://").partition("?")
        return f"redis+socket://{path}?virtual_host={query.removeprefix('db=') or '0'}"
    return REDIS_URL


CELERY_BROKER_URL = _broker()
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 900}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_QUEUES = [Queue(name) for name in ("default", "scaffold", "evaluate", "ingest")]
CELERY_TASK_ROUTES = {
    "flagstone.scaffolding.*": {"queue": "scaffold"},
    "flagstone.scorecards.*": {"queue": "evaluate"},
    "flagstone.catalog.*": {"queue": "ingest"},
}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
# every one of them finds its work in rows, so a message that was lost costs this long at the most
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "ship changes that nobody is at": {
        "task": "flagstone.forge.sweep_changes",
        "schedule": timedelta(seconds=15),
    },
    "resume runs that nobody is at": {
        "task": "flagstone.scaffolding.sweep_runs",
        "schedule": timedelta(seconds=15),
    },
    "fetch templates that nobody is at": {
        "task": "flagstone.scaffolding.sweep_templates",
        "schedule": timedelta(seconds=15),
    },
    "notice what was pushed past Flagstone": {
        "task": "flagstone.forge.sync_repositories",
        "schedule": timedelta(minutes=1),
    },
    "work at webhooks that nobody is at": {
        "task": "flagstone.forge.sweep_deliveries",
        "schedule": timedelta(seconds=15),
    },
    "forget webhooks of long ago": {
        "task": "flagstone.forge.forget_deliveries",
        "schedule": crontab(hour="2", minute="20"),
    },
    "go on with rollbacks that wait": {
        "task": "flagstone.delivery.sweep_rollbacks",
        "schedule": timedelta(seconds=30),
    },
    "read locations that are due": {
        "task": "flagstone.catalog.refresh_due_locations",
        "schedule": timedelta(minutes=1),
    },
    "look for repositories where nobody is at it": {
        "task": "flagstone.catalog.sweep_discoveries",
        "schedule": timedelta(seconds=30),
    },
    "tell verdicts that nobody told": {
        "task": "flagstone.gate.sweep_verdicts",
        "schedule": timedelta(seconds=30),
    },
    "forget entities whose document is long gone": {
        "task": "flagstone.catalog.remove_orphans",
        "schedule": crontab(hour="2", minute="10"),
    },
    "look at repositories that wait for it": {
        "task": "flagstone.scorecards.sweep_evaluations",
        "schedule": timedelta(seconds=15),
    },
    "look at every repository: rules have dates, and exemptions end": {
        "task": "flagstone.scorecards.evaluate_all",
        "schedule": crontab(hour="0", minute="5"),
    },
}

# --- code hosts elsewhere: webhooks tell of changes at once, and a look after so many minutes of what they did not tell

FLAGSTONE_SYNC_MINUTES = env.integer("FLAGSTONE_SYNC_MINUTES", 10)

# --- rollbacks: how soon after the click a service is promised to be healthy, and whether leads may merge their own

FLAGSTONE_ROLLBACK_PROMISE_MINUTES = env.integer("FLAGSTONE_ROLLBACK_PROMISE_MINUTES", 10)
FLAGSTONE_ROLLBACK_ALONE = env.boolean("FLAGSTONE_ROLLBACK_ALONE", default=True)

# --- the catalogue: folders and hosts that it may read beside the repositories

FLAGSTONE_CATALOG_ROOTS = env.words("FLAGSTONE_CATALOG_ROOTS")
FLAGSTONE_CATALOG_ALLOWED_HOSTS = env.words("FLAGSTONE_CATALOG_ALLOWED_HOSTS")
# how long an entity stays after its document is gone
FLAGSTONE_CATALOG_ORPHAN_DAYS = env.integer("FLAGSTONE_CATALOG_ORPHAN_DAYS", 7)

# --- templates of others: where they may be fetched from, as host names or whole origins

FLAGSTONE_TEMPLATE_HOSTS = env.words(
    "FLAGSTONE_TEMPLATE_HOSTS", "github.com,gitlab.com,bitbucket.org,codeberg.org"
)

# --- people

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = reverse_lazy("web:sign-in")
LOGIN_REDIRECT_URL = reverse_lazy("web:home")
LOGOUT_REDIRECT_URL = reverse_lazy("web:sign-in")
SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]

# --- tries to sign in: five for each name from each address, then a pause (docs/adr/0005)

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_CALLABLE = "flagstone.web.views.sign_in.locked"
AXES_CLIENT_IP_CALLABLE = "flagstone.accounts.sign_in_limits.address_of"
AXES_USERNAME_CALLABLE = "flagstone.accounts.sign_in_limits.name_of"
AXES_DISABLE_ACCESS_LOG = True  # the audit chain tells who signed in
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

# --- API

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "flagstone.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["flagstone.api.permissions.SignedInWithScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["flagstone.api.parsers.CarefulJSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "flagstone.api.pagination.Pages",
    "PAGE_SIZE": 50,
    "DEFAULT_SCHEMA_CLASS": "flagstone.api.openapi.Schema",
    "EXCEPTION_HANDLER": "flagstone.api.errors.handle",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Flagstone",
    "DESCRIPTION": api_description.DESCRIPTION,
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "ENUM_NAME_OVERRIDES": {
        "CheckState": "flagstone.scorecards.models.STATES",
        "StepState": "flagstone.core.models.StepState.choices",
        "RollbackState": "flagstone.delivery.models.RollbackState.choices",
        "RunState": "flagstone.scaffolding.models.RunState.choices",
        "Decision": ["go", "slow", "stop"],
    },
}

# --- pages

LANGUAGE_CODE = "en-gb"
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "static/"
STATIC_ROOT = FLAGSTONE_HOME / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024

UNFOLD = admin_look.UNFOLD

# --- logs

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"redact": {"()": "flagstone.config.logs.Redact"}},
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["redact"]}
    },
    "root": {"handlers": ["stderr"], "level": env.log_level("FLAGSTONE_LOG_LEVEL", "INFO")},
    "loggers": {"django.server": {"handlers": ["stderr"], "level": "INFO", "propagate": False}},
}
