"""Bodies of runs, modules and what host products tell of themselves."""

from typing import Any

from rest_framework import serializers

from portal.kit.api import Body, Reply
from rbac.models import Application, Module, ResourceType, Run, RunLine
from rbac.resource_rows import type_key
from rbac.services.runs import BATCH

_ID = "01890000-0000-7000-8000-0000000000e1"
_OTHER = "01890000-0000-7000-8000-0000000000e2"
_MOMENT = "2026-01-31T08:30:00Z"
_STATES = tuple(Run.State.values)
_RUN = ("id", "external_id", "name", "state", "phase", "done", "total", "message", "created_at")
_MOST = 2**53 - 1  # What every client reads as a whole number.


class HostRunReply(Reply):
    """A run of a resource."""

    id = serializers.UUIDField()
    resource_id = serializers.UUIDField()
    type = serializers.CharField(help_text="Of the resource: `<application>/<type>`.")
    resource_external_id = serializers.CharField()
    external_id = serializers.CharField()
    name = serializers.CharField()
    state = serializers.ChoiceField(choices=_STATES)
    phase = serializers.CharField(help_text="What it is doing now.")
    done = serializers.IntegerField()
    total = serializers.IntegerField(allow_null=True, help_text="None while nobody knows.")
    message = serializers.CharField(help_text="How it ended.")
    lines = serializers.IntegerField(help_text="How many lines its log has.")
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    seen_at = serializers.DateTimeField(help_text="When the product last spoke of it.")
    cancel_asked_at = serializers.DateTimeField(allow_null=True, help_text="Stop it and report `cancelled`.")
    example = {
        "id": _ID,
        "resource_id": _OTHER,
        "type": "platform_data/pipeline",
        "resource_external_id": "pl-intake",
        "external_id": "run-7",
        "name": "Nightly intake",
        "state": "running",
        "phase": "Reading stations",
        "done": 40,
        "total": 120,
        "message": "",
        "lines": 3,
        "created_at": _MOMENT,
        "started_at": _MOMENT,
        "finished_at": None,
        "seen_at": _MOMENT,
        "cancel_asked_at": None,
    }


class _Told(Body):
    """What may be told of a run at any time."""

    name = serializers.CharField(max_length=200, required=False, allow_blank=True)
    phase = serializers.CharField(max_length=200, required=False, allow_blank=True)
    done = serializers.IntegerField(min_value=0, max_value=_MOST, required=False)
    total = serializers.IntegerField(min_value=0, max_value=_MOST, required=False, allow_null=True)


class HostRunNewBody(_Told):
    """A run that begins."""

    type = serializers.CharField(max_length=81, help_text="`<application>/<type>` of the resource.")
    resource_external_id = serializers.CharField(max_length=200)
    external_id = serializers.CharField(max_length=200, help_text="What the product calls the run; once per resource.")
    state = serializers.ChoiceField(choices=Run.LIVE, required=False, help_text="`running` unless told.")
    example = {"type": "platform_data/pipeline", "resource_external_id": "pl-intake", "external_id": "run-7"}


class HostRunBody(_Told):
    """What became of a run. An empty body says that it still lives."""

    state = serializers.ChoiceField(choices=_STATES, required=False)
    message = serializers.CharField(max_length=1000, required=False, allow_blank=True)
    example = {"state": "succeeded", "done": 120, "message": "120 stations read."}


class HostRunLineReply(Reply):
    """A line of a log."""

    number = serializers.IntegerField()
    level = serializers.ChoiceField(choices=RunLine.Level.values)
    text = serializers.CharField()
    written_at = serializers.DateTimeField()
    example = {"number": 1, "level": "info", "text": "Station 12 read.", "written_at": _MOMENT}


class HostRunLineBody(Body):
    """A line to add."""

    text = serializers.CharField(max_length=2000, trim_whitespace=False)
    level = serializers.ChoiceField(choices=RunLine.Level.values, required=False)
    at = serializers.DateTimeField(required=False, help_text="When it was written; now unless told.")
    example = {"text": "Station 12 read."}


class HostRunLinesBody(Body):
    """Up to 1,000 lines."""

    items = serializers.ListField(child=HostRunLineBody(), min_length=1, max_length=BATCH)
    example = {"items": [{"text": "Station 12 read."}, {"text": "Station 13 is silent.", "level": "warning"}]}


class ApplicationReply(Reply):
    """A host product."""

    id = serializers.UUIDField()
    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    example = {"id": _ID, "code": "product", "label": "Product"}


class ApplicationBody(Body):
    """What a host product is called."""

    label = serializers.CharField(max_length=80)  # type: ignore[assignment]
    example = {"label": "Product"}


