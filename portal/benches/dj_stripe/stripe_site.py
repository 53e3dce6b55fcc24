"""A site that has nothing but dj-stripe's webhook endpoint: signature checked, event stored, processing left out.

Run as a program it makes its tables and one endpoint. It runs in an environment of its own, without the portal.
"""

import os
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

import django
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.urls import include, path

ENDPOINT = UUID("5f0d9f0e-0d0b-4c57-9d5c-3d4a1b0d7c11")
SECRET = os.environ["BENCH_STRIPE_SECRET"]


def leave_it(trigger: Any, **_: Any) -> None:
    """Stand in for dj-stripe's processing, which asks Stripe over the network."""


def _database() -> dict[str, Any]:
    address = urlsplit(os.environ["DATABASE_URL"])
    host, _, port = address.netloc.rpartition("@")[2].partition(":")
    user, _, password = address.netloc.rpartition("@")[0].partition(":")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": address.path.lstrip("/"),
        "USER": unquote(user),
        "PASSWORD": unquote(password),
        "HOST": unquote(host),
        "PORT": port,
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    }


settings.configure(
    SECRET_KEY=SECRET,
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DATABASES={"default": _database()},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "djstripe"],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    STRIPE_TEST_SECRET_KEY=SECRET,
    STRIPE_LIVE_MODE=False,
    DJSTRIPE_FOREIGN_KEY_TO_FIELD="id",
    DJSTRIPE_WEBHOOK_EVENT_CALLBACK=leave_it,
    LOGGING_CONFIG=None,
)
django.setup()
urlpatterns = [path("stripe/", include("djstripe.urls", namespace="djstripe"))]

if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    apps.get_app_config("djstripe").get_model("WebhookEndpoint")._default_manager.create(
        id="we_bench",
        djstripe_uuid=ENDPOINT,
        url="http://127.0.0.1/",
        secret=SECRET,
        enabled_events=["*"],
        status="enabled",
        livemode=False,
    )
else:
    application = get_wsgi_application()
