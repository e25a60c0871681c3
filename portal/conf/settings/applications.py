"""What the project is made of: applications, middleware, templates, and the checks that do not apply to it."""

from portal.conf.settings.place import BASE_DIR

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "django_htmx",
    "axes",
    "guardian",
    "django_prometheus",
    "portal.kit",
    "audit",
    "rbac",
    "accounts",
    "billing",
    "maintenance",
    "portal.home",  # Last of ours: its ready() freezes the registries that the rooms fill.
    "portal.home.admin_site.StewardAdminConfig",  # After them: it reads the rooms' admin classes.
]
# Grants on single objects are kept by guardian in our own tables and decided by rbac: none of its ways into the models of
# people and groups, no row for nobody.
GUARDIAN_USER_OBJ_PERMS_MODEL = "rbac.UserGrant"
GUARDIAN_GROUP_OBJ_PERMS_MODEL = "rbac.TeamGrant"
GUARDIAN_MONKEY_PATCH_USER = GUARDIAN_MONKEY_PATCH_GROUP = False
ANONYMOUS_USER_NAME = None
MIDDLEWARE = [
    "portal.kit.middleware.EdgeMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "portal.kit.middleware.RequestMiddleware",
]
ROOT_URLCONF = "portal.conf.urls"
WSGI_APPLICATION = "portal.conf.wsgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.home.shell.shell",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static", "portal.kit.templatetags.kit"],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"],
                )
            ],
        },
    }
]
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"
SILENCED_SYSTEM_CHECKS = [
    "admin.E408",
    "admin.E409",
    "admin.E410",  # portal.kit.middleware loads person and session; the admin site asks it, not request.session.
    "guardian.W001",  # The decision is ours; its backend would be a second one.
    "axes.W002",  # The sign-in view asks the handler itself; a lock has the same words as any failure.
    "security.W001",
    "security.W002",  # portal.kit.middleware sends frame-ancestors and X-Frame-Options on every reply.
]
