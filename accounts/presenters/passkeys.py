"""Passkeys as their person sees them."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import authenticators
from accounts.agents import device
from accounts.models import Passkey
from accounts.passkey_forms import PasskeyNameForm
from accounts.passkey_selectors import own_passkeys
from accounts.services.passkeys import LIMIT
from portal.kit import context
from portal.kit.context import Actor

Row = dict[str, Any]


def passkeys_section(actor: Actor, *, back: str, kept: bool) -> dict[str, Any]:
    """What accounts/_passkeys.html and accounts/_passkey_dialogs.html show on the page `back`; one query.

    `kept`: there is one second factor, and the person's roles need it.
    """
    found, party = own_passkeys(actor), authenticators.relying_party()
    current = context.current()
    return {
        "passkeys": [_row(passkey, back) for passkey in found],
        "passkeys_back": back,
        "passkeys_kept": kept,
        "passkeys_full": len(found) >= LIMIT,
        "passkeys_origin": party.origin if party else "",
        "passkey_form": PasskeyNameForm({"name": device(current.agent if current else "")}, auto_id="passkey_%s"),
    }


def _row(passkey: Passkey, back: str) -> Row:
    return {
        "id": str(passkey.pk),
        "name": passkey.name,
        "kind": _kind(passkey),
        "icon": "key" if _is_portable(passkey) else "monitor",
        "created_at": passkey.created_at,
        "last_used_at": passkey.last_used_at,
        "hidden": [("next", back)],
        "rename": f"rename-{passkey.pk}",
        "rename_url": reverse("accounts:passkey_rename", args=[passkey.pk]),
        "rename_form": PasskeyNameForm({"name": passkey.name}, auto_id=f"rename-{passkey.pk}-%s"),
        "remove": f"remove-{passkey.pk}",
        "remove_url": reverse("accounts:passkey_remove", args=[passkey.pk]),
    }


def _is_portable(passkey: Passkey) -> bool:
    ways = set(passkey.transports.split(","))
    return bool(ways & {"usb", "nfc", "ble", "smart-card"}) and "internal" not in ways


def _kind(passkey: Passkey) -> str:
    if passkey.syncs:
        return (
            _("Passkey, kept on your devices") if passkey.backed_up else _("Passkey that can be kept on your devices")
        )
    return _("Security key") if _is_portable(passkey) else _("Passkey of one device")
