"""What the pages of second factors show: the picture to scan, the key to type, the codes to keep."""

from base64 import b32encode
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import segno
from django.conf import settings
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from accounts.factor_selectors import totp_of
from accounts.factors import FactorState
from accounts.models import TotpDevice, User
from accounts.models.factors import DIGITS, STEP_SECONDS
from accounts.services.recovery_codes import FEW
from portal.kit import registry
from portal.kit.settings import BRAND_NAME

# Other pages of one's own security, where they are.
BESIDE = ("/me/sessions", "/me/keys", "/me/activity")
GROUP = 4  # Letters of the key that are read at once.
QUIET_ZONE = 4  # Modules of light around the code, without which cameras do not find it.


def setup_of(device: TotpDevice, username: str) -> dict[str, Any]:
    """What an app needs to know of a new device: `.qr` (SVG), `.key` (in groups), `.uri` (for an app on this machine)."""
    key = b32encode(device.seed()).decode().rstrip("=")
    uri = _uri(key, username)
    return {"qr": _qr(uri), "key": " ".join(key[at : at + GROUP] for at in range(0, len(key), GROUP)), "uri": uri}


def _uri(key: str, username: str) -> str:
    # Somebody may have accounts on several installations: the app lists them by issuer.
    issuer = f"{BRAND_NAME.value()} ({urlsplit(settings.STEWARD_PUBLIC_URL).hostname})"
    values = {"secret": key, "issuer": issuer, "algorithm": "SHA1", "digits": DIGITS, "period": STEP_SECONDS}
    return f"otpauth://totp/{quote(issuer)}:{quote(username)}?{urlencode(values, quote_via=quote)}"


def _qr(uri: str) -> SafeString:
    # Dark on light whatever the theme: not every camera reads it inverted.
    drawn: str = segno.make(uri, error="m", micro=False).svg_inline(
        border=QUIET_ZONE, dark="#000", light="#fff", omitsize=True, svgclass=None, lineclass=None
    )
    return mark_safe(drawn)  # noqa: S308 - our own drawing: squares and numbers


def codes_shown(codes: list[str], username: str) -> dict[str, Any]:
    """New recovery codes: `.codes`, one a line, and `.file`, the address of a text file made of them that no server keeps."""
    head = _("Recovery codes of %(name)s for %(url)s. Each works once.") % {
        "name": username,
        "url": settings.STEWARD_PUBLIC_URL,
    }
    text = "\r\n".join([head, "", *codes, ""])
    return {"codes": "\n".join(codes), "file": f"data:text/plain;charset=utf-8,{quote(text)}"}


def security_page(user: User, state: FactorState, *, proved: bool) -> dict[str, Any]:
    """The page of one's own security. `proved`: whether this session has proved a second factor."""
    beside = [item for item in registry.menu if item.realm == "self" and item.url in BESIDE]
    return {
        "password_changed_at": user.password_changed_at,
        "app": totp_of(user.pk) if state.has_totp else None,
        "state": state,
        "proved": proved,
        "few": bool(state.lasting) and state.recovery_codes <= FEW,
        "kept": state.due_at is not None and state.lasting == 1,
        "beside": sorted(beside, key=lambda item: item.order),
    }
