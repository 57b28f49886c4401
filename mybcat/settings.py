"""Django's settings. What differs between machines comes from `environment.py` alone."""

from datetime import UTC, datetime, timedelta

from mybcat.environment import CHECKOUT, Environment, database, mail
from mybcat.gateway.keys import secret_key
from mybcat.logs import configure_logging

ENVIRONMENT = Environment()
MYBCAT_HOME = ENVIRONMENT.home
DEVELOPMENT = ENVIRONMENT.development

# A debug page shows SQL, settings and locals; the contract forbids that in every mode.
DEBUG = False
SECRET_KEY = secret_key(home=MYBCAT_HOME)
ALLOWED_HOSTS = ENVIRONMENT.allowed_hosts.split(",")
TRUSTED_PROXIES = [network for network in ENVIRONMENT.trusted_proxies.split(",") if network]
PROXY_SECRET = ENVIRONMENT.proxy_secret
CSRF_TRUSTED_ORIGINS = [origin for origin in ENVIRONMENT.trusted_origins.split(",") if origin]
# Pages of these origins, and no others, may read answers. Never a wildcard: cookies go along.
CORS_ALLOWED_ORIGINS = CSRF_TRUSTED_ORIGINS
CORS_URLS_REGEX = r"^/(api|\.well-known)/"
CORS_ALLOW_CREDENTIALS = True
CORS_ALLOW_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
CORS_ALLOW_HEADERS = (
    "Authorization",
    "Content-Type",
    "X-Idempotency-Key",
    "Idempotency-Key",
    "X-Correlation-Id",
    "If-Match",
    "If-None-Match",
    "X-Call-Id",
)
CORS_EXPOSE_HEADERS = (
    "X-Correlation-Id",
    "X-Request-Id",
    "X-Rate-Limit-Limit",
    "X-Rate-Limit-Remaining",
    "X-Rate-Limit-Reset",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "Idempotent-Replayed",
    "Location",
    "Link",
    "Deprecation",
    "Sunset",
    "ETag",
)
CORS_PREFLIGHT_MAX_AGE = 86_400

INSTALLED_APPS = [
    "mybcat.operators.apps.OperatorsConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "corsheaders",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "mybcat",
    "practices",
    "patients",
    "appointments",
    "integrations",
    "realtime",
]

MIDDLEWARE = [
    "mybcat.gateway.correlation.CorrelationMiddleware",
    "mybcat.gateway.measuring.MeasuringMiddleware",
    "mybcat.gateway.headers.HeadersMiddleware",
    "mybcat.gateway.versions.DeprecationMiddleware",
    "mybcat.gateway.proxy.ProxyMiddleware",
    "mybcat.gateway.origins.OriginsMiddleware",
    "mybcat.gateway.rate_limits.RateLimitMiddleware",
    "mybcat.gateway.versions.SunsetMiddleware",
    "mybcat.gateway.bodies.BodyLimitMiddleware",
    "mybcat.gateway.browser.PagesMiddleware",
]
PAGES_MIDDLEWARE = [
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]

