"""Settings, read from the environment (docs/running.md lists them all).

One process has one role: ``app`` (web and workers, the unprivileged login) or ``owner`` (migrations and the
provision queue). GRIDHALL_ROLE chooses; only an owner process ever sees DATABASE_OWNER_URL.
"""

from __future__ import annotations

import os
import shutil
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from config import environment
from config.celery_settings import *  # noqa: F403
from config.operations_settings import *  # noqa: F403
from tenancy.database import pooling

BASE_DIR = Path(__file__).resolve().parents[2]
DATA_DIR = Path(os.environ.get("GRIDHALL_DATA_DIR", BASE_DIR / ".gridhall"))
ENVIRONMENT = os.environ.get("GRIDHALL_ENV", "development")
PRODUCTION = ENVIRONMENT == "production"
PROCESS_ROLE = os.environ.get("GRIDHALL_ROLE", "app")

DEBUG = environment.flag("GRIDHALL_DEBUG")
SECRET_KEY = (
    environment.required("GRIDHALL_SECRET_KEY")
    if PRODUCTION
    else os.environ.get("GRIDHALL_SECRET_KEY", "development-only-key-that-protects-nothing")
)

# Hosts. Every host is checked against the registry of domains (tenancy.hosts): an unknown one gets 421.
ALLOWED_HOSTS = ["*"]
PLATFORM_DOMAIN = os.environ.get("GRIDHALL_DOMAIN", "gridhall.localhost")
PUBLIC_PORT = os.environ.get("GRIDHALL_PUBLIC_PORT", "")
HTTPS = environment.flag("GRIDHALL_HTTPS", default=PRODUCTION)

SHARED_APPS = [
    "django_tenants",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "tenancy",
    "markets",
    "hosting",
    "config",
]
TENANT_APPS = [
    "django.contrib.sessions",
    "allauth.account",
    "allauth.mfa",
    "identity",
    "tenants.customers",
    "tenants.notices",
    "tenants.tariffs",
    "tenants.metering",
    "tenants.service",
    "tenants.protection",
    "billing.ledger",
    "billing.invoices",
    "billing.charges",
    "billing.runs",
    "billing.simulation",
    "billing.corrections",
    "billing.accruals",
    "billing.payments",
    "billing.prepayment",
    "billing.arrears",
]
INSTALLED_APPS = [
    *SHARED_APPS,
    *TENANT_APPS,
    "portal.shared",
    "portal.customer",
    "portal.console",
    "portal.hosting_admin",
    "portal.api",
    # Libraries stand last: of two translations of a text the first app's is taken.
    "allauth",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
]
TENANT_MODEL = "tenancy.Retailer"
TENANT_DOMAIN_MODEL = "tenancy.Domain"
TENANT_LIMIT_SET_CALLS = True
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
# HSTS preloading (security.W021) binds a whole domain for good: that is for its owner to say, not for the program.
SILENCED_SYSTEM_CHECKS = ["django_tenants.W003", "auth.W004", "security.W021"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

MIDDLEWARE = [
    "config.request_middleware.RequestMiddleware",
    "portal.shared.tls_allowed.TlsAllowedMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "tenancy.middleware.RetailerMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portal.shared.middleware.LanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "portal.shared.guarding.GuardMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.shared.plan_middleware.PlanMiddleware",
    "portal.shared.personal_door.PersonalMiddleware",
]
ROOT_URLCONF = "config.urls_retailer"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "portal" / "shared" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "portal.shared.context.frame",
            ],
        },
    }
]

_DATABASE_VARIABLE = "DATABASE_OWNER_URL" if PROCESS_ROLE == "owner" else "DATABASE_URL"
_DATABASE_URL = os.environ.get(_DATABASE_VARIABLE, "postgresql://gridhall_app@localhost/gridhall")
DATABASES: dict[str, dict[str, Any]] = {"default": environment.database(_DATABASE_URL)}
DATABASE_URL = _DATABASE_URL
if _POOL_SIZE := int(os.environ.get("GRIDHALL_DB_POOL", "0")):
    DATABASES["default"]["OPTIONS"]["pool"] = pooling.options(size=_POOL_SIZE)
