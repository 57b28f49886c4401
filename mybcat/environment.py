"""What the surroundings decide, typed and checked once at start."""

import json
import os
from ipaddress import ip_network
from pathlib import Path
from typing import Literal, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

CHECKOUT = Path(__file__).resolve().parent.parent


def _home() -> Path:
    return Path(os.environ.get("MYBCAT_HOME") or CHECKOUT / ".mybcat")


class RunningServers(PydanticBaseSettingsSource):
    """Addresses that `make up` left in `environment.json`, so that `manage.py` in another terminal finds them."""

    def get_field_value(self, field: object, field_name: str) -> tuple[object, str, bool]:
        return self().get(field_name), field_name, False

    def __call__(self) -> dict[str, object]:
        try:
            stored = json.loads((_home() / "environment.json").read_text())
        except (OSError, ValueError):
            return {}
        known = {field.validation_alias: name for name, field in Environment.model_fields.items()}
        return {str(key): value for key, value in stored.items() if key in known}


class Environment(BaseSettings):
    """Every variable that the product reads. Absent: `make up`'s own servers, else the default."""

    model_config = SettingsConfigDict(extra="ignore")

    home: Path = Field(default_factory=_home, validation_alias="MYBCAT_HOME")
    database_url: str = Field(default="postgresql://mybcat_app@127.0.0.1:5432/mybcat", validation_alias="DATABASE_URL")
    database_owner_url: str = Field(default="", validation_alias="DATABASE_OWNER_URL")
    redis_url: str = Field(default="redis://127.0.0.1:6379/0", validation_alias="REDIS_URL")
    # Of the channel layer, apart by commas; none: the one above.
    live_redis_urls: str = Field(default="", validation_alias="LIVE_REDIS_URLS")
    # Of `api`; `live` has the next.
    port: int = Field(default=8000, validation_alias="PORT")
    live_url: str = Field(default="", validation_alias="LIVE_URL")
    visit_router: str = Field(default="realtime.visits.arrival.by_distance", validation_alias="VISIT_ROUTER")
    visit_tile_url: str = Field(default="", validation_alias="VISIT_TILE_URL")
    live_sockets_per_member: int = Field(default=10, ge=1, validation_alias="LIVE_SOCKETS_PER_MEMBER")
    development: bool = Field(default=False, validation_alias="MYBCAT_DEVELOPMENT")
    allowed_hosts: str = Field(default="127.0.0.1,localhost,[::1]", validation_alias="ALLOWED_HOSTS")
    trusted_origins: str = Field(default="", validation_alias="TRUSTED_ORIGINS")
    jwt_issuer: str = Field(default="", validation_alias="JWT_ISSUER")
    jwt_audience: str = Field(default="", validation_alias="JWT_AUDIENCE")
    jwt_jwks_url: str = Field(default="", validation_alias="JWT_JWKS_URL")
    delivery_retention_days: int = Field(default=30, ge=4, validation_alias="DELIVERY_RETENTION_DAYS")
    outbound_exceptions: str = Field(default="", validation_alias="OUTBOUND_EXCEPTIONS")
    # Addresses or networks, apart by commas, and what each request of a proxy there says to prove itself.
    trusted_proxies: str = Field(default="", validation_alias="TRUSTED_PROXIES")
    proxy_secret: str = Field(default="", validation_alias="PROXY_SECRET")
    rate_limit_factor: int = Field(default=1, ge=1, validation_alias="RATE_LIMIT_FACTOR")
    prepare_threshold: int | None = Field(default=1, validation_alias="PREPARE_THRESHOLD")
    public_url: str = Field(default="", validation_alias="PUBLIC_URL")
    hubspot_api_url: str = Field(default="https://api.hubapi.com", validation_alias="HUBSPOT_API_URL")
    message_provider: Literal["console", "twilio"] = Field(default="console", validation_alias="MESSAGE_PROVIDER")
    twilio_api_url: str = Field(default="https://api.twilio.com", validation_alias="TWILIO_API_URL")
    twilio_account_sid: str = Field(default="", validation_alias="TWILIO_ACCOUNT_SID")
    twilio_auth_token: str = Field(default="", validation_alias="TWILIO_AUTH_TOKEN")
    twilio_from: str = Field(default="", validation_alias="TWILIO_FROM")
    stripe_api_url: str = Field(default="https://api.stripe.com", validation_alias="STRIPE_API_URL")
    stripe_secret_key: str = Field(default="", validation_alias="STRIPE_SECRET_KEY")
    stripe_webhook_secrets: str = Field(default="", validation_alias="STRIPE_WEBHOOK_SECRETS")
    stripe_price_standard: str = Field(default="", validation_alias="STRIPE_PRICE_STANDARD")
    stripe_price_enterprise: str = Field(default="", validation_alias="STRIPE_PRICE_ENTERPRISE")
    subscription_grace_days: int = Field(default=7, ge=0, validation_alias="SUBSCRIPTION_GRACE_DAYS")
    alarm_emails: str = Field(default="", validation_alias="ALARM_EMAILS")
    alarm_webhook_url: str = Field(default="", validation_alias="ALARM_WEBHOOK_URL")
    alarm_webhook_secret: str = Field(default="", validation_alias="ALARM_WEBHOOK_SECRET")
    smtp_url: str = Field(default="", validation_alias="SMTP_URL")
    email_from: str = Field(default="mybcat@localhost", validation_alias="EMAIL_FROM")
    # Where `manage.py metrics` listens; another than loopback needs a network that is private.
    metrics_host: str = Field(default="127.0.0.1", validation_alias="METRICS_HOST")
    log_level: str = Field(default="INFO", validation_alias="LOG_LEVEL")

    @model_validator(mode="after")
    def _proxies_prove_themselves(self) -> Self:
        for network in self.trusted_proxies.split(","):
            if network:
                ip_network(network)
        if self.trusted_proxies and len(self.proxy_secret) < 32:
            raise ValueError("TRUSTED_PROXIES needs a PROXY_SECRET of 32 characters or more")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, RunningServers(settings_cls)


