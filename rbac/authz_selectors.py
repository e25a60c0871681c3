"""Lists and explanations for host products: what a subject may act on, who may act on a thing, and why."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from portal.kit import errors
from portal.kit.context import Actor
from portal.kit.decision import authorise, can
from portal.kit.errors import NotFound
from portal.kit.paging import Cursor, Page, keyset
from rbac import questions
from rbac.access_selectors import object_of
from rbac.explain import Trace, explain
from rbac.models import ExternalPerson, Resource, Scope, Workspace
from rbac.questions import WORKSPACE, Question, What
from rbac.rules import Ask
from rbac.subjects import list_holders
from rbac.tree_selectors import type_named
from rbac.visibility import allowed_in_tree


@dataclass(frozen=True, slots=True)
class Objects:
    """A page of things, and the version of the decisions that they were listed by."""

    page: Page[Any]
    version: str


@dataclass(frozen=True, slots=True)
class NamedSubject:
    """Somebody who may, as a host product names it; empty where the product has no id for it."""

    kind: str
    id: UUID
    external_id: str = ""


def objects_allowed(actor: Actor, question: Question, kind: str, cursor: Cursor | None, limit: int) -> Objects:
    """The things of a kind (`workspace` or `<application>/<type>`) in the organisation of `actor` on which a subject has
    a permission, the oldest first: the filter of the check, in the database.

    About others, who asks must also see all things of that kind: naming them all tells more than answering about one.
    `NotFound` outside of any organisation.
    """
    if actor.organisation_id is None:
        raise NotFound
    rows, seen_by = _things(kind)
    questions.check_code(question.code)
    reading = questions.read(actor, [(question.whom, None)])
    free = questions.may_ask(actor, [question.whom], reading)
    own = question.whom is None or not free
    if not own:
        authorise(actor, seen_by)
    subject = questions.subject_of(actor, question.whom, reading, free=free)
    if subject is None or subject.id is None:
        return Objects(Page([], None, None), reading.version)
    here = questions.circumstances(actor, question.here, own=own)
    version = reading.remember(subject.id, actor.organisation_id)
    allowed = allowed_in_tree(subject, actor.organisation_id, question.code, rows, here)
    return Objects(keyset(allowed, cursor, descending=False, size=limit), version)


def _things(kind: str) -> tuple[QuerySet[Any], str]:
    """The rows of a kind, and the right to see them all."""
    if kind == WORKSPACE:
        return Workspace.objects.all(), "workspace:read"
    try:
        found = type_named(kind)
    except NotFound as error:
        raise errors.Invalid(fields={"type": [_("There is no such type.")]}) from error
    return Resource.objects.filter(type=found), "resource:read"


def subjects_allowed(
    actor: Actor, question: Question, application: str, cursor: Cursor | None, limit: int
) -> Page[NamedSubject]:
    """The members of the organisation of `actor` (none: the people of the installation) who may do what a question asks,
    the oldest first. What depends on circumstances is judged by the time and the attributes of the thing alone.

    Needs the right to ask about others; `NotFound` for a thing that is not there.
    """
    questions.check_code(question.code)
    authorise(actor, questions.others_code(actor))
    place = place_of(actor, question.what)
    page = list_holders(question.code, Ask(actor.organisation_id, place, place), cursor, limit)
    people = get_user_model()._default_manager.filter(pk__in=page.items)
    kinds: dict[UUID, str] = dict(people.values_list("pk", "kind"))
    names = names_of(actor, application, page.items)
    found = [NamedSubject(kinds[key], key, names.get(key, "")) for key in page.items]
    return Page(found, page.previous, page.next)


def explained(actor: Actor, question: Question) -> Trace:
    """Why a subject may or may not. Of oneself everybody may ask, about things that it sees or may act on; of others it
    takes the right to give roles, since roles, teams and conditions are told. `NotFound` for a subject or thing that is
    not there."""
    questions.check_code(question.code)
    reading = questions.read(actor, [(question.whom, None)])
    subject: Actor | None = actor
    if question.whom is not None:
        person = reading.people.get(question.whom)
        if person is None or person[0] != actor.id:
            authorise(actor, questions.explain_code(actor))
            if person is None:
                raise NotFound
            subject = Actor("person", person[0], "", actor.organisation_id)
    assert subject is not None and subject.id is not None  # noqa: S101, PT018 - the gate lets nobody else in
    place = place_of(actor, question.what)
    thing = None if place is None else object_of(Scope.objects.get(pk=place))
    here = questions.circumstances(actor, question.here, own=subject is actor)
    trace = explain(subject, question.code, thing, context=here)
    if subject is actor and not trace.allowed and isinstance(thing, Workspace | Resource):
        seen_by = "workspace:read" if isinstance(thing, Workspace) else "resource:read"
        if not can(actor, seen_by, thing) and not can(actor, questions.explain_code(actor)):
            raise NotFound
    return trace


def place_of(actor: Actor, what: What | None) -> UUID | None:
    """The scope of a thing in the organisation of `actor`, that of the organisation itself for none (outside of any:
    None, the installation). `NotFound` for one that is not there, `Invalid` for a type that no product has."""
    if what is None:
        return actor.organisation_id
    reading = questions.read(actor, [(None, what)])
    if reading.unknown_kinds:
        raise errors.Invalid(fields={"resource.type": [_("There is no such type.")]})
    if what not in reading.things:
        raise NotFound
    return reading.things[what]


def names_of(actor: Actor, application: str, people: list[UUID]) -> dict[UUID, str]:
    """What a host product calls people of the organisation of `actor`; one query, none without a product."""
    if not application or actor.organisation_id is None or not people:
        return {}
    rows = ExternalPerson.objects.filter(
        organisation_id=actor.organisation_id, application__code=application, user_id__in=people
    )
    return dict(rows.values_list("user_id", "external_id"))