APP_LOGIN = os.environ.get("GRIDHALL_APP_LOGIN", "gridhall_app")
PG_DUMP = os.environ.get("PG_DUMP") or shutil.which("pg_dump") or ""

_REDIS_URL = os.environ.get("REDIS_URL", "")
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache"
        if _REDIS_URL
        else "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": _REDIS_URL,
        "KEY_FUNCTION": "tenancy.keys.cache_key",
    }
}

# Identity
AUTH_USER_MODEL = "identity.User"
AUTHENTICATION_BACKENDS = ["identity.sign_in.RetailerBackend", "identity.entering_sessions.SupportBackend"]
# A company's own sign-in service must stand at a public address, unless the host runs such services inside.
SSO_PRIVATE_ADDRESSES = environment.flag("GRIDHALL_SSO_PRIVATE_ADDRESSES")
FEATURE_CHECK = "hosting.plans.allows"
# Somebody of the host may be in a company for so many minutes at a time, at most.
SUPPORT_MINUTES_AT_MOST = int(os.environ.get("GRIDHALL_SUPPORT_MINUTES", "60"))
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
] + [{"NAME": "identity.passwords.CompanyWordsValidator"}]
ACCOUNT_ADAPTER = "identity.sign_in.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "identity.sign_in.ResetTokenGenerator"
ACCOUNT_FORMS = {"reset_password": "identity.reset_form.ResetForm"}
# Failures of one account are counted in the database (identity.attempts); this is the first wall, in the cache.
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip"}
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
MFA_ADAPTER = "identity.second_factor.Adapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_FORMS = {
    "authenticate": "identity.second_factor.CodeForm",
    "reauthenticate": "identity.second_factor.CodeAgainForm",
}
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
# Limits of guesses count by sender: behind proxies that is the address they wrote, never one the sender made up.
ALLAUTH_TRUSTED_PROXY_COUNT = int(os.environ.get("GRIDHALL_PROXIES", "0"))
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
SESSION_ENGINE = "tenancy.sessions"
MESSAGE_STORAGE = "tenancy.cookies.MessageStorage"
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "gridhall_session"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "gridhall_csrf"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "django.views.csrf.csrf_failure"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
    }
}

