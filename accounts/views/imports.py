"""Importing people from a CSV: upload, look, confirm."""

import csv
import io
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import rules, selectors
from accounts.forms import ImportForm
from accounts.selectors import ImportPreview
from accounts.services import imports
from portal.kit import errors
from portal.kit.views import PageView

SAMPLE = "name,username,email\r\nAda Lovelace,ada,ada@example.org\r\nGrace Hopper,grace,grace@example.org\r\n"
_RUNNABLE = ("=", "+", "-", "@", "\t", "\r")


class ImportView(PageView):
    """Upload a file."""

    access = "user:admin"
    template_name = "accounts/import.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form."""
        return self._form(ImportForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Check the file and go to the preview; a file that is no CSV of people comes back with the reason."""
        form = ImportForm(request.POST, request.FILES)
        if not form.is_valid():
            return self._form(form, status=422)
        file = form.cleaned_data["file"]
        try:
            found = imports.import_upload(actor=self.actor, filename=file.name or "", lines=file)
        except errors.Invalid as error:
            form.add_error("file", str(error.detail))
            return self._form(form, status=error.status)
        return redirect("accounts:import", found.pk)

    def _form(self, form: ImportForm, *, status: int = 200) -> HttpResponse:
        columns = [
            {"name": "name", "required": True, "text": _("How the person is called."), "example": "Ada Lovelace"},
            {
                "name": "username",
                "required": True,
                "text": _("Unique; lower-case letters, digits, dots, hyphens, underscores."),
                "example": "ada",
            },
            {"name": "email", "required": True, "text": _("Unique, too."), "example": "ada@example.org"},
        ]
        values = {
            "form": form,
            "columns": columns,
            "sample_url": reverse("accounts:import_sample"),
            "list_url": reverse("accounts:people"),
            "limit_text": _(
                "The first line names the columns, in any order; other columns are left out. "
                "Separated by comma, semicolon or tab."
            ),
        }
        return self.page(values, status=status)


class ImportSampleView(PageView):
    """A file to start from."""

    access = "user:admin"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The sample."""
        return _download(SAMPLE, "people.csv")


class ImportPreviewView(PageView):
    """What an uploaded file holds, before anything is done."""

    access = "user:admin"
    template_name = "accounts/import_preview.html"

    def get(self, request: HttpRequest, import_id: UUID) -> HttpResponse:
        """The preview; once confirmed, the run that does it."""
        found = selectors.import_preview(self.actor, import_id)
        if found.run_id is not None:
            return redirect(_run_url(found.run_id))
        return self.page(self._values(found))

    def _values(self, found: ImportPreview) -> dict[str, Any]:
        where = reverse("accounts:import_new")
        return {
            "file_name": found.filename,
            "ready_count": found.accepted_count,
            "refused_count": found.refused_rows,
            "total_count": found.accepted_count + found.refused_rows,
            "refused": [_refused_row(row) for row in found.refused],
            "refused_more": max(found.refused_count - len(found.refused), 0),
            "ignored": found.ignored,
            "columns": [_("Name"), _("User name"), _("E-mail address")],
            "ready": [{"line": line, "cells": cells} for line, *cells in found.accepted],
            "ready_more": max(found.accepted_count - len(found.accepted), 0),
            "confirm_url": reverse("accounts:import_confirm", args=[found.id]),
            "refused_url": reverse("accounts:import_refused", args=[found.id]),
            "again_url": where,
            "list_url": reverse("accounts:people"),
        }


class ImportRefusedView(PageView):
    """The refused rows as a file."""

    access = "user:admin"

    def get(self, request: HttpRequest, import_id: UUID) -> HttpResponse:
        """Every refused value with its line and reason."""
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(["line", "field", "value", "reason"])
        for row in map(_refused_row, selectors.import_refused(self.actor, import_id)):
            writer.writerow([row["line"], inert(row["field"]), inert(row["value"]), inert(row["reason"])])
        return _download(text.getvalue(), "refused-rows.csv")


class ImportConfirmView(PageView):
    """Confirm an import."""

    access = "user:admin"
    step_up = True

    def post(self, request: HttpRequest, import_id: UUID) -> HttpResponse:
        """Queue the job and go to its page; confirming again leads to the same run."""
        return redirect(_run_url(imports.import_confirm(actor=self.actor, import_id=import_id)))


def inert(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_RUNNABLE) else cell


def _refused_row(row: list[Any]) -> dict[str, Any]:
    line, field, value, code = row
    return {"line": line, "field": field, "value": value, "reason": rules.reason_text(code, field)}


def _download(text: str, name: str) -> HttpResponse:
    # The mark tells spreadsheets that it is UTF-8.
    reply = HttpResponse("\ufeff" + text, content_type="text/csv; charset=utf-8")
    reply["Content-Disposition"] = f'attachment; filename="{name}"'
    return reply


def _run_url(run_id: UUID) -> str:
    # The page belongs to the room of upkeep, which is a sibling: its address is known, its code is not.
    return f"/platform/jobs/{run_id}"
