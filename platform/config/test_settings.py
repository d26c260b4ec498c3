"""What differs under pytest: quick hashes, a cache in memory, plain static files."""

from __future__ import annotations

PASSWORD_HASHERS = ["harness.hashers.QuickHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CELERY_BROKER_URL = "memory://"
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
STORAGES = {
    "default": {"BACKEND": "tenancy.storage.RetailerStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
API_CALLS_KEPT_SECONDS = 10**9
"""A test writes the calls counted when it wants to see them."""
