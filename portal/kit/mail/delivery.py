"""Handing a mail to the mail server or provider that STEWARD_MAIL names, and what its answer means."""

import smtplib
import ssl
import warnings
from contextlib import suppress
from email.utils import parseaddr
from enum import StrEnum
from functools import partial
from typing import Any

from anymail.exceptions import AnymailError, AnymailInvalidAddress, AnymailRecipientsRefused  # type: ignore[import-untyped]
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend as SmtpBackend

from portal.kit.mail.letters import one_line, unsubscribe_url
from portal.kit.models import OutboundMessage
from portal.kit.notices.categories import categories
from portal.kit.settings import REPLY_TO

# Replies of SMTP that speak of the mailbox (RFC 5321, 4.2.2); 5.7.x in its text speaks of a policy instead (RFC 3463).
_NO_MAILBOX = frozenset({550, 551, 553})
_POLICY = "5.7."
# Statuses of a provider's HTTP interface that speak of this one mail.
_WRONG = frozenset({400, 413, 422})
# Error codes of SES that come with one of these statuses and pass.
_SES_PASSING = frozenset({"LimitExceededException", "TooManyRequestsException", "SendingPausedException"})


class Meaning(StrEnum):
    """What a failure says."""

    ADDRESS = "address"  # Nobody receives there; it will be the same tomorrow.
    REFUSED = "refused"  # This mail will never be taken.
    LATER = "later"  # This mail may be taken later.
    AWAY = "away"  # The server or provider takes no mail at all now.


class NotSent(Exception):
    """A mail has not left. `told` is what the other side said, on one line."""

    def __init__(self, meaning: Meaning, told: str) -> None:
        super().__init__(told)
        self.meaning, self.told = meaning, one_line(told)


class Post:
    """An open connection to the mail server, opened with the first mail, and again after it broke."""

    def __init__(self) -> None:
        self._backend: BaseEmailBackend | None = None

    def __enter__(self) -> "Post":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, mail: OutboundMessage) -> None:
        """Hand a mail over; returns when the other side has taken it, raises `NotSent`. Call it in no transaction."""
        try:
            message = message_of(mail)
            if self._backend is None:
                self._backend = backend()
            self._backend.open()
            self._backend.send_messages([message])
        except Exception as error:
            self.close()
            raise NotSent(*meaning_of(error)) from error

    def close(self) -> None:
        """Hang up; a connection that is broken already is let go."""
        opened, self._backend = self._backend, None
        if opened is not None:
            with suppress(Exception):
                opened.close()


def backend() -> BaseEmailBackend:
    """What speaks to the mail server of the settings. No operation of it waits longer than STEWARD_MAIL_TIMEOUT."""
    make = {"smtp": _smtp, "ses": _ses, "sendgrid": _sendgrid}[settings.STEWARD_MAIL]
    with warnings.catch_warnings():
        # Anymail says that nobody at SendGrid supports it; whether it works is a matter of our tests.
        warnings.simplefilter("ignore")
        return make()


def _smtp() -> BaseEmailBackend:
    return SmtpBackend(
        host=settings.STEWARD_MAIL_HOST,
        port=settings.STEWARD_MAIL_PORT,
        username=settings.STEWARD_MAIL_USER,
        password=settings.STEWARD_MAIL_PASSWORD,
        use_tls=settings.STEWARD_MAIL_TLS == "starttls",
        use_ssl=settings.STEWARD_MAIL_TLS == "tls",
        timeout=settings.STEWARD_MAIL_TIMEOUT,
    )


def ses_parameters() -> dict[str, Any]:
    """How boto3 is to reach SES; what is left empty it finds by itself (the machine's role)."""
    from botocore.config import Config

    seconds = settings.STEWARD_MAIL_TIMEOUT
    found = {
        "region_name": settings.STEWARD_MAIL_SES_REGION,
        "aws_access_key_id": settings.STEWARD_MAIL_SES_KEY_ID,
        "aws_secret_access_key": settings.STEWARD_MAIL_SES_SECRET,
    }
    config = Config(connect_timeout=seconds, read_timeout=seconds, retries={"total_max_attempts": 1})
    return {name: value for name, value in found.items() if value} | {"config": config}


