"""Language and time, and the files that pages are made of."""

from portal.conf import env
from portal.conf.settings.place import BASE_DIR, STEWARD_VAR

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
LOCALE_PATHS = [BASE_DIR / "portal" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
STEWARD_TIME_ZONE = env.text(
    "STEWARD_TIME_ZONE",
    "UTC",
    group="Installation",
    help_text="IANA time zone of the installation's schedules and pages.",
)

STATIC_URL = "/static/"
STATIC_ROOT = STEWARD_VAR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "portal.kit.static_files.StaticFiles"},
}
WHITENOISE_ALLOW_ALL_ORIGINS = False  # Nobody else embeds them.
WHITENOISE_MAX_AGE = 0  # Files with a hash in their name are immutable for a year; others are asked for again.
MEDIA_ROOT = STEWARD_VAR / "uploads"
