"""Recovery of somebody who lost the device with the second factor: one administrator asks, another one approves.

The person is told at once and can stop it without signing in, by a token in that mail.
"""

from datetime import timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts import factors, rules
from accounts.errors import (
    Deactivated,
    NothingToRecover,
    NotYourself,
    RecoveryGone,
    RecoveryOpen,
    SecondPersonNeeded,
)
from accounts.models import Recovery, User
from accounts.services.factors import factors_remove_all
from accounts.services.guards import guard, person_id
from accounts.services.links import password_link_make
from accounts.services.passkeys import passkeys_take
from accounts.services.sessions import sessions_end_all
from portal.kit import clock, context, crypto, errors, notices
from portal.kit.context import Actor
from portal.kit.decision import authorise, list_subjects
from portal.kit.notify import notify
from portal.kit.record import record
from portal.kit.services import writing

LIFE = timedelta(hours=72)
RIGHT = "user:admin"
REASON_LIMIT = 300
State = Recovery.State


def recovery_ask(*, actor: Actor, user: User, reason: str) -> Recovery:
    """Ask that a person's second factors be taken away. Event `accounts.recovery.asked`; tells the person by mail, with
    a link that stops it, and the other administrators in their notices. Nothing else changes before one of those approves.

    Refused for the root administrator (`manage.py root recover` is its way), oneself, whom ranks above, somebody
    inactive (`Deactivated`) or without a second factor (`NothingToRecover`), and while one waits (`RecoveryOpen`).
    `Invalid` (field `reason`).
    """
    authorise(actor, RIGHT, user)
    guard(actor, user)
    if actor.id == user.pk:
        raise NotYourself(_("Ask two other administrators."))
    reason = _clean(reason)
    token, now = crypto.token(), clock.now()
    with writing():
        user = User.objects.select_for_update().get(pk=user.pk)
        if not user.is_active:
            raise Deactivated
        if not has_factor(user=user):
            raise NothingToRecover
        _expire(Recovery.objects.select_for_update().filter(user=user, state=State.WAITING))
        if Recovery.objects.filter(user=user, state=State.WAITING).exists():
            raise RecoveryOpen
        recovery = Recovery.objects.create(
            user=user,
            reason=reason,
            asked_by_id=person_id(actor),
            asked_at=now,
            expires_at=now + LIFE,
            digest=crypto.digest(token),
        )
        record("accounts.recovery.asked", target=recovery, changes={"reason": (None, reason)})
        # The address is the installation's own setting: a forged Host header leads nobody elsewhere.
        url = f"{settings.STEWARD_PUBLIC_URL}/recovery/{token}"
        hours = int(LIFE.total_seconds() // 3600)
        notify(user.pk, "security", "recovery_asked", {"user": user, "by": actor.label, "url": url, "hours": hours})
        _tell_administrators(actor, recovery)
    return recovery


def _clean(reason: str) -> str:
    text = reason.strip()
    if not text or len(text) > REASON_LIMIT or rules.INVISIBLE.search(text):
        raise errors.Invalid(fields={"reason": [_("Say why, in 1 to 300 characters and one line.")]})
    return text


def _tell_administrators(actor: Actor, recovery: Recovery) -> None:
    # The first page of them: where more people than that may approve, enough of them know.
    others = {one.person_id for one in list_subjects(RIGHT).items} - {actor.id, recovery.user_id}
    notices.tell(
        others,
        category="security",
        title=_("%(name)s lost a device") % {"name": recovery.user},
        text=_("%(name)s asks for a recovery. Another administrator has to approve it.") % {"name": actor.label},
        url=f"/platform/recoveries/{recovery.pk}",
        tone="warn",
    )


def recovery_approve(*, actor: Actor, recovery: Recovery) -> Recovery:
    """Approve what another administrator asked for. Event `accounts.recovery.approved`.

    Every second factor of the person is gone, its password stops working, every session ends, and a link for a new
    password is mailed (event `accounts.password.linked`); where a second factor is required, its grace begins anew.
    `SecondPersonNeeded` for who asked, and for the person; `RecoveryGone` when it is over; otherwise as `recovery_ask`.
    """
    authorise(actor, RIGHT, recovery.user)
    guard(actor, recovery.user)
    with writing():
        # The person first, as everywhere: of two who approve at once the second finds it decided.
        user = User.objects.select_for_update().get(pk=recovery.user_id)
        recovery = _open(Recovery.objects.filter(pk=recovery.pk))
        if actor.id in {recovery.asked_by_id, user.pk}:
            raise SecondPersonNeeded
        if not user.is_active:
            raise Deactivated
        recovery.approved_by_id = person_id(actor)
        _end(recovery, State.APPROVED)
        taken = factors_take(user=user)
        # Who knows the password and talked two administrators into this must not get in by it: the mailbox decides.
        user.set_unusable_password()
        user.save(update_fields=["password"])
        ended = sessions_end_all(user=user)
        record(
            "accounts.recovery.approved",
            target=recovery,
            changes={"state": (State.WAITING.value, State.APPROVED.value)},
            data={"factors_removed": taken, "sessions_ended": ended},
        )
        password_link_make(actor=actor, user=user)
        notify(user.pk, "security", "recovery_approved", {"user": user, "by": actor.label})
        _tell_asker(recovery, _("The recovery of %(name)s is approved") % {"name": user}, actor.label)
    return recovery


def recovery_refuse(*, actor: Actor, recovery: Recovery, reason: str = "") -> Recovery:
    """Refuse a recovery, or take back what one asked for oneself; nothing changes for the person, who is told.

    Event `accounts.recovery.refused`. `RecoveryGone` when it is over. Refused as `recovery_ask`, but whom it is about may.
    """
    authorise(actor, RIGHT, recovery.user)
    guard(actor, recovery.user)
    with writing():
        user = User.objects.select_for_update().get(pk=recovery.user_id)
        recovery = _open(Recovery.objects.filter(pk=recovery.pk))
        _end(recovery, State.REFUSED)
        record(
            "accounts.recovery.refused",
            target=recovery,
            changes={"state": (State.WAITING.value, State.REFUSED.value)},
            reason=reason,
        )
        notify(user.pk, "security", "recovery_over", {"user": user, "by": actor.label})
        if actor.id != recovery.asked_by_id:
            _tell_asker(recovery, _("The recovery of %(name)s is refused") % {"name": user}, reason or actor.label)
    return recovery


def recovery_object(*, token: str) -> Recovery:
    """Stop a recovery by the link that its person was mailed. Event `accounts.recovery.cancelled`.

    Nobody is signed in: whoever holds the link is taken for its person here and nowhere else. `RecoveryGone` for an
    unknown link, and when it is over.
    """
    found = recovery_by(token=token)
    with writing(), context.acting(Actor("person", found.user_id, str(found.user))):
        user = User.objects.select_for_update().get(pk=found.user_id)
        recovery = _open(Recovery.objects.filter(pk=found.pk))
        _end(recovery, State.CANCELLED)
        record(
            "accounts.recovery.cancelled",
            target=recovery,
            changes={"state": (State.WAITING.value, State.CANCELLED.value)},
            reason="the person objected",
        )
        told = _("The person says that no device is lost. Find out who asked you for it.")
        _tell_asker(recovery, _("%(name)s stopped the recovery") % {"name": user}, told)
    return recovery


def recovery_by(*, token: str) -> Recovery:
    """The recovery that a link stops; `RecoveryGone` when it stops none (any more). Looking changes nothing."""
    rows = Recovery.objects.select_related("user", "asked_by").filter(digest=crypto.digest(token))
    found = rows.first()
    if found is None or not found.is_open:
        raise RecoveryGone
    return found


def recoveries_forget(*, user: User) -> int:
    """Remove what was ever asked for about a person; how many. Part of an erasure, which authorises and records it."""
    with writing():
        return Recovery.objects.filter(user=user).delete()[0]


def has_factor(*, user: User) -> bool:
    """Whether the person has any second factor to take away."""
    return factors.has_factor(user.pk)


def factors_take(*, user: User) -> int:
    """Take every second factor of a person away; how many. Part of another service, which authorises and records it.

    Recovery codes and sign-ins that wait for a second factor go with them; where one is needed, its grace begins anew.
    """
    with writing():
        return passkeys_take(user=user) + factors_remove_all(user=user)


def _open(rows: QuerySet[Recovery]) -> Recovery:
    """The recovery, locked; `RecoveryGone` unless it still waits."""
    found = rows.select_for_update(of=("self",)).select_related("user").first()
    if found is None or not found.is_open:
        raise RecoveryGone
    return found


def _end(recovery: Recovery, state: Recovery.State) -> None:
    recovery.state, recovery.ended_at = state, clock.now()
    recovery.save(update_fields=["state", "ended_at", "approved_by"])


def _expire(waiting: QuerySet[Recovery]) -> None:
    """One that nobody decided in time makes room for another."""
    for old in waiting:
        if not old.is_open:
            _end(old, State.EXPIRED)
            changes = {"state": (State.WAITING.value, State.EXPIRED.value)}
            record("accounts.recovery.cancelled", target=old, changes=changes, reason="expired")


def _tell_asker(recovery: Recovery, title: str, text: str) -> None:
    url = f"/platform/recoveries/{recovery.pk}"
    notices.tell([recovery.asked_by_id], category="security", title=title, text=text, url=url)