def _ses() -> BaseEmailBackend:
    from anymail.backends.amazon_ses import EmailBackend  # type: ignore[import-untyped]

    made: BaseEmailBackend = partial(EmailBackend, client_params=ses_parameters())()
    return made


def _sendgrid() -> BaseEmailBackend:
    from anymail.backends.sendgrid import EmailBackend  # type: ignore[import-untyped]

    made: BaseEmailBackend = EmailBackend(
        api_key=settings.STEWARD_MAIL_SENDGRID_KEY, timeout=settings.STEWARD_MAIL_TIMEOUT
    )
    return made


def message_of(mail: OutboundMessage) -> EmailMultiAlternatives:
    """The mail with its headers. Its Message-ID is the same at every attempt, so that one that arrives twice can be
    recognised; only who sends it again on purpose gives it another."""
    headers = {
        "Message-ID": message_id_of(mail),
        "Auto-Submitted": "auto-generated",  # RFC 3834: out-of-office programs do not answer it.
        "X-Steward-Message": str(mail.pk),
    }
    spec = categories.get(mail.category) if mail.category in categories else None
    if spec is not None and mail.person_id is not None and (url := unsubscribe_url(mail.person_id, spec)):
        headers |= {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}  # RFC 8058
    message = EmailMultiAlternatives(
        subject=mail.subject,
        body=mail.text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[mail.address],
        reply_to=[reply_to] if (reply_to := REPLY_TO.value()) else None,
        headers=headers,
    )
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    return message


def message_id_of(mail: OutboundMessage) -> str:
    """The Message-ID, of the mail's own id and the sender's domain."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "steward.invalid"
    again = f".{mail.resends}" if mail.resends else ""
    return f"<{mail.pk.hex}{again}@{domain}>"


def meaning_of(error: Exception) -> tuple[Meaning, str]:
    """What a failure says, and in whose words. What is not known may pass."""
    if isinstance(error, AnymailError):
        return _of_provider(error)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(error.recipients.values()))
        return _of_reply(code, _text(said), about_address=True)
    if isinstance(error, smtplib.SMTPDataError):
        return _of_reply(error.smtp_code, _text(error.smtp_error), about_address=False)
    if isinstance(error, smtplib.SMTPResponseException):  # signing in, greeting, the sender: not this mail's fault
        return Meaning.AWAY, f"{error.smtp_code} {_text(error.smtp_error)}"
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return Meaning.AWAY, f"The mail server did not answer within {settings.STEWARD_MAIL_TIMEOUT} s."
    if isinstance(error, ssl.SSLError):
        return Meaning.AWAY, f"No secure connection to the mail server: {error}"
    if isinstance(error, smtplib.SMTPException | OSError):
        return Meaning.AWAY, f"{type(error).__name__}: {error}"
    if isinstance(error, ValueError):  # an address or header that cannot be written
        return Meaning.REFUSED, f"It cannot be sent like this: {error}"
    return Meaning.LATER, f"{type(error).__name__}: {error}"


def _of_reply(code: int, said: str, *, about_address: bool) -> tuple[Meaning, str]:
    told = f"{code} {said}"
    if code == 421:  # the service closes
        return Meaning.AWAY, told
    if code < 500:
        return Meaning.LATER, told
    nobody = about_address and code in _NO_MAILBOX and _POLICY not in said
    return Meaning.ADDRESS if nobody else Meaning.REFUSED, told


def _of_provider(error: AnymailError) -> tuple[Meaning, str]:
    if isinstance(error, AnymailRecipientsRefused | AnymailInvalidAddress):
        return Meaning.ADDRESS, str(error)
    answer = error.response if isinstance(error.response, dict) else {}  # SES
    status = error.status_code or answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if status in _WRONG and answer.get("Error", {}).get("Code") not in _SES_PASSING:
        return Meaning.REFUSED, str(error)
    return (Meaning.LATER if status == 429 else Meaning.AWAY), str(error)


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said
