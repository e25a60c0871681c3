"""Bodies of the authorisation API."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

from portal.kit import clock, errors
from portal.kit.api import Body
from portal.kit.api.parameters import LIMIT, MOST
from rbac.api.authz_replies import SERVICE, TYPES, USER
from rbac.conditions import Situation, plain_address
from rbac.questions import Question, What, Whom

BATCH = 1_000  # Questions in one call.
KINDS = {type_: kind for kind, type_ in TYPES.items()}
EARLY = timedelta(minutes=1)  # By how much the clock of a host product may be ahead.
_ID = "01890000-0000-7000-8000-0000000000f1"
_SUBJECT = {"type": USER, "id": _ID}
_RESOURCE = {"type": "product/project", "external_id": "prj-204"}


class Part(serializers.Serializer[Any]):
    """A part of a body: as the whole, it refuses what nobody declared. A context that sets the time shall not seem to."""

    def to_internal_value(self, data: Any) -> Any:
        """The checked values; a validation error that names each unknown field."""
        if isinstance(data, Mapping) and (unknown := data.keys() - self.fields.keys()):
            raise serializers.ValidationError({name: [_("There is no such field here.")] for name in sorted(unknown)})
        return super().to_internal_value(data)


class SubjectBody(Part):
    """Who: a user or a service account, by `id`, or by the `external_id` that the product has for a user."""

    type = serializers.ChoiceField(choices=[USER, SERVICE])
    id = serializers.UUIDField(required=False)
    external_id = serializers.CharField(max_length=200, required=False)
    application = serializers.CharField(
        max_length=40, required=False, help_text="Whose `external_id` it is; absent: the product of the permission."
    )


class ThingBody(Part):
    """What: a resource of a product, a workspace, or the organisation, by `id` or `external_id`."""

    type = serializers.CharField(max_length=81, help_text="`<application>/<type>`, `workspace` or `organisation`.")
    id = serializers.UUIDField(required=False)
    external_id = serializers.CharField(max_length=200, required=False)


class CircumstancesBody(Part):
    """What conditions are judged by. The time is always Steward's own."""

    address = serializers.CharField(
        max_length=45, required=False, help_text="From where the subject calls the product."
    )
    second_factor_at = serializers.DateTimeField(
        required=False, help_text="When the subject last proved who it is with a second factor."
    )
    attributes = serializers.DictField(required=False, help_text="What conditions may compare: at most 32.")


class AskedBody(Body):
    """What every question may say; absent: who calls, and the organisation where it stands."""

    subject = SubjectBody(required=False, help_text="Absent: who calls, with no more rights than its key.")
    context = CircumstancesBody(required=False)  # type: ignore[assignment]


class QuestionBody(AskedBody):
    """May the subject do that?"""

    permission = serializers.CharField(max_length=100)
    resource = ThingBody(required=False, help_text="Absent: the organisation, or outside of any the installation.")
    example = {
        "subject": _SUBJECT,
        "permission": "product/project:read",
        "resource": _RESOURCE,
        "context": {"address": "192.0.2.7"},
    }

    @classmethod
    def read(cls, request: Request, *, partial: bool = False) -> dict[str, Any]:
        """As for every body; a well-formed question is known at a glance, since checks are what hosts do all day."""
        sent: Any = request.data
        return sent if _plain_question(sent) else super().read(request, partial=partial)


class QuestionsBody(Body):
    """Up to 1,000 questions."""

    items = serializers.ListField(child=QuestionBody(), min_length=1, max_length=BATCH)
    example = {"items": [dict(QuestionBody.example)]}

    @classmethod
    def read(cls, request: Request, *, partial: bool = False) -> dict[str, Any]:
        """As for a question."""
        sent = request.data
        items = sent.get("items") if isinstance(sent, dict) and len(sent) == 1 else None
        if isinstance(items, list) and 1 <= len(items) <= BATCH and all(map(_plain_question, items)):
            return {"items": items}
        return super().read(request, partial=partial)


class ObjectsBody(AskedBody):
    """Which things of a type may the subject do that to?"""

    permission = serializers.CharField(max_length=100)
    type = serializers.CharField(max_length=81, help_text="`<application>/<type>` or `workspace`.")
    limit = serializers.IntegerField(min_value=1, max_value=MOST, required=False, help_text=f"{LIMIT} if absent.")
    cursor = serializers.CharField(max_length=100, required=False, allow_null=True)
    example = {"subject": _SUBJECT, "permission": "product/project:read", "type": "product/project"}