ROOT_URLCONF = "mybcat.urls"
WSGI_APPLICATION = "mybcat.wsgi.application"
ASGI_APPLICATION = "mybcat.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # Before Django's own: it overrides pages of the admin.
        "DIRS": [CHECKOUT / "mybcat" / "operators" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {"default": database(url=ENVIRONMENT.database_url, prepare_threshold=ENVIRONMENT.prepare_threshold)}
if ENVIRONMENT.database_owner_url:
    # Owns the tables, runs migrations, serves no request.
    DATABASES["owner"] = database(url=ENVIRONMENT.database_owner_url, prepare_threshold=None)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASE_ROUTERS: list[str] = []

AUTH_USER_MODEL = "practices.User"
AUTHENTICATION_BACKENDS = ["mybcat.lockout.GuardedBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/admin/login/"
LOGIN_REDIRECT_URL = "/admin/"

LANGUAGE_CODE = "en-us"
# Operators of several countries read these pages: one order of the parts, 24 hours, UTC.
DATETIME_FORMAT = "Y-m-d H:i"
DATE_FORMAT = "Y-m-d"
TIME_FORMAT = "H:i"
USE_I18N = False
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = MYBCAT_HOME / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
# What Vite has built of it; without that, all else works.
STATICFILES_DIRS = [("dashboard", MYBCAT_HOME / "dashboard")]
STATICFILES_DIRS[0][1].mkdir(exist_ok=True)
# Their names change with their content.
WHITENOISE_IMMUTABLE_FILE_TEST = r"/dashboard/assets/.+-[\w-]{8}\.\w+$"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}

CSRF_FAILURE_VIEW = "mybcat.gateway.problems.csrf_failure"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEVELOPMENT
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Strict"
# Operators': 15 min without a request, by the server's clock; their absolute end is in `operators/sessions.py`.
SESSION_COOKIE_AGE = 15 * 60
SESSION_SAVE_EVERY_REQUEST = True
# Sessions are the admin's alone: a page that polls the API must not keep an operator's alive.
SESSION_COOKIE_PATH = "/admin/"
OTP_TOTP_ISSUER = "MyBCAT"
# 1 MiB: contracts.md; the gateway refuses by Content-Length before a byte is read.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
# Routes whose views read their bodies piece by piece.
LARGE_BODIES = {f"/api/{version}/bulk-messages": 256 * 1024 * 1024 for version in ("v1", "v2")}
# Ten thousand patients.
LARGE_BODIES["/api/v2/imports"] = 4 * 1024 * 1024

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["mybcat.gateway.authentication.BearerAuthentication"],
    "DEFAULT_PARSER_CLASSES": ["mybcat.gateway.bodies.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["mybcat.gateway.rendering.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "mybcat.gateway.rendering.OnlyJSON",
    "DEFAULT_VERSIONING_CLASS": "rest_framework.versioning.NamespaceVersioning",
    "ALLOWED_VERSIONS": ["v1", "v2"],
    "DEFAULT_VERSION": "v2",
    # OPTIONS would tell names of classes.
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "mybcat.gateway.schema.EndpointSchema",
    "EXCEPTION_HANDLER": "mybcat.gateway.problems.render_exception",
    "UNAUTHENTICATED_USER": None,
    "NON_FIELD_ERRORS_KEY": "body",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "MyBCAT",
    "DESCRIPTION": "Scheduling for medical practices.",
    "VERSION": "",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "SCHEMA_PATH_PREFIX": r"/api/v\d",
    "AUTHENTICATION_WHITELIST": ["mybcat.gateway.authentication.BearerAuthentication"],
    "POSTPROCESSING_HOOKS": ["mybcat.gateway.schema.describe_refusals"],
}

# v1 is frozen: these dates stand in each of its answers (RFC 9745, RFC 8594).
V1_DEPRECATED_AT = datetime(2026, 11, 1, tzinfo=UTC)
V1_SUNSET_AT = datetime(2027, 11, 1, tzinfo=UTC)

JWT_ISSUER = "mybcat"
JWT_AUDIENCE = "mybcat-api"
JWT_LIFETIME = timedelta(minutes=15)
# Staff sign in at the start of a shift: an absolute end after 12 h, an idle end after 30 min of no refresh.
REFRESH_LIFETIME = timedelta(hours=12)
REFRESH_IDLE = timedelta(minutes=30)
EXTERNAL_JWT = {
    "issuer": ENVIRONMENT.jwt_issuer,
    "audience": ENVIRONMENT.jwt_audience,
    "jwks_url": ENVIRONMENT.jwt_jwks_url,
}
# RFC 9068 leaves it to us; SMART Backend Services recommends no more than 300 s, and a new one costs one request.
CLIENT_TOKEN_LIFETIME = timedelta(minutes=5)
# Loads who stands behind a verified token, by its kind; they are above the gateway, so they are named, not imported.
PRINCIPAL_LOADERS = {
    "member": "practices.memberships.load_principal",
    "client": "integrations.clients.principals.load_principal",
}
# Keeps what is done during a phone call.
CALL_KEEPER = "appointments.calls.services.keep_act"
# Whose acts are a patient's as well: the records that were merged into theirs.
COPIES_OF = "patients.merging.copies_of"
# Every limit of limits.py and tiers.py, times this.
RATE_LIMIT_FACTOR = ENVIRONMENT.rate_limit_factor
# Prefix of each public id, and what it names.
PUBLIC_IDS = {
    "prac": "practices.Practice",
    "loc": "practices.Location",
    "pract": "practices.Practitioner",
    "prot": "practices.ProtocolVersion",
    "res": "practices.Resource",
    "mem": "practices.Membership",
    "hours": "practices.WorkingHours",
    "toff": "practices.TimeOff",
    "pat": "patients.Patient",
    "rel": "patients.RelatedPerson",
    "merge": "patients.PatientMerge",
    "slot": "appointments.Slot",
    "appt": "appointments.Appointment",
    "hold": "appointments.Hold",
    "blk": "appointments.AppointmentBlock",
    "cap": "appointments.AppointmentCap",
    "group": "appointments.AppointmentGroup",
    "call": "appointments.Call",
    "wait": "appointments.WaitlistEntry",
    "wopn": "appointments.WaitlistOpening",
    "wofr": "appointments.WaitlistOffer",
    "evt": "mybcat.Event",
    "whd": "mybcat.Delivery",
    "whep": "integrations.WebhookEndpoint",
    "notc": "integrations.Notice",
    "msg": "integrations.Message",
    "imsg": "integrations.InboundMessage",
    "appc": "integrations.ApiClient",
    "visit": "realtime.Visit",
    "job": "integrations.BulkMessageJob",
    "bmsg": "integrations.BulkMessage",
    "imp": "integrations.Import",
    "feed": "integrations.CalendarFeed",
}

REDIS_URL = ENVIRONMENT.redis_url
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "realtime.layer.Layer",
        # Several hosts share the practices among them.
        "CONFIG": {"hosts": [each for each in ENVIRONMENT.live_redis_urls.split(",") if each] or [REDIS_URL]},
    }
}
# What `live` serves over sockets; above the gateway, so it is named, not imported.
SOCKETS = "realtime.server.serve"
# Where clients open them: told with each ticket.
LIVE_URL = ENVIRONMENT.live_url or f"ws://127.0.0.1:{ENVIRONMENT.port + 1}/live"
# What says how long a drive takes: (here, there, metres a second of late or None) -> seconds.
VISIT_ROUTER = ENVIRONMENT.visit_router
# Of pictures of streets, with {z}, {x} and {y}; none: the patient's page draws without them.
VISIT_TILE_URL = ENVIRONMENT.visit_tile_url
LIVE_SOCKETS_PER_MEMBER, LIVE_SOCKETS_PER_PRACTICE = ENVIRONMENT.live_sockets_per_member, 2000
# How long what was delivered can be looked at. More than the three days that a delivery may take.
DELIVERY_RETENTION = timedelta(days=ENVIRONMENT.delivery_retention_days)
# `host:port` of receivers on this machine, for development and tests: no other rule holds for them.
OUTBOUND_EXCEPTIONS = frozenset(ENVIRONMENT.outbound_exceptions.split(",")) if DEVELOPMENT else frozenset()
MESSAGE_PROVIDER = {
    "console": "integrations.messaging.console.ConsoleProvider",
    "twilio": "integrations.messaging.twilio.TwilioProvider",
}[ENVIRONMENT.message_provider]
TWILIO_API_URL = ENVIRONMENT.twilio_api_url
TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN = ENVIRONMENT.twilio_account_sid, ENVIRONMENT.twilio_auth_token
TWILIO_FROM = ENVIRONMENT.twilio_from