class HostTypeReply(Reply):
    """A type of resources as its product registered it."""

    id = serializers.UUIDField()
    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    label_plural = serializers.CharField()
    icon = serializers.CharField()
    in_navigation = serializers.BooleanField()
    navigation = serializers.ListField(child=serializers.CharField())
    position = serializers.IntegerField()
    example = {
        "id": _ID,
        "code": "project",
        "label": "Project",
        "label_plural": "Projects",
        "icon": "document",
        "in_navigation": True,
        "navigation": [],
        "position": 0,
    }


class HostTypeBody(Body):
    """A type of resources. Fields that are absent stay as they are."""

    label = serializers.CharField(max_length=80)  # type: ignore[assignment]
    label_plural = serializers.CharField(max_length=80)
    icon = serializers.CharField(max_length=40, required=False, help_text="One of the drawings of the console.")
    in_navigation = serializers.BooleanField(
        required=False, help_text="Whether it stands in the navigation of everybody without a role of the product."
    )
    navigation = serializers.ListField(
        child=serializers.CharField(max_length=60),
        required=False,
        max_length=50,
        help_text="Codes of the product's roles in whose navigation it stands; none: as `in_navigation` says.",
    )
    position = serializers.IntegerField(min_value=0, max_value=1000, required=False)
    actions = serializers.ListField(
        child=serializers.CharField(max_length=10),
        required=False,
        max_length=6,
        help_text="Of create, read, update, delete, execute, admin: for each the type gets a permission.",
    )
    example = {"label": "Project", "label_plural": "Projects", "icon": "document", "actions": ["read", "update"]}


class ModuleReply(Reply):
    """A module as its product registered it."""

    id = serializers.UUIDField()
    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    description = serializers.CharField()
    on_by_default = serializers.BooleanField()
    position = serializers.IntegerField()
    permissions = serializers.ListField(child=serializers.CharField())
    types = serializers.ListField(child=serializers.CharField())
    example = {
        "id": _ID,
        "code": "translations",
        "label": "Translations",
        "description": "Texts in more than one language",
        "on_by_default": True,
        "position": 0,
        "permissions": ["product/translation:read"],
        "types": ["translation"],
    }


class ModuleBody(Body):
    """A module. Its permissions and types are those that are sent, and no others."""

    label = serializers.CharField(max_length=80)  # type: ignore[assignment]
    description = serializers.CharField(max_length=300, required=False, allow_blank=True)
    on_by_default = serializers.BooleanField(required=False)
    position = serializers.IntegerField(min_value=0, max_value=1000, required=False)
    permissions = serializers.ListField(child=serializers.CharField(max_length=100), required=False, max_length=500)
    types = serializers.ListField(
        child=serializers.CharField(max_length=40),
        required=False,
        max_length=100,
        help_text="Codes of types; their permissions are in the module as well.",
    )
    example = {"label": "Translations", "types": ["translation"]}


class OrganisationModuleReply(Reply):
    """A module in an organisation."""

    id = serializers.UUIDField()
    application = serializers.CharField()
    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    is_on = serializers.BooleanField()
    example = {
        "id": _ID,
        "application": "product",
        "code": "translations",
        "label": "Translations",
        "is_on": True,
    }


class OrganisationModuleBody(Body):
    """Whether an organisation has a module."""

    is_on = serializers.BooleanField()
    example = {"is_on": False}


def run_body(run: Run) -> dict[str, Any]:
    """A run, with its resource and type read already."""
    body: dict[str, Any] = {name: getattr(run, name) for name in _RUN}
    return body | {
        "resource_id": run.resource_id,
        "type": type_key(run.resource.type),
        "resource_external_id": run.resource.external_id,
        "lines": run.lines_count,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "seen_at": run.seen_at,
        "cancel_asked_at": run.cancel_asked_at,
    }


def line_body(line: RunLine) -> dict[str, Any]:
    """A line of a log."""
    return {name: getattr(line, name) for name in ("number", "level", "text", "written_at")}


def application_body(row: Application) -> dict[str, Any]:
    """A host product."""
    return {"id": row.pk, "code": row.code, "label": row.label}


def host_type_body(row: ResourceType) -> dict[str, Any]:
    """A type."""
    names = ("id", "code", "label", "label_plural", "icon", "in_navigation", "navigation", "position")
    return {name: getattr(row, name) for name in names}


def module_body(row: Module) -> dict[str, Any]:
    """A module, with its permissions and types read already."""
    names = ("id", "code", "label", "description", "on_by_default", "position")
    body: dict[str, Any] = {name: getattr(row, name) for name in names}
    return body | {
        "permissions": sorted(one.code for one in row.permissions.all()),
        "types": sorted(one.code for one in row.types.all()),
    }


def organisation_module_body(row: Module, is_on: bool) -> dict[str, Any]:
    """A module in an organisation, with its product read already."""
    names = ("id", "code", "label")
    return {name: getattr(row, name) for name in names} | {"application": row.application.code, "is_on": is_on}
