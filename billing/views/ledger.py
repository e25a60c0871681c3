"""The ledger's console: accounts, journals, reports and closing the books."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.selectors import history_page
from billing.forms.ledger import ClosingForm, JournalForm, ReverseForm
from billing.lists.ledger import accounts, journals
from billing.models import Journal, LedgerAccount
from billing.presenters import ledger as presenters
from billing.presenters import ledger_reports as reports
from billing.selectors import ledger as selectors
from billing.selectors.totals import totals
from billing.services.ledger import journal_post, journal_reverse, period_close, period_reopen
from billing.times import end_of
from portal.kit import clock, errors, paging
from portal.kit.decision import can
from portal.kit.detail import DetailPage, DetailView, Head, Tab, history_tab
from portal.kit.forms import refused
from portal.kit.ids import uuid7
from portal.kit.lists.views import ListView
from portal.kit.preferences import day_text
from portal.kit.views import PageView

Page = dict[str, Any]


def noon(day: date) -> datetime:
    """The middle of a day of UTC, when what people date by a day happened."""
    return datetime.combine(day, time(12), UTC)


class BooksPage(PageView, abstract=True):
    """What pages about one currency of one kind of books share."""

    def books(self, request: HttpRequest) -> tuple[bool, str, Page]:
        """Sandboxes or not, the currency, and the context to choose both."""
        sandbox = request.GET.get("books") == "sandbox"
        known = selectors.currencies(self.actor, sandbox=sandbox)
        asked = request.GET.get("currency", "")
        currency = asked if asked in known else known[0] if known else ""
        kept = {name: request.GET[name] for name in ("from", "to", "against") if name in request.GET}

        def tab(label: str, *, current: bool, **values: str) -> Page:
            return {"label": label, "current": current, "url": f"?{urlencode({**kept, **values})}", "count": None}

        books = "sandbox" if sandbox else "real"
        return (
            sandbox,
            currency,
            {
                "book_tabs": [
                    tab(_("Real books"), current=not sandbox, books="real"),
                    tab(_("Sandboxes"), current=sandbox, books="sandbox"),
                ],
                "currency_tabs": [tab(one, current=one == currency, books=books, currency=one) for one in known],
                "currency": currency,
                "books": books,
            },
        )


class LedgerView(BooksPage):
    """The chart of accounts with what stands on each."""

    access = "ledger:read"
    template_name = "billing/ledger.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The tree of one currency."""
        sandbox, currency, values = self.books(request)
        found = totals(self.actor, currency, sandbox=sandbox) if currency else []
        until = selectors.closed_until(self.actor, sandbox=sandbox)
        return self.page(
            values
            | {
                "groups": reports.groups(found, currency),
                "may_post": can(self.actor, "ledger:admin").allowed,
                "closed_until": day_text((until - timedelta(days=1)).date()) if until else None,
            }
        )


class AccountsView(ListView):
    """Every account."""

    access = "ledger:read"
    declared = accounts

    def extra(self) -> dict[str, Any]:
        """What stands in the head."""
        return {"lead": _("Every account with its balance. The first posting to one opens it.")}


def _entries(view: DetailPage[Any], target: LedgerAccount) -> Mapping[str, Any]:
    text = view.request.GET.get("before", "")
    if text and not (text.isascii() and text.isdigit() and len(text) < 19):
        raise errors.CursorMalformed
    found, after = selectors.entries_page(view.actor, target, before=int(text) if text else None)
    row = presenters.account_rows(view.actor, [target])[0]
    held = selectors.standing(target)
    return {
        "facts": [
            *presenters.whose(view.actor, target),
            {"label": _("Balance"), "value": row.balance},
            {"label": _("Set aside"), "value": presenters.money(held.pending_out, target.currency)},
            {"label": _("Kind"), "value": row.kind},
            {"label": _("Currency"), "value": target.currency},
            {"label": _("Books"), "value": row.books},
            {"label": _("Path"), "value": target.path, "mono": True},
            {"label": _("Opened"), "when": target.created_at, "style": "exact"},
        ],
        "entries": presenters.entry_rows(view.actor, found, running=True),
        "striped": target.stripes > 1,
        "entries_pager": paging.Shown(found, None, f"{view.address(target)}?before={after}" if after else None),
        "open_items": [
            (name or _("Without reference"), presenters.money(amount, target.currency))
            for name, amount in selectors.open_items(view.actor, selectors.ref_of(target))[:20]
        ]
        if target.customer_id
        else [],
    }


