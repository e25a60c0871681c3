"""Settings of the installation over the API."""

from typing import Any

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from portal.kit import conditions, paging
from portal.kit.access import ConfirmationRequired, confirmed
from portal.kit.api import ApiView, Body, Reply, endpoint
from portal.kit.models.settings import REASON_LIMIT, SettingVersion
from portal.kit.runtime import declare, selectors, services
from portal.kit.runtime.declare import Setting
from portal.kit.runtime.selectors import Shown

EXAMPLE: dict[str, Any] = {
    "code": "sessions.idle_staff",
    "group": "sessions",
    "label": "Idle end, staff",
    "type": "duration",
    "unit": "minutes",
    "value": 20,
    "default": 30,
    "source": "database",
    "variable": "STEWARD_SESSION_IDLE_STAFF_MINUTES",
    "bounds": "1 minute to 7 days",
    "less_strict": False,
    "version": 12,
    "changed_at": "2026-01-31T12:00:00Z",
    "changed_by": "01890000-0000-7000-8000-000000000002",
    "reason": "The auditors asked for it",
}
_REASON = "Why; needed where a change makes the installation less strict. Kept in the history and in the trail."


class SettingReply(Reply):
    """A setting: what holds, where that comes from, and its newest change."""

    code = serializers.CharField()
    group = serializers.CharField()
    label = serializers.CharField()
    type = serializers.CharField(
        help_text="flag, number, duration, choice, text, url, reach, mail, domains, colour, picture."
    )
    unit = serializers.CharField(allow_blank=True, help_text="Of a duration: what its number counts.")
    value = serializers.JSONField()
    default = serializers.JSONField(help_text="What holds where nothing is kept.")
    source = serializers.ChoiceField(choices=["default", "environment", "database"])
    variable = serializers.CharField(
        allow_blank=True, help_text="Variable of the environment that wins over what is kept."
    )
    bounds = serializers.CharField(allow_blank=True)
    less_strict = serializers.BooleanField(help_text="Whether it lowers security against the default.")
    version = serializers.IntegerField(help_text="Of its newest change; 0: never changed.")
    changed_at = serializers.DateTimeField(allow_null=True)
    changed_by = serializers.UUIDField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    example = EXAMPLE


class SettingBody(Body):
    """A new value, or null for the default."""

    value = serializers.JSONField(allow_null=True, help_text="As the reply shows it; null: back to the default.")
    reason = serializers.CharField(max_length=REASON_LIMIT, required=False, allow_blank=True, help_text=_REASON)
    version = serializers.IntegerField(
        required=False, min_value=0, help_text="The version that was looked at; another one by now is refused."
    )
    example = {"value": 20, "reason": "The auditors asked for it", "version": 11}


class SettingsBody(Body):
    """Several new values by code; all of them or none."""

    values = serializers.DictField(child=serializers.JSONField(), allow_empty=False)
    reason = serializers.CharField(max_length=REASON_LIMIT, required=False, allow_blank=True, help_text=_REASON)
    example = {"values": {"sessions.idle_staff": 20, "brand.name": "Harbour"}, "reason": "The auditors asked for it"}


class SettingVersionReply(Reply):
    """A change of a setting. `value` null: back to the default."""

    version = serializers.IntegerField()
    value = serializers.JSONField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    reverted_to = serializers.IntegerField(allow_null=True, help_text="The version whose value was taken up again.")
    changed_at = serializers.DateTimeField()
    changed_by = serializers.UUIDField(allow_null=True)
    example = {
        "version": 12,
        "value": 20,
        "reason": "The auditors asked for it",
        "reverted_to": None,
        "changed_at": "2026-01-31T12:00:00Z",
        "changed_by": "01890000-0000-7000-8000-000000000002",
    }


class RevertBody(Body):
    """The version to take up again."""

    version = serializers.IntegerField(min_value=1)
    reason = serializers.CharField(max_length=REASON_LIMIT, required=False, allow_blank=True, help_text=_REASON)
    example = {"version": 9, "reason": "It was too short"}


CHANGES = (services.SettingFixed, services.SettingMoved, ConfirmationRequired)


class SettingsBase(ApiView, abstract=True):
    """What changes share: one that lowers security takes a session that was confirmed within ten minutes."""

    def sure(self, declared: Setting[Any], after: Any) -> None:
        """`ConfirmationRequired` where the change lowers security and nobody has confirmed who it is."""
        if declared.lowers(declared.value(), after) and not confirmed(self.who):
            raise ConfirmationRequired

    def told(self, code: str) -> HttpResponse:
        """The setting as it is now."""
        return self.single(setting_body(selectors.setting(self.actor, code)))


