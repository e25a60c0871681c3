"""Importing customers and running subscriptions over the API: a dry run first, then confirmed."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from billing.customer_csv import MOST_BYTES, SAMPLE
from billing.errors.customers import ImportGone, NoLegalEntity
from billing.models import CustomerImport
from billing.selectors.imports import customer_import
from billing.services import customer_imports as services
from portal.kit.api import ApiView, Body, Reply, endpoint, json

_ID = "01890000-0000-7000-8000-0000000000f1"
_ROW = {"line": 3, "column": "plan", "value": "gold", "reason": "No plan with this code is sold in EUR."}


class ImportBody(Body):
    """A file to check."""

    csv = serializers.CharField(max_length=MOST_BYTES, help_text="The whole file; its first line names the columns.")
    filename = serializers.CharField(max_length=200, required=False)
    example = {"csv": SAMPLE, "filename": "customers.csv"}


class ImportReply(Reply):
    """What a file would do, or did. Nothing is made before it is confirmed."""

    id = serializers.UUIDField()
    filename = serializers.CharField()
    state = serializers.ChoiceField(choices=CustomerImport.State.values)
    ready = serializers.ListField(child=serializers.CharField(), help_text="External ids of rows that go in.")
    known = serializers.ListField(child=serializers.CharField(), help_text="External ids of rows that are in already.")
    refused = serializers.JSONField(help_text="What is wrong with the others: line, column, value, reason.")
    failed = serializers.JSONField(help_text="What the run could not do: line, column, value, reason.")
    run_id = serializers.UUIDField(allow_null=True, help_text="The job that does it.")
    created_at = serializers.DateTimeField()
    example = {
        "id": _ID,
        "filename": "customers.csv",
        "state": "preview",
        "ready": ["old-1001"],
        "known": [],
        "refused": [_ROW],
        "failed": [],
        "run_id": None,
        "created_at": "2026-01-31T08:30:00Z",
    }


def import_body(found: CustomerImport) -> dict[str, Any]:
    """An import as the API tells it."""
    names = ("line", "column", "value", "reason")
    return {
        "id": found.pk,
        "filename": found.filename,
        "state": found.state,
        "ready": [values["external_id"] for _line, values in found.accepted],
        "known": [known for _line, known in found.known],
        "refused": [dict(zip(names, row, strict=True)) for row in found.refused],
        "failed": [
            dict(zip(names, (line, "external_id", value, why), strict=True)) for line, value, why in found.failed
        ],
        "run_id": found.run_id,
        "created_at": found.created_at,
    }


class CustomerImportsView(ApiView):
    """Files of customers."""

    access = "subscription:admin"

    @endpoint(body=ImportBody, reply=ImportReply, status=201, errors=(NoLegalEntity,))
    def post(self, request: Request) -> HttpResponse:
        """Check a file: a dry run that says of each row whether it would go in, and else what to do."""
        content = str(self.sent["csv"]).encode()
        made = services.import_upload(
            actor=self.actor, filename=self.sent.get("filename", "customers.csv"), content=content
        )
        reply = json(import_body(made), status=201)
        reply.headers["Location"] = f"/api/v1/customer-imports/{made.pk}"
        return reply


class CustomerImportView(ApiView):
    """One file of customers."""

    access = "subscription:admin"

    @endpoint(reply=ImportReply)
    def get(self, request: Request, import_id: UUID) -> HttpResponse:
        """Read an import that you uploaded; it is kept for two days."""
        return json(import_body(customer_import(self.actor, import_id)))


class CustomerImportConfirmView(ApiView):
    """Doing it."""

    access = "subscription:admin"

    @endpoint(reply=ImportReply, status=202, errors=(ImportGone,))
    def post(self, request: Request, import_id: UUID) -> HttpResponse:
        """Let a job put the ready rows in, each by itself; confirmed again, it is the same job."""
        services.import_confirm(actor=self.actor, import_id=import_id)
        return json(import_body(customer_import(self.actor, import_id)), status=202)