class AccountView(DetailView[LedgerAccount]):
    """One account with its entries."""

    access = "ledger:read"
    tabs = (Tab("entries", gettext_lazy("Entries"), "billing/_account_entries.html", _entries),)

    def find(self, key: UUID) -> LedgerAccount:
        """The account."""
        return selectors.account(self.actor, key)

    def address(self, target: LedgerAccount) -> str:
        """Its page."""
        return reverse("billing:ledger_account", args=[target.pk])

    def head(self, target: LedgerAccount) -> Head:
        """Name and path."""
        return Head(
            title=presenters.label_of(target, selectors.names_of(self.actor, [target])),
            subtitle=f"{target.path} · {target.currency}",
            states=[("warn", _("Sandboxes"))] if target.sandbox else [],
            crumbs=[(_("Ledger"), reverse("billing:ledger")), (_("Accounts"), reverse("billing:ledger_accounts"))],
            glyph="columns",
        )


class JournalsView(ListView):
    """Every journal."""

    access = "ledger:read"
    declared = journals

    def extra(self) -> dict[str, Any]:
        """What stands in the head."""
        values: dict[str, Any] = {"lead": _("Everything that moved money, in the order in which it happened.")}
        if can(self.actor, "ledger:admin"):
            url = reverse("billing:journal_new")
            values["head_actions"] = [{"label": _("Post a journal"), "icon": "plus", "tone": "primary", "url": url}]
        return values


