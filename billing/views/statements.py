"""Bank statements: the list, importing a file, and matching one line."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.selectors import history_page
from billing.forms.ledger import AgainstForm, NoteForm, StatementForm
from billing.ledger import AccountRef
from billing.lists.ledger import statement_lines
from billing.models import StatementLine
from billing.presenters import ledger as presenters
from billing.selectors import ledger as selectors
from billing.services.statements import (
    statement_import,
    statement_line_ignore,
    statement_line_match,
    statement_line_post,
)
from portal.kit import errors
from portal.kit.decision import can
from portal.kit.detail import DetailPage, DetailView, Head, Tab, history_tab, parsed_id
from portal.kit.forms import refused
from portal.kit.lists.views import ListView
from portal.kit.views import PageView


class StatementsView(ListView):
    """Every line of a bank statement."""

    access = "ledger:read"
    declared = statement_lines

    def extra(self) -> dict[str, Any]:
        """What stands in the head."""
        values: dict[str, Any] = {"lead": _("What the bank says, line by line, and whether the books know of it.")}
        if can(self.actor, "ledger:admin"):
            url = reverse("billing:statement_import")
            values["head_actions"] = [{"label": _("Import statement"), "icon": "upload", "tone": "primary", "url": url}]
        return values


class StatementImportView(PageView):
    """Import a file of a bank."""

    access = "ledger:admin"
    template_name = "billing/statement_import.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form."""
        return self._form(StatementForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Import it whole, or say which line cannot be read."""
        form = StatementForm(request.POST, request.FILES)
        if not form.is_valid():
            return self._form(form, status=422)
        sent = form.cleaned_data
        try:
            done = statement_import(actor=self.actor, bank=sent["bank"], text=sent["file"])
        except errors.Invalid as error:
            form.add_error("file", str(error.detail))
            return self._form(form, status=422)
        messages.success(
            request, _("%(added)d new lines; %(known)d were here already.") % {"added": done.added, "known": done.known}
        )
        return redirect("billing:statements")

    def _form(self, form: StatementForm, *, status: int = 200) -> HttpResponse:
        values = {"form": form, "banks": selectors.banks(self.actor), "list_url": reverse("billing:statements")}
        return self.page(values, status=status)


def _overview(view: DetailPage[Any], target: StatementLine) -> Mapping[str, Any]:
    row = presenters.StatementRow(target)
    facts: list[dict[str, Any]] = [
        {"label": _("Amount"), "value": row.amount},
        {"label": _("Booked"), "value": row.booked},
        {"label": _("Bank account"), "value": f"assets:bank:{target.bank}", "mono": True},
        {"label": _("Counterparty"), "value": target.counterparty or "\N{EN DASH}"},
        {"label": _("Reference"), "value": target.reference or "\N{EN DASH}"},
    ]
    if target.journal is not None:
        url = reverse("billing:journal", args=[target.journal_id])
        facts.append({"label": _("Journal"), "value": str(target.journal), "url": url})
    if target.note:
        facts.append({"label": _("Reason"), "value": target.note})
    may = target.state == StatementLine.State.OPEN and can(view.actor, "ledger:admin").allowed
    found = selectors.suggestions(view.actor, target) if may else []
    return {
        "facts": facts,
        "may_settle": may,
        "suggested": presenters.journal_rows(view.actor, found),
        "form": AgainstForm(initial={"reference": target.reference[:80]}),
        "paths": selectors.paths(view.actor) if may else [],
        "act_url": view.address(target),
    }


class StatementLineBase(DetailPage[StatementLine], abstract=True):
    """What the page of a line and the acts upon it share."""

    tabs = (
        Tab("overview", gettext_lazy("Overview"), "billing/_statement_line.html", _overview),
        history_tab(history_page),
    )

    def find(self, key: UUID) -> StatementLine:
        """The line."""
        return selectors.statement_line(self.actor, key)

    def address(self, target: StatementLine) -> str:
        """Its page."""
        return reverse("billing:statement_line", args=[target.pk])

    def head(self, target: StatementLine) -> Head:
        """Who it was with, its state, and setting it aside."""
        row = presenters.StatementRow(target)
        may = target.state == StatementLine.State.OPEN and can(self.actor, "ledger:admin").allowed
        dialog = {
            "id": "ignore",
            "url": f"{self.address(target)}/ignore",
            "title": _("Set this line aside?"),
            "text": _("The books need nothing of it. The reason stands beside it; that cannot be undone."),
            "confirm_label": _("Set aside"),
            "glyph": "eye-off",
            "form": NoteForm(),
        }
        return Head(
            title=row.label,
            subtitle=f"{row.amount} · {row.booked}",
            states=[(row.tone, row.state)],
            actions=[{"label": _("Set aside"), "icon": "eye-off", "dialog": "ignore"}] if may else [],
            dialogs=[dialog] if may else [],
            crumbs=[(_("Ledger"), reverse("billing:ledger")), (_("Bank statements"), reverse("billing:statements"))],
            glyph="card",
        )


class StatementLineView(StatementLineBase, DetailView[StatementLine]):
    """One line, and what it may belong to."""

    access = "ledger:read"


class StatementActBase(StatementLineBase, abstract=True):
    """An act upon a line: done, or the page says why not."""

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Do it and go back to the line."""
        target = self.find(key)
        try:
            refusal = self.act(target)
        except errors.Conflict as error:
            return self.conflict(target, error)
        if refusal is not None:
            return refusal
        messages.success(request, _("The line is settled."))
        return redirect(self.address(target))

    def act(self, target: StatementLine) -> HttpResponse | None:
        """Do it; a page for a form that is not right."""
        raise NotImplementedError


class StatementMatchView(StatementActBase):
    """Match a line with a journal."""

    access = "ledger:admin"

    def act(self, target: StatementLine) -> HttpResponse | None:
        """With the journal that the form names."""
        found = selectors.journal(self.actor, parsed_id(self.request.POST.get("journal", "")))
        statement_line_match(actor=self.actor, line=target, journal=found)
        return None


class StatementPostView(StatementActBase):
    """Post what a line says."""

    access = "ledger:admin"

    def act(self, target: StatementLine) -> HttpResponse | None:
        """Against the account of the form."""
        form = AgainstForm(self.request.POST)
        if not form.is_valid():
            return self.detail(target, status=422, form=form)
        sent = form.cleaned_data
        try:
            against = AccountRef(sent["path"], target.currency)
            statement_line_post(actor=self.actor, line=target, against=against, reference=sent["reference"])
        except errors.Invalid as error:
            refused(form, error)
            return self.detail(target, status=422, form=form)
        return None


class StatementIgnoreView(StatementActBase):
    """Set a line aside."""

    access = "ledger:admin"

    def act(self, target: StatementLine) -> HttpResponse | None:
        """For the reason of the form."""
        form = NoteForm(self.request.POST)
        if not form.is_valid():
            notice = {"tone": "bad", "title": _("Give a reason"), "text": _("Say why the books need nothing of it.")}
            return self.detail(target, status=422, notice=notice)
        statement_line_ignore(actor=self.actor, line=target, note=form.cleaned_data["note"])
        return None
