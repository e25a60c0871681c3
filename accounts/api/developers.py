"""Whether the developer role counts in production, over the API."""

from typing import Any

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from accounts import developer_selectors as selectors
from accounts.services import developers
from portal.kit.api import ApiView, Body, Reply, endpoint, json


class DeveloperRoleBody(Body):
    """Allow the role for some hours, or refuse it."""

    allowed = serializers.BooleanField()
    hours = serializers.IntegerField(min_value=1, max_value=developers.LONGEST_HOURS, default=developers.HOURS)
    reason = serializers.CharField(max_length=300)
    example = {"allowed": True, "hours": 24, "reason": "An incident"}


class DeveloperRoleReply(Reply):
    """Whether it counts in production now, until when (null while it does not, or while a setting allows it)."""

    allowed = serializers.BooleanField()
    ends_at = serializers.DateTimeField(allow_null=True)
    holders = serializers.IntegerField()
    example = {"allowed": True, "ends_at": "2026-01-31T09:30:00Z", "holders": 1}


class DeveloperRoleView(ApiView):
    """The developer role in production. Nobody who only holds that role gets here."""

    access = "role:admin"

    @endpoint(reply=DeveloperRoleReply)
    def get(self, request: Request) -> HttpResponse:
        """Read whether the developer role counts in production, and for how many people it counts here now."""
        return self.told()

    @endpoint(body=DeveloperRoleBody, reply=DeveloperRoleReply, step_up=True)
    def put(self, request: Request) -> HttpResponse:
        """Allow the developer role in production for some hours from now, or refuse it at once."""
        sent = self.sent
        if sent["allowed"]:
            developers.developer_role_allow(actor=self.actor, reason=sent["reason"], hours=sent["hours"])
        else:
            developers.developer_role_refuse(actor=self.actor, reason=sent["reason"])
        return self.told()

    def told(self) -> HttpResponse:
        """The state as it is now."""
        allowed = selectors.allowed_now()
        body: dict[str, Any] = {
            "allowed": allowed is not None,
            "ends_at": allowed.ends_at if allowed is not None else None,
            "holders": len(selectors.holders(self.actor)),
        }
        return json(body)
