"""What the authorisation API answers."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from rest_framework import serializers

from portal.kit.api import Reply
from rbac.explain import Path, Trace
from rbac.explain_words import chain_words, path_words, trace_words
from rbac.models import ExternalPerson
from rbac.questions import Answer

USER, SERVICE = "user", "service_account"
TYPES = {"person": USER, "service": SERVICE}
_ID = "01890000-0000-7000-8000-0000000000f1"
_PLACE = "01890000-0000-7000-8000-0000000000f2"
_MOMENT = "2026-01-31T08:30:00Z"
_SUBJECT = {"type": USER, "id": _ID}
_REASONS = ("role", "grant", "public", "denied", "condition", "no_role", "scope")
_VERSION = "Of the installation, the organisation and the subject, with points between."


class DecisionReply(Reply):
    """An answer."""

    allowed = serializers.BooleanField()
    reason = serializers.ChoiceField(choices=_REASONS)
    version = serializers.CharField(help_text=_VERSION)
    example = {"allowed": True, "reason": "role", "version": "12.4.7"}


class DecisionsReply(Reply):
    """Answers in the order of the questions."""

    items = serializers.ListField(child=DecisionReply())
    example = {"items": [dict(DecisionReply.example)]}


class AllowedObjectReply(Reply):
    """A thing that the subject may act on."""

    type = serializers.CharField()
    id = serializers.UUIDField()
    external_id = serializers.CharField()
    example = {"type": "product/project", "id": _PLACE, "external_id": "prj-204"}


class AllowedObjectsReply(Reply):
    """A page of them."""

    items = serializers.ListField(child=AllowedObjectReply())
    next_cursor = serializers.CharField(allow_null=True)
    version = serializers.CharField(help_text=_VERSION)
    example = {"items": [dict(AllowedObjectReply.example)], "next_cursor": None, "version": "12.4.7"}


class AllowedSubjectReply(Reply):
    """Somebody who may."""

    type = serializers.ChoiceField(choices=[USER, SERVICE])
    id = serializers.UUIDField()
    external_id = serializers.CharField(help_text="Empty for whom the product has no id.")
    example = {"type": USER, "id": _ID, "external_id": "u-17"}


class AllowedSubjectsReply(Reply):
    """A page of them."""

    items = serializers.ListField(child=AllowedSubjectReply())
    next_cursor = serializers.CharField(allow_null=True)
    example = {"items": [dict(AllowedSubjectReply.example)], "next_cursor": None}


class PlaceReply(serializers.Serializer[Any]):
    """A step of the way from the thing to the installation."""

    id = serializers.UUIDField()
    type = serializers.CharField()
    name = serializers.CharField()


class PathReply(serializers.Serializer[Any]):
    """One way in which the permission reaches the subject, or is taken from it."""

    text = serializers.CharField()
    source = serializers.ChoiceField(  # type: ignore[assignment]
        choices=["role", "team", "everyone", "grant", "team_grant", "public"]
    )
    denies = serializers.BooleanField()
    counts = serializers.BooleanField()
    state = serializers.CharField(help_text="`counts`, or why it does not.")
    scope_id = serializers.UUIDField()
    role = serializers.CharField(allow_null=True)
    stated_by = serializers.CharField(allow_null=True, help_text="The role that it has the permission from.")
    teams = serializers.ListField(child=serializers.CharField())
    conditions = serializers.DictField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)


class ExplanationReply(Reply):
    """An answer with everything that led to it, as data and in words."""

    allowed = serializers.BooleanField()
    reason = serializers.CharField()
    version = serializers.CharField(help_text=_VERSION)
    text = serializers.CharField()
    chain = serializers.ListField(child=PlaceReply(), help_text="From the thing up to the installation.")
    paths = serializers.ListField(child=PathReply())
    would_give = serializers.ListField(child=serializers.CharField(), help_text="Roles that would allow it.")
    example = {
        "allowed": True,
        "reason": "role",
        "version": "12.4.7",
        "text": "Allowed by a role.",
        "chain": [{"id": _PLACE, "type": "workspace", "name": "Northern programme"}],
        "paths": [
            {
                "text": "The role Editor on Northern programme gives it.",
                "source": "role",
                "denies": False,
                "counts": True,
                "state": "counts",
                "scope_id": _PLACE,
                "role": "Editor",
                "stated_by": "Viewer",
                "teams": [],
                "conditions": None,
                "expires_at": None,
            }
        ],
        "would_give": [],
    }


class SubjectReply(serializers.Serializer[Any]):
    """A subject by its id."""

    type = serializers.ChoiceField(choices=[USER, SERVICE])
    id = serializers.UUIDField()


class DecisionChangeReply(serializers.Serializer[Any]):
    """A part of the versions of decisions rose."""

    part = serializers.ChoiceField(choices=["installation", "organisation", "subject"])
    version = serializers.IntegerField(help_text="What that part of a version is now.")
    subject = SubjectReply(allow_null=True)
    external_ids = serializers.DictField(help_text="What products call the subject, by application.")


class ChangesReply(Reply):
    """A part of the feed. `next_cursor` always leads on; `more`: there is more right now."""

    items = serializers.ListField(child=DecisionChangeReply())
    next_cursor = serializers.CharField()
    more = serializers.BooleanField()
    example = {
        "items": [
            {
                "part": "subject",
                "version": 8,
                "subject": _SUBJECT,
                "external_ids": {"product": "u-17"},
            }
        ],
        "next_cursor": "AQAAQAAAAAAAAAABAAAAAAAAAAEB",
        "more": False,
    }


class ExternalPersonReply(Reply):
    """By which id a product knows a member."""

    application = serializers.CharField()
    external_id = serializers.CharField()
    user_id = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    example = {"application": "product", "external_id": "u-17", "user_id": _ID, "created_at": _MOMENT}


def answer_body(answer: Answer) -> dict[str, Any]:
    """An answer."""
    decision = answer.decision
    return {"allowed": decision.allowed, "reason": decision.reason, "version": decision.version}


def trace_body(trace: Trace) -> dict[str, Any]:
    """An explanation."""
    names = {place.id: chain_words(place) for place in trace.chain}
    return {
        "allowed": trace.allowed,
        "reason": trace.reason,
        "version": trace.version,
        "text": trace_words(trace),
        "chain": [{"id": place.id, "type": place.kind, "name": place.name} for place in trace.chain],
        "paths": [_path(path, names) for path in trace.paths],
        "would_give": list(trace.would_give),
    }


def _path(path: Path, names: Mapping[UUID, str]) -> dict[str, Any]:
    told: dict[str, Any] = {"text": path_words(path, names), "counts": path.counts, "teams": list(path.teams)}
    plain = ("source", "denies", "state", "scope_id", "role", "stated_by", "conditions", "expires_at")
    return told | {name: getattr(path, name) for name in plain}


def external_person_body(row: ExternalPerson, application: str) -> dict[str, Any]:
    """By which id a product knows somebody."""
    return {
        "application": application,
        "external_id": row.external_id,
        "user_id": row.user_id,
        "created_at": row.created_at,
    }
