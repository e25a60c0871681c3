"""What a route demands, and the gate that holds it. Undeclared: the project does not start.

A route names a permission code, or `Public(reason)` for everybody, or `SignedIn(reason)` for any person with a live
session. A page for somebody who must first change a one-time password, or is inactive, answers with just that.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from portal.kit import clock, context, errors, identity, registry
from portal.kit.context import Actor
from portal.kit.decision import authorise, can, holds_somewhere
from portal.kit.postgres.base import TransactionLater


@dataclass(frozen=True)
class Public:
    """Answers without a session; the reason stands in the route table."""

    reason: str


@dataclass(frozen=True)
class SignedIn:
    """Answers to any person with a live session: their own affairs.

    `before_password_change`: also while that is due, and to an inactive one; `before_second_factor`: also while a
    second factor has to be set up first; `while_leaving`: also while the account waits to be deleted. `by_key`: also to
    an API key; what is a person's own is nothing for its keys unless it says so, since no scope stands before it.
    `in_view`: also to an administrator who sees the console as that person; all else of one's own (password, factors,
    sessions, keys, preferences, privacy) is closed to that one.
    """

    reason: str
    before_password_change: bool = False
    before_second_factor: bool = False
    by_key: bool = False
    while_leaving: bool = False
    in_view: bool = False


Access = str | Public | SignedIn


class PasswordChangeRequired(errors.StewardError):
    """A one-time password was used; nothing else answers until it is changed."""

    code = "kit.password_change_required"
    status = 403
    title = _("Choose your own password first")
    default_detail = _("You signed in with a one-time password. Change it to go on.")


class AccountInactive(errors.StewardError):
    """The account was deactivated; only sign-out answers."""

    code = "kit.account_inactive"
    status = 403
    title = _("Your account is inactive")
    default_detail = _("Ask your administrator to activate it.")


class SecondFactorRequired(errors.StewardError):
    """The time in which a second factor should have been set up is over; nothing else answers until it is."""

    code = "kit.second_factor_required"
    status = 403
    title = _("Set up a second factor first")
    default_detail = _("Your roles need a second factor. Set one up to go on.")


class Leaving(errors.StewardError):
    """The person asked for the account to be deleted; until then it only answers to having that called off."""

    code = "kit.leaving"
    status = 403
    title = _("Your account is about to be deleted")
    default_detail = _("Sign in to the console and keep your account, or wait for its end.")


class ConfirmationRequired(errors.StewardError):
    """A dangerous act, and the person proved who it is too long ago (policy: step-up, 10 minutes)."""

    code = "kit.confirmation_required"
    status = 403
    title = _("Confirm that it is you")
    default_detail = _("Confirm your identity again, then repeat what you did.")


class ReadOnlySession(errors.StewardError):
    """Somebody looks at the console as somebody else and may not change anything."""

    code = "kit.read_only_session"
    status = 403
    title = _("This view is read-only")
    default_detail = _("You see the console as somebody else. Leave that view to make changes as yourself.")


class NotByKey(errors.Forbidden):
    """A key called what only its owner may do, signed in."""

    code = "kit.not_by_key"
    title = _("An API key cannot do this")
    default_detail = _("This belongs to the person behind the key. Sign in to do it.")


class SomebodyElses(errors.Forbidden):
    """Somebody who sees the console as somebody else asked for that person's own affairs."""

    code = "kit.somebody_elses"
    title = _("This belongs to the person alone")
    default_detail = _(
        "You see the console as somebody else. Their password, second factors, sessions, keys, preferences and privacy "
        "stay closed to you. Leave that view to get to your own."
    )


CONFIRMED_FOR = timedelta(minutes=10)  # policy.md: step-up.
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def gate(request: HttpRequest, access: Access, *, step_up: bool = False, somewhere: bool = False) -> None:
    """Let the request through, or raise: `Unauthenticated`, `AccountInactive`, `PasswordChangeRequired`,
    `Leaving`, `SecondFactorRequired`, `NotByKey`, `SomebodyElses`, `ReadOnlySession`, `Forbidden`, and with `step_up`
    `ConfirmationRequired`.

    `somewhere`: who holds the right on some object below comes in, too, and sees what the selectors let through.
    """
    if isinstance(access, Public):
        return
    who = identity.of(request)
    if who is None:
        raise errors.Unauthenticated
    if isinstance(access, SignedIn):
        _own(who, access)
        if access.before_password_change:
            return
    _duties(who, access)
    if who.read_only and request.method not in SAFE:
        raise ReadOnlySession
    if isinstance(access, str):
        _right(request, who, access, somewhere=somewhere)
    if step_up and not confirmed(who):
        raise ConfirmationRequired


def _right(request: HttpRequest, who: identity.Identity, code: str, *, somewhere: bool) -> None:
    if somewhere and not can(who.actor, code):
        # Nothing opens beyond the objects themselves: the wall stays closed to whom holds no more than those.
        if not holds_somewhere(who.actor, code):
            raise errors.Forbidden
        return
    authorise(who.actor, code)
    if who.actor.organisation_id is None:
        enter_platform(request, who)


def _own(who: identity.Identity, access: SignedIn) -> None:
    """What is a person's own is open to that person alone, unless the route says so."""
    if who.kind == "key" and not access.by_key:
        raise NotByKey
    if who.viewing and not access.in_view:
        raise SomebodyElses


def _duties(who: identity.Identity, access: Access) -> None:
    """What a person has to do, or to be, before anything else answers."""
    if not who.active:
        raise AccountInactive
    if who.must_change_password:
        raise PasswordChangeRequired
    if who.leaving_at is not None and not (isinstance(access, SignedIn) and access.while_leaving):
        raise Leaving
    due = who.factor_due_at is not None and who.second_factor_at is None and who.factor_due_at <= clock.now()
    if due and not (isinstance(access, SignedIn) and access.before_second_factor):
        raise SecondFactorRequired


def confirmed(who: identity.Identity) -> bool:
    """Whether the person proved who it is just now. A key proves it with every call; an impersonator never does."""
    if who.kind == "key":
        return True
    return who.through is None and who.confirmed_at is not None and clock.now() - who.confirmed_at <= CONFIRMED_FOR


def enter_platform(request: HttpRequest, who: identity.Identity) -> None:
    """Let the request see the rows of every organisation: the right it demands is held on the installation.

    The room of sessions notes it in the trail, once an hour and session (`accounts.session.entered_platform`).
    """
    later: TransactionLater | None = getattr(request, "transaction", None)
    if later is None or later.wall.platform:
        return
    later.enter_platform()
    current = context.current()
    if current is not None:
        current.platform = True
    identity.platform_entered(who)


def actor_of(request: HttpRequest) -> Actor:
    """The acting person of a request that passed the gate."""
    who = identity.of(request)
    if who is None:
        raise errors.Unauthenticated
    return who.actor


def check_declaration(owner: type[Any]) -> None:
    """Raise `ImproperlyConfigured` unless the class declares who may reach it; called when a base class is subclassed."""
    access = getattr(owner, "access", None)
    name = f"{owner.__module__}.{owner.__qualname__}"
    if not isinstance(access, str | Public | SignedIn):
        raise ImproperlyConfigured(
            f'{name} declares no access: write `access = "noun:verb"`, Public(reason) or SignedIn(reason).'
        )
    if isinstance(access, str) and access not in registry.permissions:
        raise ImproperlyConfigured(f"{name} demands {access}, which no room declares in its permissions.py.")