# Languages: Simplified Chinese and English are complete.
LANGUAGE_CODE = "en"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LANGUAGE_COOKIE_NAME = "gridhall_language"
LOCALE_PATHS = [BASE_DIR / "billing" / "rating" / "locale", BASE_DIR / "platform" / "kernel" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# Files
STATIC_URL = "/static/"
STATIC_ROOT = Path(os.environ.get("GRIDHALL_STATIC_ROOT", DATA_DIR / "static"))
STATICFILES_DIRS = [path for path in [BASE_DIR / "build" / "static"] if path.is_dir()]
FILES_DIR = Path(os.environ.get("GRIDHALL_FILES_DIR", DATA_DIR / "files"))
BACKUP_DIR = Path(os.environ.get("GRIDHALL_BACKUP_DIR", DATA_DIR / "backups"))
# Backups by the clock (0 hours: none), archives kept of them, the age that is late, and how often one is proven.
BACKUP_EVERY = timedelta(hours=int(os.environ.get("GRIDHALL_BACKUP_HOURS", "24")))
BACKUPS_KEPT = int(os.environ.get("GRIDHALL_BACKUPS_KEPT", "14"))
BACKUP_LATE_AFTER = timedelta(hours=int(os.environ.get("GRIDHALL_BACKUP_LATE_HOURS", "36")))
DRILL_EVERY = timedelta(days=int(os.environ.get("GRIDHALL_DRILL_DAYS", "30")))
# Jobs on whole companies that run at the same time, however many provision workers there are.
JOBS_AT_ONCE = int(os.environ.get("GRIDHALL_JOBS_AT_ONCE", "1"))
# The end of a company: days it waits for, and days that its archives are kept after its tables are gone.
DELETION_DAYS = int(os.environ.get("GRIDHALL_DELETION_DAYS", "30"))
ARCHIVES_AFTER_DELETION_DAYS = int(os.environ.get("GRIDHALL_ARCHIVES_AFTER_DELETION_DAYS", "0"))
STORAGES = {
    "default": {"BACKEND": "tenancy.storage.RetailerStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = DEBUG
DATA_UPLOAD_MAX_MEMORY_SIZE = 50 * 2**20
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 2**20
EXAMPLES_DIR = BASE_DIR / "examples"

# Mail: written to files where no server is named.
EMAIL_HOST = os.environ.get("GRIDHALL_MAIL_HOST", "")
EMAIL_PORT = int(os.environ.get("GRIDHALL_MAIL_PORT", "25"))
MAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'filebased'}.EmailBackend"
EMAIL_BACKEND = "tenancy.mail.Backend"
EMAIL_FILE_PATH = str(DATA_DIR / "mail")
EMAIL_TIMEOUT = 60

# Text messages and WeChat: to files until a company's carrier is named here.
NOTICE_PROVIDERS = {
    "mail": "tenants.notices.providers.MailProvider",
    "sms": os.environ.get("GRIDHALL_SMS_PROVIDER", "tenants.notices.providers.FileProvider"),
    "wechat": os.environ.get("GRIDHALL_WECHAT_PROVIDER", "tenants.notices.providers.FileProvider"),
}

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_AUTHENTICATION_CLASSES": ["portal.api.authentication.KeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["portal.api.permissions.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "rest_framework.parsers.JSONParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "EXCEPTION_HANDLER": "portal.api.problems.handle",
    "UNAUTHENTICATED_USER": None,
    "COERCE_DECIMAL_TO_STRING": True,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Gridhall API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SORT_OPERATIONS": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "portal.api.schema.finish"],
    "ENUM_NAME_OVERRIDES": {
        "CustomerKind": "portal.api.nouns.customers.KINDS",
        "ChannelKind": "portal.api.nouns.meters.KINDS",
        "ChannelFactorKind": "portal.api.nouns.channels.FACTOR_KINDS",
        "InvoiceKind": "portal.api.nouns.invoices.KINDS",
        "ImportState": "portal.api.nouns.reading_imports.STATES",
        "VersionStatus": "portal.api.nouns.products.STATES",
        "BillRunState": "portal.api.nouns.bill_runs.STATES",
        "BillState": "portal.api.nouns.bill_runs.ITEM_STATES",
        "Quality": "portal.api.nouns.readings.QUALITIES",
        "GivenQuality": "portal.api.nouns.readings.GIVEN_QUALITIES",
        "ReadingExceptionState": "portal.api.nouns.reading_exceptions.STATES",
        "ReadingProposalState": "portal.api.nouns.reading_exceptions.PROPOSAL_STATES",
        "ReadingProposalKind": "portal.api.nouns.reading_exceptions.KINDS",
        "ReadQuality": "portal.api.nouns.register_reads.QUALITIES",
        "RatioKind": "portal.api.nouns.registers.RATIO_KINDS",
        "PauseKind": "portal.api.nouns.registers.PAUSE_KINDS",
        "RegisterUnit": "portal.api.nouns.registers.UNITS",
        "BillCorrectionState": "portal.api.nouns.corrections.STATES",
        "MeasuredUnit": "portal.api.nouns.meters.UNITS",
        "MessageState": "portal.api.nouns.messages.STATES",
        "MessageChannel": "portal.api.nouns.messages.CHANNELS",
        "DecidedBy": "portal.api.nouns.corrections.NEEDS",
        "CorrectionState": "portal.api.nouns.quantity_corrections.CORRECTION_STATES",
        "SupplyOrderKind": "portal.api.nouns.supply_orders.KINDS",
        "SupplyOrderState": "portal.api.nouns.supply_orders.STATES",
        "DunningCaseState": "portal.api.nouns.arrears.CASE_STATES",
        "PromiseState": "portal.api.nouns.arrears.PROMISE_STATES",
        "PlanState": "portal.api.nouns.arrears.PLAN_STATES",
        "DepositKind": "portal.api.nouns.deposits.KINDS",
        "PaymentMethod": "portal.api.nouns.payments.METHODS",
        "RefundMethod": "portal.api.nouns.refunds.METHODS",
        "RefundState": "portal.api.nouns.refunds.STATES",
        "DepositState": "portal.api.nouns.deposits.STATES",
        "DataRequestKind": "portal.api.nouns.data_requests.KINDS",
        "DataRequestState": "portal.api.nouns.data_requests.STATES",
        "DataRequestSource": "portal.api.nouns.data_requests.SOURCES",
    },
}
API_REQUESTS_PER_MINUTE = int(os.environ.get("GRIDHALL_API_REQUESTS_PER_MINUTE", "600"))
API_CALLS_KEPT_SECONDS = 20

# Payment providers. The platform's own key serves connected accounts; a company's own keys stand sealed in its schema.
# The newest of SECRETS_KEYS seals, all of them open: put a new one in front to change it.
SECRETS_KEYS = environment.words("GRIDHALL_SECRETS_KEYS") or [SECRET_KEY]
STRIPE_SECRET_KEY = os.environ.get("GRIDHALL_STRIPE_SECRET_KEY", "")
STRIPE_WEBHOOK_SECRET = os.environ.get("GRIDHALL_STRIPE_WEBHOOK_SECRET", "")
STRIPE_API_BASE = os.environ.get("GRIDHALL_STRIPE_API_BASE", "")
# The host's own bills to its companies: messages come to /webhooks/stripe/billing/ on the operator's host.
STRIPE_BILLING_WEBHOOK_SECRET = os.environ.get("GRIDHALL_STRIPE_BILLING_WEBHOOK_SECRET", "")

# Companies that sign themselves up, and demo spaces.
SIGN_UP_OPEN = environment.flag("GRIDHALL_SIGN_UP", default=True)
SIGN_UPS_PER_HOUR = int(os.environ.get("GRIDHALL_SIGN_UPS_PER_HOUR", "200"))
SIGN_UPS_PER_SENDER = int(os.environ.get("GRIDHALL_SIGN_UPS_PER_SENDER", "5"))
SIGN_UP_MAILS_PER_DAY = 3
DEMO_DAYS = int(os.environ.get("GRIDHALL_DEMO_DAYS", "14"))
DEMO_KEPT_DAYS = int(os.environ.get("GRIDHALL_DEMO_KEPT_DAYS", "30"))
# Hosts that companies bring: who is asked about them, where they are to lead, and how their certificates are tried.
DNS_RESOLVER = os.environ.get("GRIDHALL_DNS_RESOLVER", "")
OWN_HOST_GRACE_DAYS = int(os.environ.get("GRIDHALL_OWN_HOST_GRACE_DAYS", "30"))
DOMAIN_TARGET = os.environ.get("GRIDHALL_DOMAIN_TARGET", "")
DOMAIN_TLS_CHECK = environment.flag("GRIDHALL_DOMAIN_TLS_CHECK", default=HTTPS)
DOMAIN_TLS_PORT = int(os.environ.get("GRIDHALL_DOMAIN_TLS_PORT", "443"))
DOMAIN_TLS_CA = os.environ.get("GRIDHALL_DOMAIN_TLS_CA", "")

if "pytest" in sys.modules:
    from config.test_settings import *  # noqa: F403

PAYMENT_LISTENERS = ("billing.arrears.tasks.account_changed",)
"""Tasks that hear of an account whose balance changed, after the payment's commit."""