class SettingsView(SettingsBase):
    """All settings."""

    access = "system:read"

    @endpoint(items=SettingReply)
    def get(self, request: Request) -> HttpResponse:
        """List the settings of the installation, by group. Always one page."""
        return self.listed(map(setting_body, selectors.settings(self.actor)), None)

    @endpoint(access="settings:update", body=SettingsBody, items=SettingReply, errors=CHANGES)
    def patch(self, request: Request) -> HttpResponse:
        """Change several settings at once, all of them or none. Answers those that were named."""
        sent = self.sent["values"]
        for code, value in sent.items():
            declared = declare.find(code)
            if declared is not None:
                self.sure(declared, _read(declared, value))
        services.settings_change(actor=self.actor, values=sent, reason=self.sent.get("reason", ""))
        return self.listed((setting_body(selectors.setting(self.actor, code)) for code in sent), None)


class SettingView(SettingsBase):
    """One setting."""

    access = "system:read"

    @endpoint(reply=SettingReply, etag=True)
    def get(self, request: Request, code: str) -> HttpResponse:
        """Read a setting."""
        return self.told(code)

    @endpoint(access="settings:update", body=SettingBody, reply=SettingReply, etag=True, errors=CHANGES)
    def patch(self, request: Request, code: str) -> HttpResponse:
        """Change a setting. It holds on every process within two seconds."""
        shown = selectors.setting(self.actor, code)
        if not conditions.matches(request._request, conditions.tag_of(setting_body(shown))):
            raise conditions.PreconditionFailed
        declared, sent = shown.declared, self.sent
        number = sent.get("version", shown.number if "HTTP_IF_MATCH" in request.META else None)
        given = {"actor": self.actor, "code": code, "reason": sent.get("reason", ""), "number": number}
        if sent["value"] is None:
            self.sure(declared, declared.installed())
            services.setting_reset(**given)
        else:
            self.sure(declared, services.understood(declared, sent["value"]))
            services.setting_change(value=sent["value"], **given)
        return self.told(code)


class HistoryView(ApiView):
    """Every value that a setting had."""

    access = "system:read"

    @endpoint(items=SettingVersionReply)
    def get(self, request: Request, code: str) -> HttpResponse:
        """List the changes of a setting, the newest first."""
        services.declared(code)
        page = paging.keyset(selectors.versions(self.actor, code), self.asked["cursor"], size=self.asked["limit"])
        return self.listed(map(version_body, page.items), page.next)


class RevertView(SettingsBase):
    """Back to an earlier value."""

    access = "settings:update"

    @endpoint(body=RevertBody, reply=SettingReply, errors=CHANGES)
    def post(self, request: Request, code: str) -> HttpResponse:
        """Take up the value of an earlier version again, as a new version."""
        declared, to = services.declared(code), self.sent["version"]
        self.sure(declared, services.value_then(declared, to))
        services.setting_revert(actor=self.actor, code=code, to=to, reason=self.sent.get("reason", ""))
        return self.told(code)


def _read(declared: Setting[Any], sent: object) -> Any:
    """The value, or what holds already where it is refused: the service says which are."""
    try:
        return declared.kind.read(sent)
    except ValueError:
        return declared.value()


def setting_body(one: Shown) -> dict[str, Any]:
    """A setting."""
    declared, last = one.declared, one.last
    return {
        "code": declared.code,
        "group": declared.group.name,
        "label": str(declared.label),
        "type": declared.kind.name,
        "unit": getattr(declared.kind, "unit", "") if declared.kind.name == "duration" else "",
        "value": declared.kind.kept(one.value),
        "default": declared.kind.kept(one.default),
        "source": one.source,
        "variable": declared.variable,
        "bounds": declared.kind.bounds(),
        "less_strict": one.weak,
        "version": one.number,
        "changed_at": last.changed_at if last else None,
        "changed_by": last.changed_by_id if last else None,
        "reason": last.reason if last else "",
    }


def version_body(row: SettingVersion) -> dict[str, Any]:
    """A change of a setting."""
    names = ("value", "reason", "reverted_to", "changed_at")
    return {"version": row.number, **{name: getattr(row, name) for name in names}, "changed_by": row.changed_by_id}
