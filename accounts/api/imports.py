"""Importing people over the API: a dry run first, then confirmed."""

from io import BytesIO
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from accounts import rules, selectors
from accounts.errors import ImportGone, ImportUnreadable
from accounts.services import imports as services
from portal.kit.api import ApiView, Body, Reply, endpoint, json
from portal.kit.limits import API_BODY_BYTES

MOST = 100  # Refused values in a reply; the console has all of them as a file.
_ID = "01890000-0000-7000-8000-0000000000b9"
_CSV = "name,username,email\nAda Lovelace,ada,ada@example.org\n"


class PeopleImportBody(Body):
    """A file to check."""

    csv = serializers.CharField(
        max_length=API_BODY_BYTES, trim_whitespace=False, help_text="The whole file; its first line names the columns."
    )
    filename = serializers.CharField(max_length=200, required=False)
    example = {"csv": _CSV, "filename": "people.csv"}


class RefusedValueReply(serializers.Serializer[Any]):
    """A value for which a row stays out."""

    line = serializers.IntegerField()
    field = serializers.CharField()
    value = serializers.CharField(allow_blank=True)
    reason = serializers.CharField()


class PeopleImportReply(Reply):
    """What a file would do. Nobody is made before it is confirmed."""

    id = serializers.UUIDField()
    filename = serializers.CharField(allow_blank=True)
    ready = serializers.IntegerField(help_text="Rows that go in.")
    refused_rows = serializers.IntegerField(help_text="Rows that stay out.")
    refused = RefusedValueReply(many=True, help_text=f"Why: the first {MOST} values.")
    ignored = serializers.ListField(child=serializers.CharField(), help_text="Columns that are left out.")
    run_id = serializers.UUIDField(allow_null=True, help_text="The job that does it, once it is confirmed.")
    example = {
        "id": _ID,
        "filename": "people.csv",
        "ready": 1,
        "refused_rows": 1,
        "refused": [{"line": 3, "field": "email", "value": "grace", "reason": "This is no e-mail address."}],
        "ignored": [],
        "run_id": None,
    }


class PeopleImportBase(ApiView, abstract=True):
    """What the endpoints of imports share."""

    def told(self, import_id: UUID, *, status: int = 200) -> HttpResponse:
        """The reply of an import that the caller uploaded; `NotFound` for anybody else's."""
        found = selectors.import_preview(self.actor, import_id, good=1, bad=MOST)
        body = {
            "id": found.id,
            "filename": found.filename,
            "ready": found.accepted_count,
            "refused_rows": found.refused_rows,
            "refused": [
                {"line": line, "field": field, "value": value, "reason": rules.reason_text(code, field)}
                for line, field, value, code in found.refused
            ],
            "ignored": found.ignored,
            "run_id": found.run_id,
        }
        return json(body, status=status)


class PeopleImportsView(PeopleImportBase):
    """Files of people."""

    access = "user:admin"

    @endpoint(body=PeopleImportBody, reply=PeopleImportReply, status=201, errors=(ImportUnreadable,))
    def post(self, request: Request) -> HttpResponse:
        """Check a file: a dry run that says how many rows would go in, and what is wrong with the others."""
        lines = BytesIO(self.sent["csv"].encode())
        made = services.import_upload(actor=self.actor, filename=self.sent.get("filename", "people.csv"), lines=lines)
        reply = self.told(made.pk, status=201)
        reply.headers["Location"] = f"/api/v1/user-imports/{made.pk}"
        return reply


class PeopleImportView(PeopleImportBase):
    """One file of people."""

    access = "user:admin"

    @endpoint(reply=PeopleImportReply)
    def get(self, request: Request, import_id: UUID) -> HttpResponse:
        """Read an import that you uploaded; it is kept for two days."""
        return self.told(import_id)


class PeopleImportConfirmView(PeopleImportBase):
    """Doing it."""

    access = "user:admin"

    @endpoint(reply=PeopleImportReply, status=202, step_up=True, errors=(ImportGone,))
    def post(self, request: Request, import_id: UUID) -> HttpResponse:
        """Let a job put the ready rows in, all or none; confirmed again, it is the same job."""
        services.import_confirm(actor=self.actor, import_id=import_id)
        return self.told(import_id, status=202)