class JournalNewView(PageView):
    """Post a journal by hand."""

    access = "ledger:admin"
    template_name = "billing/journal_form.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form."""
        paths = selectors.paths(self.actor)
        known = selectors.currencies(self.actor) or ["EUR"]
        values = {"key": uuid7(), "happened_on": clock.now().date(), "currency": known[0]}
        return self._form(JournalForm(initial=values, paths=paths))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Post it; sent again, it is the same journal."""
        form = JournalForm(request.POST, paths=selectors.paths(self.actor))
        if not form.is_valid():
            return self._form(form, status=422)
        sent = form.cleaned_data
        try:
            made = journal_post(
                actor=self.actor,
                key=str(sent["key"]),
                event_at=noon(sent["happened_on"]),
                description=sent["description"],
                lines=form.lines(),
                reason=sent["reason"],
            )
        except errors.StewardError as error:
            refused(form, error)
            return self._form(form, status=error.status)
        messages.success(request, _("The journal is posted."))
        return redirect("billing:journal", made.pk)

    def _form(self, form: JournalForm, *, status: int = 200) -> HttpResponse:
        return self.page({"form": form, "list_url": reverse("billing:journals")}, status=status)


def _journal(view: DetailPage[Any], target: Journal) -> Mapping[str, Any]:
    found = selectors.entries_of(view.actor, target)
    taken = selectors.reversal_of(view.actor, target)
    facts: list[Page] = [
        {"label": _("Kind"), "value": presenters.kind_of(target)},
        {"label": _("Happened"), "when": target.event_at, "style": "exact"},
        {"label": _("Recorded"), "when": target.recorded_at, "style": "exact"},
        {"label": _("Key"), "value": target.key, "mono": True},
    ]
    facts += presenters.document_fact(target)
    for label, other in ((_("Reverses"), target.reverses), (_("Reversed by"), taken)):
        if other is not None:
            facts.append({"label": label, "value": str(other), "url": reverse("billing:journal", args=[other.pk])})
    return {"facts": facts, "entries": presenters.entry_rows(view.actor, found, running=False)}


class JournalBase(DetailPage[Journal], abstract=True):
    """What the page of a journal and the act upon it share."""

    tabs = (
        Tab("entries", gettext_lazy("Entries"), "billing/_journal_entries.html", _journal),
        history_tab(history_page),
    )

    def find(self, key: UUID) -> Journal:
        """The journal."""
        return selectors.journal(self.actor, key)

    def address(self, target: Journal) -> str:
        """Its page."""
        return reverse("billing:journal", args=[target.pk])

    def head(self, target: Journal, form: ReverseForm | None = None) -> Head:
        """What it says, and the button that takes it back."""
        taken = selectors.reversal_of(self.actor, target)
        may = can(self.actor, "ledger:admin").allowed and taken is None
        dialog = {
            "id": "reverse",
            "url": f"{self.address(target)}/reverse",
            "title": _("Reverse this journal?"),
            "text": _("A second journal takes back every entry. Both stay in the books, linked; it can be done once."),
            "confirm_label": _("Reverse"),
            "glyph": "refresh",
            "form": form or ReverseForm(initial={"happened_on": clock.now().date()}),
            "open": form is not None,
        }
        return Head(
            title=str(target),
            subtitle=target.key,
            states=[("warn", _("Reversed"))] if taken else [],
            actions=[{"label": _("Reverse"), "icon": "refresh", "dialog": "reverse"}] if may else [],
            dialogs=[dialog] if may else [],
            crumbs=[(_("Ledger"), reverse("billing:ledger")), (_("Journals"), reverse("billing:journals"))],
            glyph="document",
        )


class JournalView(JournalBase, DetailView[Journal]):
    """One journal with its entries."""

    access = "ledger:read"


class JournalReverseView(JournalBase):
    """Take a journal back."""

    access = "ledger:admin"

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Post the journal that reverses it, and go there."""
        target = self.find(key)
        form = ReverseForm(request.POST)
        if not form.is_valid():
            return self.detail(target, status=422, head=self.head(target, form))
        sent = form.cleaned_data
        try:
            made = journal_reverse(
                actor=self.actor, journal=target, event_at=noon(sent["happened_on"]), reason=sent["reason"]
            )
        except errors.Conflict as error:
            return self.conflict(target, error)
        messages.success(request, _("The journal is reversed."))
        return redirect("billing:journal", made.pk)


class ClosingsView(PageView):
    """Closing the books, and opening them again."""

    access = "ledger:read"
    template_name = "billing/closings.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Up to when they are closed, and who decided what."""
        return self._page(ClosingForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        """`close` or `reopen`."""
        act = {"close": period_close, "reopen": period_reopen}.get(request.POST.get("do", ""))
        if act is None:
            raise errors.BadRequest
        form = ClosingForm(request.POST)
        if not form.is_valid():
            return self._page(form, status=422)
        try:
            act(actor=self.actor, until=end_of(form.cleaned_data["until"]), reason=form.cleaned_data["reason"])
        except (errors.Conflict, errors.Invalid) as error:
            refused(form, error)
            return self._page(form, status=error.status)
        messages.success(request, _("It is noted, and holds from now on."))
        return redirect("billing:closings")

    def _page(self, form: ClosingForm, *, status: int = 200) -> HttpResponse:
        until = selectors.closed_until(self.actor)
        rows = [
            {
                "tone": "warn" if one.reopens else "ok",
                "label": _("Opened again") if one.reopens else _("Closed"),
                "day": day_text((one.until - timedelta(days=1)).date()),
                "reason": one.reason,
                "by": one.by_label,
                "at": one.recorded_at,
                "books": _("Sandboxes") if one.sandbox else _("Real books"),
            }
            for one in selectors.closings(self.actor)[:50]
        ]
        may = can(self.actor, "ledger:admin").allowed
        day = day_text((until - timedelta(days=1)).date()) if until else None
        return self.page({"form": form, "rows": rows, "closed_until": day, "may_close": may}, status=status)