def mail(*, url: str, home: Path) -> dict[str, object]:
    """Django's settings for one mail server, `smtp://` (STARTTLS where a password is given) or `smtps://`.

    Without one, messages are files under `home`: whoever develops reads them there.
    """
    if not url:
        folder = home / "mail"
        # Names and links are in them.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return {"BACKEND": "django.core.mail.backends.filebased.EmailBackend", "FILE_PATH": str(folder)}
    parts = urlsplit(url)
    return {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "HOST": parts.hostname or "",
        "PORT": parts.port or (465 if parts.scheme == "smtps" else 587),
        "HOST_USER": unquote(parts.username or ""),
        "HOST_PASSWORD": unquote(parts.password or ""),
        "USE_SSL": parts.scheme == "smtps",
        # No password goes over the wire in the clear.
        "USE_TLS": parts.scheme == "smtp" and parts.password is not None,
        "TIMEOUT": 4,
    }


def database(*, url: str, prepare_threshold: int | None) -> dict[str, object]:
    """Django's settings for one PostgreSQL URL.

    Time-outs are settings of the role (see `embedded/provision.py`): start-up options
    would not survive PgBouncer in transaction mode.
    """
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": parts.hostname or "",
        "PORT": parts.port or "",
        "NAME": unquote(parts.path.lstrip("/")) or "mybcat",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        # Kept for the life of the thread. A dead one is replaced by the first statement of a scope, at no cost;
        # Django's check, a round trip, is left to requests that ask outside scopes (see `tenancy.py`).
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": {
            "connect_timeout": 2,
            # A host that vanished without a word is given up after 10 s, not after the system's 15 minutes.
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "tcp_user_timeout": 10_000,
            "prepare_threshold": prepare_threshold,
            "server_side_binding": prepare_threshold is not None,
            # What the URL itself asks for, such as sslmode.
            **dict(parse_qsl(parts.query)),
        },
    }
