"""Deleting one's own account, with a time in which one may think again; and what one agreed to."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.errors import LeavingAlready, RootProtected
from accounts.models import Consent, User
from accounts.services.erasure import user_anonymise
from accounts.services.guards import owners_kept, person_id
from accounts.services.sessions import sessions_end_all
from accounts.settings import DELETION_GRACE, PRIVACY_URL, PRIVACY_VERSION, TERMS_URL, TERMS_VERSION
from portal.kit import clock, context
from portal.kit.context import Actor
from portal.kit.errors import Conflict
from portal.kit.notify import notify
from portal.kit.record import record
from portal.kit.services import writing
from rbac import selectors as rbac
from rbac import services as rbac_services
from rbac.errors import LastAdministrator

WARNED_BEFORE = timedelta(days=2)
PUT_OFF = timedelta(days=1)  # Who has become the last owner of something meanwhile cannot go yet.
BATCH = 100
REASON = "the person asked for it"


def deletion_ask(*, actor: Actor, session_id: UUID | None) -> User:
    """Have one's own account deleted after the time of grace; every other session ends at once, and a mail says so.

    Event `accounts.deletion.asked`. Until then one may sign in for nothing but calling it off. Refused for the root
    administrator, the last super administrator and the last active owner of an organisation; `LeavingAlready` twice.
    """
    with writing():
        rbac_services.administrators_lock()
        owners_kept(people=[person_id(actor)])
        user = User.objects.select_for_update().get(pk=person_id(actor))
        if user.is_root:
            raise RootProtected(_("The root administrator stays. Nobody could let the others in without it."))
        if rbac.holders_of("super_admin") == [user.pk]:
            raise LastAdministrator
        if user.leaving_at is not None:
            raise LeavingAlready
        user.leaving_at = clock.now() + DELETION_GRACE.value()
        user.leaving_warned_at = None
        user.save(update_fields=["leaving_at", "leaving_warned_at"])
        ended = sessions_end_all(user=user, keep=session_id)
        facts = {"days": DELETION_GRACE.value().days, "sessions_ended": ended}
        record("accounts.deletion.asked", target=user, data=facts)
        _mail(user, "deletion_asked", user.leaving_at)
    return user


def deletion_cancel(*, actor: Actor) -> User:
    """Keep one's account after all. Event `accounts.deletion.cancelled`; nothing when nobody asked."""
    with writing():
        user = User.objects.select_for_update().get(pk=person_id(actor))
        if user.leaving_at is None:
            return user
        user.leaving_at = user.leaving_warned_at = None
        user.save(update_fields=["leaving_at", "leaving_warned_at"])
        record("accounts.deletion.cancelled", target=user)
        notify(user.pk, "security", "deletion_cancelled", {"user": user})
    return user


def deletions_warn() -> int:
    """Mail everybody whose account goes within two days, once; returns how many. No event: asking had one."""
    now = clock.now()
    with writing():
        rows = User.objects.select_for_update(skip_locked=True).filter(
            leaving_at__lte=now + WARNED_BEFORE, leaving_at__gt=now, leaving_warned_at=None
        )
        found = list(rows.order_by("pk")[:BATCH])
        for user in found:
            user.leaving_warned_at = now
            user.save(update_fields=["leaving_warned_at"])
            _mail(user, "deletion_soon", user.leaving_at)
    return len(found)


def deletions_due() -> list[UUID]:
    """Whose time is over, the longest first."""
    rows = User.objects.filter(leaving_at__lte=clock.now()).order_by("leaving_at")
    return list(rows.values_list("pk", flat=True)[:BATCH])


def deletion_do(*, actor: Actor, person: UUID) -> bool:
    """Erase a person whose time is over. Events `accounts.deletion.done` and those of the erasure; False when it was
    called off meanwhile, or the person has become the last owner of something: then it is tried again tomorrow."""
    with writing():
        rbac_services.administrators_lock()  # First, as everybody who takes people away.
        user = User.objects.select_for_update().filter(pk=person, leaving_at__lte=clock.now()).first()
        if user is None:
            return False
        record("accounts.deletion.done", target=user, reason=REASON)
        user_anonymise(actor=actor, user=user, reason=REASON)
    return True


def deletion_put_off(*, person: UUID, why: Conflict) -> None:
    """Try again tomorrow, and tell the person by mail why it could not be done, once. No event: nothing has happened."""
    with writing():
        user = User.objects.select_for_update().get(pk=person)
        if user.leaving_at is None:
            return
        told = (
            user.leaving_warned_at is not None
            and user.leaving_at - user.leaving_warned_at < WARNED_BEFORE - PUT_OFF / 2
        )
        user.leaving_warned_at = clock.now()
        user.leaving_at = user.leaving_warned_at + PUT_OFF
        user.save(update_fields=["leaving_at", "leaving_warned_at"])
        if told:
            return
        data = {"user": user, "why": str(why.detail), "url": f"{settings.STEWARD_PUBLIC_URL}/me/leaving"}
        notify(user.pk, "security", "deletion_held", data)


def _mail(user: User, template: str, due: datetime | None) -> None:
    url = f"{settings.STEWARD_PUBLIC_URL}/me/leaving"
    notify(user.pk, "security", template, {"user": user, "due": due, "url": url})


@dataclass(frozen=True)
class LegalText:
    """A text that people agree to, as it stands now."""

    kind: Consent.Kind
    url: str
    version: str


def legal_texts() -> list[LegalText]:
    """The texts that this installation asks everybody to agree to; none without their addresses in the settings."""
    found = (
        LegalText(Consent.Kind.TERMS, TERMS_URL.value(), TERMS_VERSION.value()),
        LegalText(Consent.Kind.PRIVACY, PRIVACY_URL.value(), PRIVACY_VERSION.value()),
    )
    return [text for text in found if text.url]


def consents_give(*, user: User, texts: Iterable[LegalText] | None = None) -> list[Consent]:
    """Note that a person agreed to the present versions, with the time and address of the request; part of registering,
    and a person's own act. Event `accounts.consent.given` for each new one; what was agreed to before is not repeated."""
    current = context.current()
    given = []
    with writing():
        # Locked, so that two presses of the button do not both find nothing.
        user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        known = set(Consent.objects.filter(user=user).values_list("kind", "version"))
        for text in legal_texts() if texts is None else texts:
            if (text.kind, text.version) in known:
                continue
            one = Consent.objects.create(
                user=user,
                kind=text.kind,
                version=text.version,
                address=current.address if current else None,
                given_at=clock.now(),
            )
            record("accounts.consent.given", target=user, data={"kind": text.kind.value, "version": text.version})
            given.append(one)
    return given


def consents_give_own(*, actor: Actor) -> list[Consent]:
    """Agree to the present versions oneself. Event `accounts.consent.given`."""
    return consents_give(user=User.objects.get(pk=person_id(actor)))
