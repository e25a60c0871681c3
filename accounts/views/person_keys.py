"""The tab of a person's page with its keys, for staff that may revoke anybody's."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import key_selectors as selectors
from accounts.models import User
from accounts.presenters.keys import person_keys
from accounts.services.keys import key_revoke
from portal.kit import errors
from portal.kit.detail import DetailPage, Tab, parsed_id


def _keys(view: DetailPage[Any], user: User) -> Mapping[str, Any]:
    return person_keys(view.actor, user.pk)


def _revoke(view: DetailPage[Any], user: User) -> HttpResponse:
    request = view.request
    if request.POST.get("do") != "revoke":
        raise errors.BadRequest
    key = selectors.key_of(view.actor, user.pk, parsed_id(request.POST.get("key", "")))
    key_revoke(actor=view.actor, key=key)
    messages.success(request, _("%(name)s is revoked.") % {"name": key.name})
    return redirect(f"{view.address(user)}?tab=keys")


KEYS = Tab("keys", gettext_lazy("Keys"), "accounts/_person_keys.html", _keys, "key:admin", _revoke)
