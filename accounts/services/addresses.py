"""A person's e-mail address: verified by a link, changed when the old and the new address have both agreed."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import rules
from accounts.errors import AddressTaken, LinkGone
from accounts.models import AddressChange, Link, User
from accounts.services.allowances import mail_allowed
from accounts.services.guards import person_id
from accounts.services.links import address_proved, link_of, link_put, link_spend, links_kill
from accounts.services.sessions import sessions_end_all
from portal.kit import clock, context, errors
from portal.kit.context import Actor
from portal.kit.notify import notify
from portal.kit.record import record
from portal.kit.services import writing

LIFE = timedelta(hours=24)
KINDS = frozenset({Link.Kind.VERIFY, Link.Kind.OLD, Link.Kind.NEW})


@dataclass(frozen=True)
class Offered:
    """What a live link is good for: its kind, whose it is, and of a change both addresses."""

    kind: str
    label: str
    email: str
    wanted: str


@dataclass(frozen=True)
class Confirmed:
    """What came of a confirmation: of which kind, whether everything is done by it, and the address that counts now."""

    kind: str
    done: bool
    email: str


def _url(token: str) -> str:
    # The address is the installation's own setting: a forged Host header leads nobody elsewhere.
    return f"{settings.STEWARD_PUBLIC_URL}/email/{token}"


def _hours() -> int:
    return LIFE // timedelta(hours=1)


def _own(actor: Actor) -> User:
    """The acting person, locked: of two changes at once the second replaces the first."""
    return User.objects.select_for_update().get(pk=person_id(actor))


def verification_send(*, actor: Actor) -> bool:
    """Mail oneself a link that verifies the present address; its former link dies. False when it is verified already.

    Event `accounts.verification.sent`. `TooMany` beyond five mails an hour.
    """
    with writing():
        user = _own(actor)
        if user.email_verified_at is not None:
            return False
        if not mail_allowed(to=user.email):
            raise errors.TooMany(_("You were sent several mails already. Look for them, or try again in an hour."))
        _verification_mail(user)
        record("accounts.verification.sent", target=user)
    return True


def _verification_mail(user: User) -> None:
    _link, token = link_put(user=user, kind=Link.Kind.VERIFY, life=LIFE)
    notify(user.pk, "security", "address_verify", {"user": user, "url": _url(token), "hours": _hours()})


def address_replaced(*, user: User, before: str) -> None:
    """Somebody of the staff gave a person another address: it is not verified, and no mailed link works any more.

    Part of `user_update`, which records it. Both addresses are told, the new one with a link that verifies it.
    """
    with writing():
        links_kill(user=user)
        user.email_verified_at = None
        user.save(update_fields=["email_verified_at"])
        values = {"user": user, "before": before, "after": user.email, "by_staff": True}
        notify(before, "security", "address_changed", values)
        _verification_mail(user)


def address_change_ask(*, actor: Actor, email: str) -> AddressChange:
    """Ask for another address of one's own; a former change ends. Event `accounts.address_change.asked`.

    Both addresses are mailed and both have to agree; the old one can object. It does not have to agree when it was
    never verified. Who exists stays unsaid: an address that somebody has gets a mail that says so, and no link.
    `Invalid` (field `email`), `TooMany` beyond five an hour.
    """
    wanted = rules.normalised("email", email)
    with writing():
        user = _own(actor)
        code = rules.problem("email", wanted)
        if code:
            raise errors.Invalid(fields={"email": [rules.reason_text(code, "email")]})
        if wanted.lower() == user.email.lower():
            raise errors.Invalid(fields={"email": [_("That is your address already.")]})
        if not mail_allowed(to=f"change {user.pk}"):
            raise errors.TooMany(_("You asked for several changes already. Try again in an hour."))
        links_kill(user=user)
        now = clock.now()
        change = AddressChange.objects.create(
            user=user,
            email=wanted,
            created_at=now,
            expires_at=now + LIFE,
            old_confirmed_at=None if user.email_verified_at else now,
        )
        _change_mails(user, change)
        record("accounts.address_change.asked", target=user)
    return change


def _change_mails(user: User, change: AddressChange) -> None:
    _link, token = link_put(user=user, kind=Link.Kind.OLD, life=LIFE, change=change)
    values = {"user": user, "wanted": change.email, "hours": _hours()}
    agree = change.old_confirmed_at is None
    notify(user.pk, "security", "address_change_old", {**values, "url": _url(token), "agree": agree})
    if not mail_allowed(to=change.email):
        return
    # Made in any case, so that time does not tell either; nobody learns the token of one that is not mailed.
    _link, token = link_put(user=user, kind=Link.Kind.NEW, life=LIFE, email=change.email, change=change)
    known = User.objects.by_identifier(change.email)
    if known is not None:
        notify(known.pk, "security", "address_taken", {"user": known})
        return
    notify(change.email, "security", "address_change_new", {**values, "url": _url(token)})


def address_change_cancel(*, actor: Actor) -> bool:
    """Call one's own open change off. Event `accounts.address_change.cancelled`; False when there was none."""
    with writing():
        user = _own(actor)
        if not AddressChange.objects.filter(user=user, ended_at=None).exists():
            return False
        links_kill(user=user)
        record("accounts.address_change.cancelled", target=user)
    return True


