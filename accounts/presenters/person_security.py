"""The tab Security of a person's page: second factor, password, locks."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.factors import FactorState
from accounts.models import User
from accounts.presenters.rows import PersonRow, locked_text
from portal.kit import clock


def security_facts(user: User, factors: FactorState, row: PersonRow, failed: int) -> list[dict[str, Any]]:
    """What keeps others out of an account, as far as it is known; `failed` sign-ins in 24 hours."""
    found: list[dict[str, Any]] = [
        {"label": _("Second factor"), "status": _factor_status(factors)},
        {"label": _("Recovery codes left"), "value": str(factors.recovery_codes)},
        {"label": _("Password"), "value": _password(user)},
        {"label": _("Password changed"), "when": user.password_changed_at, "value": _("never")},
        {"label": _("Failed sign-ins"), "value": str(failed), "note": _("in 24 hours")},
    ]
    if factors.due_at is not None and not factors.lasting:
        found.insert(1, {"label": _("Has to have one from"), "when": factors.due_at, "style": "exact"})
    if row.locked_until is not None:
        found.append({"label": _("Sign-in"), "status": {"tone": "warn", "label": locked_text(row.locked_until)}})
    return found


def _factor_status(factors: FactorState) -> dict[str, str]:
    if factors.lasting:
        number = factors.passkeys
        named = [_("authenticator app")] if factors.has_totp else []
        if number:
            named.append(ngettext("%(n)d passkey", "%(n)d passkeys", number) % {"n": number})
        return {"tone": "ok", "label": _("Set up: %(what)s") % {"what": ", ".join(named)}}
    if factors.due_at is None:
        return {"tone": "", "label": _("None, and none is needed")}
    if factors.due_at <= clock.now():
        return {"tone": "bad", "label": _("None, and its time is over")}
    return {"tone": "warn", "label": _("None yet")}


def _password(user: User) -> str:
    if not user.has_usable_password():
        return _("none yet")
    return _("temporary, must be changed") if user.must_change_password else _("chosen by the person")