# Where browsers find us: vendors send people back there.
PUBLIC_URL = ENVIRONMENT.public_url.rstrip("/") or f"http://127.0.0.1:{ENVIRONMENT.port}"
# Whose pages may open sockets.
LIVE_ORIGINS = frozenset({*CSRF_TRUSTED_ORIGINS, PUBLIC_URL})
if DEVELOPMENT:
    LIVE_ORIGINS |= {f"http://{host}:{ENVIRONMENT.port}" for host in ("127.0.0.1", "localhost")}
HUBSPOT_API_URL = ENVIRONMENT.hubspot_api_url
STRIPE_API_URL = ENVIRONMENT.stripe_api_url
STRIPE_SECRET_KEY = ENVIRONMENT.stripe_secret_key
# Two while one replaces the other.
STRIPE_WEBHOOK_SECRETS = [secret for secret in ENVIRONMENT.stripe_webhook_secrets.split(",") if secret]
# Stripe writes the mode into its keys.
STRIPE_LIVEMODE = STRIPE_SECRET_KEY.startswith(("sk_live_", "rk_live_"))
# Which plan a price of Stripe's is for.
STRIPE_PRICES = {
    price: plan
    for price, plan in (
        (ENVIRONMENT.stripe_price_standard, "standard"),
        (ENVIRONMENT.stripe_price_enterprise, "enterprise"),
    )
    if price
}
SUBSCRIPTION_GRACE_DAYS = ENVIRONMENT.subscription_grace_days
# Heads of the audit record's chains, outside the database.
AUDIT_HOME = MYBCAT_HOME / "audit"
# What the relay's process does beside relaying, by name of its thread.
RELAY_CHORES = {
    "epochs": "mybcat.epochs.Announcing",
    "live": "realtime.broadcasting.Broadcasting",
    "seal": "mybcat.auditing.sealer.Sealer",
    "alarms": "integrations.alarms.raising.Alarms",
    "holds": "appointments.expiring.Expiring",
    "waitlist": "integrations.waitlist.sweeping.Cascading",
    "stripe": "integrations.stripe.nudging.Nudging",
}

globals().update({f"EMAIL_{name}": value for name, value in mail(url=ENVIRONMENT.smtp_url, home=MYBCAT_HOME).items()})
DEFAULT_FROM_EMAIL = SERVER_EMAIL = ENVIRONMENT.email_from
# Where operators hear of security events.
ALARM_RECIPIENTS = [address for address in ENVIRONMENT.alarm_emails.split(",") if address]
if DEVELOPMENT and not ALARM_RECIPIENTS:
    ALARM_RECIPIENTS = ["ops@mybcat.example"]
ALARM_WEBHOOK_URL, ALARM_WEBHOOK_SECRET = ENVIRONMENT.alarm_webhook_url, ENVIRONMENT.alarm_webhook_secret
if ALARM_WEBHOOK_URL and not ALARM_WEBHOOK_SECRET:
    raise ValueError("ALARM_WEBHOOK_URL needs ALARM_WEBHOOK_SECRET: an alarm that is not signed could be anybody's")

configure_logging(level=ENVIRONMENT.log_level)
LOGGING_CONFIG = None
# They look for what PAGES_MIDDLEWARE has.
SILENCED_SYSTEM_CHECKS = ["admin.E408", "admin.E409", "admin.E410"]
