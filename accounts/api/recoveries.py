"""Recoveries of a person's lost device over the API: asked for by one administrator, decided by another."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from accounts import recovery_selectors, selectors
from accounts.api.serializers import ReasonBody
from accounts.errors import (
    Deactivated,
    NothingToRecover,
    NotYourself,
    Outranked,
    RecoveryGone,
    RecoveryOpen,
    RootProtected,
    SecondPersonNeeded,
)
from accounts.models import Recovery
from accounts.recovery_presenters import RecoveryRow
from accounts.services.recoveries import recovery_approve, recovery_ask, recovery_refuse
from portal.kit import paging
from portal.kit.api import ApiView, Body, Reply, endpoint, json

RIGHT = "user:admin"
PROTECTED = (RootProtected, Outranked)


class RecoveryReply(Reply):
    """A recovery."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=Recovery.State.values)
    reason = serializers.CharField()
    asked_by = serializers.UUIDField(help_text="Who asked; somebody else has to approve.")
    asked_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(help_text="Until when it can be approved.")
    approved_by = serializers.UUIDField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True, help_text="When it was approved, refused or stopped.")
    example = {
        "id": "01890000-0000-7000-8000-000000000001",
        "state": "waiting",
        "reason": "Lost her phone; known by voice",
        "asked_by": "01890000-0000-7000-8000-000000000002",
        "asked_at": "2026-01-31T08:30:00Z",
        "expires_at": "2026-02-03T08:30:00Z",
        "approved_by": None,
        "ended_at": None,
    }


class RecoveryBody(Body):
    """Why a person's second factors shall be taken away."""

    reason = serializers.CharField(max_length=300, help_text="What happened, and how you made sure that it is them.")
    example = {"reason": "Lost her phone; known by voice"}


class RecoveriesView(ApiView):
    """The recoveries of a person's lost devices."""

    access = RIGHT

    @endpoint(items=RecoveryReply)
    def get(self, request: Request, person_id: UUID) -> HttpResponse:
        """List the recoveries of a person, newest first."""
        user = selectors.person(self.actor, person_id, RIGHT)
        rows = recovery_selectors.recoveries_of(self.actor, user)
        page = paging.keyset(rows, self.asked["cursor"], size=self.asked["limit"])
        return self.listed((_body(row) for row in page.items), page.next)

    @endpoint(
        body=RecoveryBody,
        reply=RecoveryReply,
        status=201,
        errors=(*PROTECTED, NotYourself, Deactivated, NothingToRecover, RecoveryOpen),
        step_up=True,
    )
    def post(self, request: Request, person_id: UUID) -> HttpResponse:
        """Ask that a person's second factors be taken away.

        Nothing changes before another administrator approves, within 72 hours. The person is mailed a link that stops it.
        """
        user = selectors.person(self.actor, person_id, RIGHT)
        made = recovery_ask(actor=self.actor, user=user, reason=self.sent["reason"])
        reply = json(_body(made), status=201)
        reply.headers["Location"] = f"/api/v1/users/{user.pk}/recovery/{made.pk}"
        return reply


class RecoveryBase(ApiView, abstract=True):
    """What the endpoints of one recovery share."""

    def recovery(self, person_id: UUID, recovery_id: UUID) -> Recovery:
        """The recovery of the address; `NotFound` where it is another person's, or the caller may not see it."""
        user = selectors.person(self.actor, person_id, RIGHT)
        return recovery_selectors.recovery(self.actor, recovery_id, of=user)


class RecoveryView(RecoveryBase):
    """One recovery."""

    access = RIGHT

    @endpoint(reply=RecoveryReply, etag=True)
    def get(self, request: Request, person_id: UUID, recovery_id: UUID) -> HttpResponse:
        """Read a recovery."""
        return self.single(_body(self.recovery(person_id, recovery_id)))


class RecoveryApproveView(RecoveryBase):
    """The second administrator's yes."""

    access = RIGHT

    @endpoint(reply=RecoveryReply, errors=(*PROTECTED, SecondPersonNeeded, Deactivated, RecoveryGone), step_up=True)
    def post(self, request: Request, person_id: UUID, recovery_id: UUID) -> HttpResponse:
        """Approve what another administrator asked for.

        Every second factor is removed, the password stops working, every session ends, and a link for a new password is
        mailed.
        """
        found = self.recovery(person_id, recovery_id)
        return json(_body(recovery_approve(actor=self.actor, recovery=found)))


class RecoveryRefuseView(RecoveryBase):
    """Anybody's no."""

    access = RIGHT

    @endpoint(body=ReasonBody, reply=RecoveryReply, errors=(*PROTECTED, RecoveryGone))
    def post(self, request: Request, person_id: UUID, recovery_id: UUID) -> HttpResponse:
        """Refuse a recovery, or take back one's own. Nothing changes for the person."""
        found = self.recovery(person_id, recovery_id)
        return json(_body(recovery_refuse(actor=self.actor, recovery=found, reason=self.sent["reason"])))


def _body(recovery: Recovery) -> dict[str, Any]:
    return {
        "id": recovery.pk,
        "state": RecoveryRow(recovery).state,
        "reason": recovery.reason,
        "asked_by": recovery.asked_by_id,
        "asked_at": recovery.asked_at,
        "expires_at": recovery.expires_at,
        "approved_by": recovery.approved_by_id,
        "ended_at": recovery.ended_at,
    }
