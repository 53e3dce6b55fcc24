"""Settings of the sandbox's own Django process. Nothing here is shared with the portal."""

import os
import secrets
from pathlib import Path

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent

if "SANDBOX_DATABASE_URL" not in os.environ:
    raise ImproperlyConfigured(
        "Set SANDBOX_DATABASE_URL to a PostgreSQL address, as in postgres://user@127.0.0.1/sandbox"
    )

# Signs only the console's flash messages, so a key per start is enough.
SECRET_KEY = secrets.token_urlsafe(32)
DEBUG = False
# The sandbox answers to this machine only: another name in the Host header is a page that was rebound to us.
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]

INSTALLED_APPS = ["django.contrib.messages", "sandbox"]
MIDDLEWARE = [
    "sandbox.middleware.LoopbackOnly",
    # Gives each answer its length.
    "django.middleware.common.CommonMiddleware",
    "sandbox.middleware.ProviderGate",
    "sandbox.middleware.ConsoleCsrf",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "sandbox.urls"
WSGI_APPLICATION = "sandbox.wsgi.application"
APPEND_SLASH = False

DATABASES = {
    "default": dj_database_url.parse(os.environ["SANDBOX_DATABASE_URL"], conn_max_age=None, conn_health_checks=True)
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
# Its own names: the portal runs on the same host, and cookies do not tell ports apart.
CSRF_COOKIE_NAME = "sandbox_csrf"
CSRF_FAILURE_VIEW = "sandbox.console.refuse_form"

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False

# Two images of 10 MB in base64 and what is around them; larger ones are refused by name, not by the framework.
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024 * 1024

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "sandbox: %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"django.request": {"level": "CRITICAL"}, "django.security": {"level": "ERROR"}},
}
