"""What signs and what encrypts. Made in var/secrets outside of production."""

from portal.conf import env
from portal.conf.settings.place import PRODUCTION, STEWARD_VAR

SECRET_KEY = env.text(
    "SECRET_KEY",
    group="Secrets",
    secret=True,
    help_text="Signs cookies and tokens; at least 32 random characters. Required in production, made in var/secrets elsewhere.",
) or ("" if PRODUCTION else env.local_secret(STEWARD_VAR, "secret_key"))
SECRET_KEY_FALLBACKS = [
    key
    for key in env.text(
        "SECRET_KEY_FALLBACKS",
        group="Secrets",
        secret=True,
        help_text="Earlier SECRET_KEYs that still verify, comma-separated.",
    ).split(",")
    if key
]
STEWARD_ENCRYPTION_KEYS = env.text(
    "STEWARD_ENCRYPTION_KEYS",
    group="Secrets",
    secret=True,
    help_text="Keys for data at rest: id:base64 of 32 bytes, comma-separated; the first encrypts, all decrypt. "
    "Required in production, made in var/secrets elsewhere.",
) or ("" if PRODUCTION else "local:" + env.local_secret(STEWARD_VAR, "encryption_key"))
