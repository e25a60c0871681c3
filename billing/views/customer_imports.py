"""Importing customers and running subscriptions: upload, look, confirm."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from billing.customer_csv import SAMPLE
from billing.forms.imports import ImportForm
from billing.presenters import imports as shown
from billing.selectors.imports import customer_import
from billing.services import customer_imports as services
from portal.kit import errors
from portal.kit.views import PageView


class CustomerImportNewView(PageView):
    """Upload a file."""

    access = "subscription:admin"
    template_name = "billing/customer_import_new.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form."""
        return self._form(ImportForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Check the file and go to what it would do; a file that is no CSV of customers comes back with the reason."""
        form = ImportForm(request.POST, request.FILES)
        if not form.is_valid():
            return self._form(form, status=422)
        name = form.filename
        try:
            found = services.import_upload(actor=self.actor, filename=name, content=form.cleaned_data["file"])
        except (errors.Invalid, errors.Conflict) as error:
            form.add_error("file", str(error.detail))
            return self._form(form, status=error.status)
        return redirect("billing:customer_import", found.pk)

    def _form(self, form: ImportForm, *, status: int = 200) -> HttpResponse:
        values = {
            "form": form,
            "columns": shown.columns(),
            "sample_url": reverse("billing:customer_import_sample"),
            "list_url": reverse("billing:customers"),
        }
        return self.page(values, status=status)


class CustomerImportSampleView(PageView):
    """A file to start from."""

    access = "subscription:admin"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The sample; its mark tells spreadsheets that it is UTF-8."""
        reply = HttpResponse("\ufeff" + SAMPLE, content_type="text/csv; charset=utf-8")
        reply["Content-Disposition"] = 'attachment; filename="customers.csv"'
        return reply


class CustomerImportView(PageView):
    """What an uploaded file would do, or did."""

    access = "subscription:admin"
    template_name = "billing/customer_import.html"

    def get(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """The dry run, row by row; once confirmed, the way to its run and what that could not do."""
        found = customer_import(self.actor, key)
        values = {
            "import": found,
            "ready": shown.ready_rows(found),
            "ready_count": len(found.accepted),
            "known_count": len(found.known),
            "refused": shown.refused_rows(found),
            "refused_count": len({row[0] for row in found.refused}),
            "failed": shown.failed_rows(found),
            **shown.more_rows(found),
            "run_url": f"/platform/jobs/{found.run_id}" if found.run_id else "",
            "confirm_url": reverse("billing:customer_import_confirm", args=[found.pk]),
            "again_url": reverse("billing:customer_import_new"),
            "list_url": reverse("billing:customers"),
        }
        return self.page(values)


class CustomerImportConfirmView(PageView):
    """Confirm an import."""

    access = "subscription:admin"
    step_up = True

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Queue the job and go to its page, which shows how far it is and can cancel it."""
        return redirect(f"/platform/jobs/{services.import_confirm(actor=self.actor, import_id=key)}")