def address_offer(*, token: str) -> Offered:
    """What the link is good for; `LinkGone` when it is none, or none any more. Looking spends nothing."""
    link = link_of(token=token, kinds=KINDS)
    kind = link.kind
    if link.change is not None and kind == Link.Kind.OLD and link.change.old_confirmed_at is not None:
        kind = "object"  # Its agreement is not needed.
    return Offered(kind, str(link.user), link.user.email, link.change.email if link.change else "")


def address_confirm(*, token: str) -> Confirmed:
    """Confirm by a mailed link; the link is spent. The second of both confirmations changes the address.

    Events `accounts.address.verified`; of a change `accounts.address_change.confirmed`, and in the end
    `accounts.address.changed` with a mail to both. `LinkGone` for a dead link, `AddressTaken` when somebody has the
    address by now.
    """
    found = link_of(token=token, kinds=KINDS)
    with writing(), context.acting(Actor("person", found.user_id, str(found.user))):
        # The person first, as everywhere: two orders of locks would wait for each other for ever.
        user = User.objects.select_for_update().get(pk=found.user_id)
        link = link_of(token=token, kinds=KINDS)
        link_spend(link=link)
        if link.change is None:
            address_proved(user=user)
            return Confirmed(link.kind, True, user.email)
        return Confirmed(link.kind, _agree(user, link, link.change.pk), user.email)


def _agree(user: User, link: Link, change_id: UUID) -> bool:
    change = AddressChange.objects.get(pk=change_id)
    field = "old_confirmed_at" if link.kind == Link.Kind.OLD else "new_confirmed_at"
    setattr(change, field, clock.now())
    change.save(update_fields=[field])
    record("accounts.address_change.confirmed", target=user, data={"address": link.kind.removesuffix("_email")})
    if change.old_confirmed_at is None or change.new_confirmed_at is None:
        return False
    before, user.email, user.email_verified_at = user.email, change.email, clock.now()
    try:
        with transaction.atomic():
            user.save(update_fields=["email", "email_verified_at"])
    except IntegrityError as error:
        raise AddressTaken from error
    links_kill(user=user)
    record("accounts.address.changed", target=user, changes={"email": (before, user.email)})
    values = {"user": user, "before": before, "after": user.email, "by_staff": False}
    for address in (before, user.email):
        notify(address, "security", "address_changed", values)
    return True


def address_object(*, token: str) -> None:
    """The old address objects: the change is off and every session of the account ends. Event `accounts.address_change.objected`.

    Whoever asked held a session of it and was not its owner. `LinkGone` for a dead link, or one to another address.
    """
    found = link_of(token=token, kinds=frozenset({Link.Kind.OLD}))
    with writing(), context.acting(Actor("person", found.user_id, str(found.user))):
        user = User.objects.select_for_update().get(pk=found.user_id)
        if link_of(token=token, kinds=frozenset({Link.Kind.OLD})).change is None:
            raise LinkGone
        links_kill(user=user)
        record("accounts.address_change.objected", target=user, data={"sessions_ended": sessions_end_all(user=user)})
