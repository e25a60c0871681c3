"""Accounts, passwords, the first start, and the lock after failed sign-ins (django-axes)."""

from portal.conf import env
from portal.conf.settings.place import STEWARD_TRUSTED_PROXIES

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "accounts.backends.PasswordBackend",
    "rbac.backends.DecisionBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "accounts.passwords.MinimumLengthValidator"},
    {"NAME": "accounts.passwords.MaximumLengthValidator"},
    {"NAME": "accounts.passwords.NotAboutThePersonValidator"},
    {"NAME": "accounts.predictable.NotPredictableValidator"},
]
LOGIN_URL = "/sign-in"
ROOT_USERNAME = env.text(
    "ROOT_USERNAME", "admin", group="First start", help_text="User name of the root administrator."
)
ROOT_PASSWORD = env.text(
    "ROOT_PASSWORD",
    group="First start",
    secret=True,
    help_text="One-time password of the root administrator; empty: a random one is shown once. It must be changed at first sign-in.",
)
ROOT_EMAIL = env.text(
    "ROOT_EMAIL", "root@steward.invalid", group="First start", help_text="E-mail address of the root administrator."
)
STEWARD_ADMIN_CONTACT = env.text(
    "STEWARD_ADMIN_CONTACT",
    "your administrator",
    group="Installation",
    help_text="Whom a person with an inactive account should turn to (a name, a mail address or a page).",
)
STEWARD_IMPERSONATION = env.flag(
    "STEWARD_IMPERSONATION",
    True,
    group="Sessions",
    help_text="Whether administrators may see the console as another person, for 30 minutes and with a reason.",
)
CREATE_DEV_USER = env.flag(
    "CREATE_DEV_USER",
    False,
    group="First start",
    help_text="Make an account `dev` for developers, inactive, with a one-time password that the log shows once.",
)
ALLOW_DEV_ROLE_IN_PRODUCTION = env.flag(
    "ALLOW_DEV_ROLE_IN_PRODUCTION",
    False,
    group="Installation",
    help_text="Let the developer role count in production for as long as this is set. Safer: the switch, which ends by itself.",
)

# django-axes: settings of policy.md against its defaults (a permanent lock by address alone, left-most proxy address).
AXES_HANDLER = "accounts.lockout.LockoutHandler"
AXES_FAILURE_LIMIT = 5
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_COOLOFF_TIME = "accounts.lockout.cool_off"
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_FORM_FIELD = "identifier"
AXES_CLIENT_IP_CALLABLE = "portal.kit.edge.client_address"
AXES_USERNAME_CALLABLE = "accounts.lockout.attempted_account"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "identifier"]
AXES_DISABLE_ACCESS_LOG = (
    True  # The audit trail records sign-ins; a second log would have to be cleaned and guarded too.
)
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False
AXES_IPWARE_PROXY_COUNT = STEWARD_TRUSTED_PROXIES
