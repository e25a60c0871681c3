"""What is missing or unsafe about the settings of mail."""

from collections.abc import Iterator

from django.conf import settings

from portal.kit.safety import Fault, is_loopback

NEEDED = {
    "smtp": ("STEWARD_MAIL_HOST",),
    "ses": ("STEWARD_MAIL_SES_REGION",),
    "sendgrid": ("STEWARD_MAIL_SENDGRID_KEY",),
}


def everywhere() -> Iterator[Fault]:
    """Faults that stop the start in every environment: mail would never leave."""
    for name in NEEDED.get(settings.STEWARD_MAIL, ()):
        if not getattr(settings, name):
            yield Fault(
                "steward.E121", f"STEWARD_MAIL is {settings.STEWARD_MAIL}, but {name} is empty.", f"Set {name}."
            )
    if settings.STEWARD_MAIL != "outbox" and settings.DEFAULT_FROM_EMAIL.rstrip(">").endswith(".invalid"):
        yield Fault(
            "steward.E121",
            "STEWARD_MAIL_FROM is an address that nobody can have.",
            "Write the sender of your mail, such as Steward <portal@example.com>.",
        )
    if settings.STEWARD_MAIL_WEBHOOK_SECRET and not _is_pair(settings.STEWARD_MAIL_WEBHOOK_SECRET):
        yield Fault(
            "steward.E122",
            "STEWARD_MAIL_WEBHOOK_SECRET is not of the form name:password, or too short to keep anybody out.",
            "Write two random words of at least 16 characters together, with a colon between them.",
        )


def _is_pair(secret: str) -> bool:
    name, colon, password = secret.partition(":")
    return bool(name and colon and password) and len(secret) >= 17


def production() -> Iterator[Fault]:
    """What a production installation is warned of."""
    if settings.STEWARD_MAIL == "outbox":
        yield Fault(
            "steward.W121",
            "STEWARD_MAIL is outbox: no mail leaves, administrators hand links over from the outbox page.",
            "Set STEWARD_MAIL to smtp, ses or sendgrid.",
        )
    if settings.STEWARD_MAIL == "smtp" and settings.STEWARD_MAIL_TLS == "none" and not _is_here():
        yield Fault(
            "steward.W122",
            "Mail goes to another machine without TLS: whoever listens reads the links in it.",
            "Set STEWARD_MAIL_TLS to starttls or tls.",
        )
    if settings.STEWARD_MAIL in {"ses", "sendgrid"} and not settings.STEWARD_MAIL_WEBHOOK_SECRET:
        yield Fault(
            "steward.W123",
            "STEWARD_MAIL_WEBHOOK_SECRET is empty, so the provider cannot report bounces.",
            "Set it, and give the provider https://name:password@<portal>/webhooks/mail/<provider>.",
        )


def _is_here() -> bool:
    return is_loopback(settings.STEWARD_MAIL_HOST)
