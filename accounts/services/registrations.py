"""Registration: an address is proved first, then its owner chooses a name, a password and an organisation."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import rules
from accounts.errors import LinkGone, RegistrationClosed
from accounts.models import Organisation, Registration, User
from accounts.services.allowances import mail_allowed
from accounts.services.memberships import membership_put, roles_by_code
from accounts.services.organisations import organisation_put
from accounts.services.privacy import consents_give
from accounts.settings import DOMAINS, REGISTRATION
from portal.kit import clock, context, crypto, errors, ids
from portal.kit.context import Actor
from portal.kit.notify import notify
from portal.kit.record import record
from portal.kit.services import writing

LIFE = timedelta(hours=24)
GONE = gettext_lazy("It was used already, has expired or was replaced by a newer one. Register again.")
_SLUG_BASE = 30  # Characters; the rest is for a number.
_SLUG_TRIES = 9


def registration_begin(*, text: str) -> None:
    """Mail the address `text` a link under which it becomes an account; a former link dies.

    Event `accounts.registration.begun`. Whoever has an account with it is mailed just that. Nothing at all for what is
    no address, beyond five mails an hour, of a domain that
    is not allowed, and while registration is not open.
    """
    email = rules.normalised("email", text)
    if REGISTRATION.value() != "open" or rules.problem("email", email) or not domain_allowed(email):
        return
    with writing():
        # Its row is held from here on: of two who begin with one address at once, the second replaces the first.
        if not mail_allowed(to=email):
            return
        known = User.objects.by_identifier(email)
        if known is not None:
            record("accounts.registration.begun", target=known, outcome="denied", reason="has an account")
            notify(known.pk, "security", "registration_known", {"user": known, "url": _page("forgot")})
            return
        token, now = crypto.token(), clock.now()
        Registration.objects.filter(email__iexact=email, used_at=None).delete()
        made = Registration.objects.create(
            email=email, digest=crypto.digest(token), created_at=now, expires_at=now + LIFE
        )
        record("accounts.registration.begun", target=made, changes={"email": (None, email)})
        values = {"url": _page(f"register/{token}"), "hours": LIFE // timedelta(hours=1)}
        notify(email, "security", "registration", values)


def _page(path: str) -> str:
    # The address is the installation's own setting: a forged Host header leads nobody elsewhere.
    return f"{settings.STEWARD_PUBLIC_URL}/{path}"


def registration_of(*, token: str) -> Registration:
    """The registration that `token` opens; `LinkGone` when it opens none (any more). Looking spends nothing."""
    if REGISTRATION.value() != "open":
        raise RegistrationClosed
    found = Registration.objects.filter(digest=crypto.digest(token)).first()
    if found is None or found.used_at is not None or found.expires_at <= clock.now():
        raise LinkGone(GONE)
    if not domain_allowed(found.email):
        raise RegistrationClosed
    return found


def domain_allowed(email: str) -> bool:
    """Whether whoever has this address may register: its domain is on the list, or there is none."""
    allowed = DOMAINS.value()
    return not allowed or email.rpartition("@")[2].lower() in allowed


def registration_complete(
    *, token: str, name: str, username: str, password: str, organisation: str
) -> tuple[User, Organisation]:
    """Make the account and its organisation, which it owns. The link is spent; nobody is signed in.

    Events `accounts.user.created`, `accounts.registration.completed`, `accounts.consent.given` for each text that the
    page asked to agree to, `accounts.organisation.created`, `accounts.membership.added`, `rbac.binding.granted`.
    `LinkGone`, also when somebody has an account with the address by now; `Invalid` with fields (`new` is the password).
    """
    key = registration_of(token=token).pk
    with writing():
        # Locked before anything is made: two who use it at once make one person.
        live = Registration.objects.select_for_update().filter(pk=key, used_at=None).first()
        if live is None or User.objects.by_identifier(live.email) is not None:
            raise LinkGone(GONE)
        wrong = _name_problem(organisation)
        try:
            user = person_put(email=live.email, name=name, username=username, password=password)
        except errors.Invalid as error:
            raise errors.Invalid(fields={**error.fields, **wrong}) from error
        if wrong:
            raise errors.Invalid(fields=wrong)
        live.used_at, live.user = clock.now(), user
        live.save(update_fields=["used_at", "user"])
        with context.acting(Actor("person", user.pk, str(user))):
            changes = {field: (None, getattr(user, field)) for field in rules.FIELDS}
            record("accounts.user.created", target=user, changes=changes, reason="registered")
            record("accounts.registration.completed", target=user)
            consents_give(user=user)
            made = _organisation(organisation.strip())
            owner = roles_by_code()["owner"]
            membership_put(organisation_id=made.pk, user=user, role=owner, granted_by=None, reason="registration")
    return user, made


def person_put(*, email: str, name: str, username: str, password: str) -> User:
    """Write a person whose address is proved, with an own password; part of another service, which records it.

    `Invalid` with every field that is wrong; `new` is the password.
    """
    values = {"name": name, "username": username, "email": email}
    clean = {field: rules.normalised(field, value) for field, value in values.items()}
    codes = {field: rules.problem(field, value) for field, value in clean.items()}
    wrong = {field: [rules.reason_text(code, field)] for field, code in codes.items() if code}
    now = clock.now()
    user = User(**clean, password_changed_at=now, email_verified_at=now)
    try:
        validate_password(password, user)
    except ValidationError as error:
        wrong["new"] = error.messages
    if wrong:
        raise errors.Invalid(fields=wrong)
    user.set_password(password)
    try:
        with writing(), transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        raise errors.Invalid(fields={"username": [rules.reason_text("taken")]}) from error
    return user


def _name_problem(organisation: str) -> dict[str, list[str]]:
    """What is wrong with the name that an organisation shall have, by field."""
    text = organisation.strip()
    limit = int(getattr(Organisation._meta.get_field("name"), "max_length", 0))
    if not text:
        return {"organisation": [rules.reason_text("missing")]}
    if rules.INVISIBLE.search(text):
        return {"organisation": [rules.reason_text("invisible")]}
    if len(text) > limit:
        return {"organisation": [_("It is longer than %(limit)s characters.") % {"limit": limit}]}
    return {}


def _organisation(name: str) -> Organisation:
    """The organisation under the first short name that is free."""
    for slug in _slugs(name):
        try:
            return organisation_put(name=name, slug=slug)
        except errors.Invalid as error:
            if set(error.fields) != {"slug"}:
                raise
    raise errors.Conflict


def _slugs(name: str) -> Iterator[str]:
    """Short names made of a name: itself, with a number, with something random."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", plain)[:_SLUG_BASE].strip("-") or "organisation"
    yield base
    yield from (f"{base}-{number}" for number in range(2, _SLUG_TRIES + 1))
    yield from (f"{base}-{ids.uuid7().hex[-8:]}" for _ in range(3))
