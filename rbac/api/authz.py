"""The decision over HTTP: what host products ask, in the organisation that they act for."""

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from portal.kit import limits, paging
from portal.kit.access import SignedIn
from portal.kit.api import ApiView, Parameter, endpoint, json, whole
from portal.kit.api.parameters import LIMIT, MOST
from portal.kit.decision import authorise
from portal.kit.paging import Cursor
from rbac import authz_selectors as selectors
from rbac import changes, questions
from rbac.api import authz_replies as replies
from rbac.api import authz_serializers as bodies
from rbac.errors import ChangesForgotten, CodeUnknown, QuestionsRefused

OPEN = SignedIn("Everybody may ask about themselves; about others, each call says what it takes.", by_key=True)


class AuthzView(ApiView, abstract=True):
    """What the endpoints of the authorisation API share. They change nothing, so no reply of theirs is kept."""

    limit = limits.AUTHZ

    def cursor(self) -> Cursor | None:
        """The page that the body names."""
        return paging.parse(self.sent.get("cursor") or "")


class CheckView(AuthzView):
    """One question."""

    access = OPEN

    @endpoint(body=bodies.QuestionBody, reply=replies.DecisionReply, errors=(CodeUnknown,), idempotent=False)
    def post(self, request: Request) -> HttpResponse:
        """Ask whether a subject may do something to a thing.

        A subject or thing that is not in the organisation is refused like one that exists nowhere. About others it takes
        `member:read`, outside of any organisation `user:read`. `Cache-Control` says for how long what is allowed may be
        kept under its version.
        """
        (answer,) = questions.ask(self.actor, [bodies.question_of(self.sent)])
        reply = json(replies.answer_body(answer))
        if answer.keep_seconds:
            reply.headers["Cache-Control"] = f"private, max-age={answer.keep_seconds}"
        return reply


class BatchCheckView(AuthzView):
    """Many questions."""

    access = OPEN

    @endpoint(body=bodies.QuestionsBody, reply=replies.DecisionsReply, errors=(QuestionsRefused,), idempotent=False)
    def post(self, request: Request) -> HttpResponse:
        """Ask up to 1,000 questions at one moment. One that cannot be understood refuses them all."""
        items: list[dict[str, Any]] = self.sent["items"]
        asked = [bodies.question_of(item, f"items.{place}.") for place, item in enumerate(items)]
        return json({"items": [replies.answer_body(answer) for answer in questions.ask(self.actor, asked)]})


class ListObjectsView(AuthzView):
    """The things that a subject may act on."""

    access = OPEN

    @endpoint(body=bodies.ObjectsBody, reply=replies.AllowedObjectsReply, errors=(CodeUnknown,), idempotent=False)
    def post(self, request: Request) -> HttpResponse:
        """List the things of a type to which a subject may do something, the oldest first.

        About others it takes `member:read` and `resource:read` (for workspaces `workspace:read`).
        """
        sent = self.sent
        size = sent.get("limit", LIMIT)
        found = selectors.objects_allowed(self.actor, bodies.question_of(sent), sent["type"], self.cursor(), size)
        following = found.page.next
        return json(
            {
                "items": [
                    {"type": sent["type"], "id": row.pk, "external_id": row.external_id} for row in found.page.items
                ],
                "next_cursor": str(following) if following else None,
                "version": found.version,
            }
        )


class ListSubjectsView(AuthzView):
    """Those who may act on a thing."""

    access = OPEN

    @endpoint(
        body=bodies.SubjectsBody,
        reply=replies.AllowedSubjectsReply,
        errors=(CodeUnknown,),
        service="member:read",
        idempotent=False,
    )
    def post(self, request: Request) -> HttpResponse:
        """List the members of the organisation who may do something to a thing (`member:read`).

        What depends on an address, a second factor or attributes of the context does not count; what it denies does.
        """
        sent = self.sent
        question = bodies.question_of({name: sent[name] for name in ("permission", "resource") if name in sent})
        application = sent.get("application") or bodies.application_of(question)
        page = selectors.subjects_allowed(self.actor, question, application, self.cursor(), sent.get("limit", LIMIT))
        items = [{"type": replies.TYPES[one.kind], "id": one.id, "external_id": one.external_id} for one in page.items]
        return self.listed(items, page.next)


class ExplainView(AuthzView):
    """Why, or why not."""

    access = OPEN

    @endpoint(body=bodies.QuestionBody, reply=replies.ExplanationReply, errors=(CodeUnknown,), idempotent=False)
    def post(self, request: Request) -> HttpResponse:
        """Tell every path that led to an answer, in words and as data.

        Of others it takes `role:assign`, outside of any organisation `role:admin`. A subject or thing that is not in the
        organisation is a 404.
        """
        return json(replies.trace_body(selectors.explained(self.actor, bodies.question_of(self.sent))))


class ChangesView(AuthzView):
    """What changed that can alter decisions."""

    access = OPEN

    @endpoint(
        query=(
            whole("limit", _("Most items in one reply."), low=1, high=MOST, default=MOST),
            Parameter("cursor", _("The next_cursor of the reply before; absent: from now on."), changes.position),
        ),
        reply=replies.ChangesReply,
        errors=(ChangesForgotten,),
        service="member:read",
    )
    def get(self, request: Request) -> HttpResponse:
        """Read on in the feed of what can alter decisions in the organisation (`member:read`).

        Nothing is left out; what changes while others are at work may come twice.
        """
        authorise(self.actor, questions.others_code(self.actor))
        found = changes.changes(self.actor, self.asked["cursor"], self.asked["limit"])
        return json(
            {
                "items": [_change(one) for one in found.items],
                "next_cursor": str(found.following),
                "more": found.more,
            }
        )


def _change(one: changes.Change) -> dict[str, Any]:
    subject = None if one.subject_id is None else {"type": replies.TYPES[one.kind], "id": one.subject_id}
    return {
        "part": one.part,
        "version": one.version,
        "subject": subject,
        "external_ids": one.external_ids or {},
    }