class SubjectsBody(Body):
    """Who may do that to a thing?"""

    permission = serializers.CharField(max_length=100)
    resource = ThingBody(required=False)
    application = serializers.CharField(
        max_length=40, required=False, help_text="Whose external ids are told; absent: the product of the permission."
    )
    limit = serializers.IntegerField(min_value=1, max_value=MOST, required=False, help_text=f"{LIMIT} if absent.")
    cursor = serializers.CharField(max_length=100, required=False, allow_null=True)
    example = {"permission": "product/project:read", "resource": _RESOURCE}


class ExternalPersonBody(Body):
    """Whom the id means."""

    user_id = serializers.UUIDField(help_text="A member of the organisation.")
    example = {"user_id": _ID}


# --- from bodies to questions ---

_TEXTS = {"subject": ("type", "id", "external_id", "application"), "resource": ("type", "id", "external_id")}


def _plain_question(sent: Any) -> bool:
    """Whether a question holds texts only where it should, none too long, and no circumstances: REST framework's fields
    would find nothing wrong with it. What it names is looked at by `question_of` in any case."""
    if not isinstance(sent, dict) or sent.keys() - {"permission", "subject", "resource"}:
        return False
    permission = sent.get("permission")
    if not isinstance(permission, str) or not 0 < len(permission) <= 100:
        return False
    for part, names in _TEXTS.items():
        if part not in sent:
            continue
        one = sent[part]
        if not isinstance(one, dict) or "type" not in one or one.keys() - set(names):
            return False
        if not all(isinstance(text, str) and 0 < len(text) <= 40 and text == text.strip() for text in one.values()):
            return False
    return True


def question_of(sent: Mapping[str, Any], prefix: str = "") -> Question:
    """The question of a body; `Invalid` names what is wrong with which field."""
    resource, subject, given = sent.get("resource"), sent.get("subject"), sent.get("context")
    plain = Question(sent["permission"], what=None if resource is None else what_of(resource, prefix))
    whom = None if subject is None else _whom(subject, application_of(plain), prefix)
    return replace(plain, whom=whom, here=None if given is None else _here(given, prefix))


def application_of(question: Question) -> str:
    """The product that a question is about: that of the permission, else that of the thing; empty for none."""
    for key in (question.code, "" if question.what is None else question.what.kind):
        if "/" in key:
            return key.partition("/")[0]
    return ""


def what_of(given: Mapping[str, Any], prefix: str = "") -> What:
    """The thing that a body names."""
    key, external_id = _named(given, f"{prefix}resource")
    return What(given["type"], key, external_id)


def _whom(given: Mapping[str, Any], application: str, prefix: str) -> Whom:
    if given["type"] not in KINDS:
        raise errors.Invalid(fields={f"{prefix}subject.type": [_("Choose one of: %(choices)s.") % _CHOICES]})
    key, external_id = _named(given, f"{prefix}subject")
    if key is not None:
        return Whom(KINDS[given["type"]], key)
    application = given.get("application") or application
    if not application:
        raise errors.Invalid(fields={f"{prefix}subject.application": [_("Say which product calls the subject so.")]})
    return Whom(KINDS[given["type"]], None, application, external_id)


_CHOICES = {"choices": ", ".join(KINDS)}


def _named(given: Mapping[str, Any], field: str) -> tuple[UUID | None, str]:
    """The one of id and external id that is there."""
    key, external_id = given.get("id"), given.get("external_id")
    if (key is None) == (external_id is None):
        raise errors.Invalid(fields={field: [_("Give its id or its external_id.")]})
    if key is None or isinstance(key, UUID):
        return key, external_id or ""
    try:
        return UUID(key), ""
    except ValueError:
        raise errors.Invalid(fields={f"{field}.id": [_("This is no UUID.")]}) from None


def _here(given: Mapping[str, Any], prefix: str) -> Situation:
    address, factor_at = given.get("address"), given.get("second_factor_at")
    attributes = given.get("attributes") or {}
    wrong: dict[str, list[str]] = {}
    if address is not None and plain_address(address) is None:
        wrong["context.address"] = [_("Give one address, such as 192.0.2.7.")]
    if isinstance(factor_at, datetime) and factor_at > clock.now() + EARLY:
        wrong["context.second_factor_at"] = [_("That lies ahead.")]
    plain = all(type(one) in {str, int, bool} and len(str(one)) <= 200 for one in attributes.values())
    if len(attributes) > 32 or not plain:
        wrong["context.attributes"] = [
            _("Give at most 32 texts of up to 200 characters, whole numbers, true or false.")
        ]
    if wrong:
        raise errors.Invalid(fields={f"{prefix}{name}": texts for name, texts in wrong.items()})
    return Situation(clock.now(), None if address is None else plain_address(address), factor_at, None, attributes)
