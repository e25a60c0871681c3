"""Bulk actions of a list's page: confirm, run, undo. Each works as a page and, for htmx, as a part of one."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kit import errors
from portal.kit.decision import authorise
from portal.kit.errors import Invalid
from portal.kit.lists import bulk, counts
from portal.kit.lists.asked import Asked, ask
from portal.kit.lists.bulk import Selection
from portal.kit.lists.declare import Action, List
from portal.kit.lists.outcome import Outcome
from portal.kit.lists.query import ALL, values_of
from portal.kit.views import PageView

REASONS = 5  # Reasons that a message names; the rest is a number.


class Acts(PageView, abstract=True):
    """The part of a list's page that changes rows."""

    declared: ClassVar[List]

    def shown(self, asked: Asked, *, fragment: bool, **more: Any) -> HttpResponse:
        """The list as a page, or its changing part."""
        raise NotImplementedError

    def asked(self) -> Asked:
        """The question that was on the screen, as the posted form carries it."""
        return ask(self.declared, self.actor, self.request.path, values_of(self.request.POST.get("query", "")))

    def back(self, *, without: Sequence[str] = (), arranging: bool = False) -> HttpResponse:
        """To the list as it was, without some parameters."""
        asked = self.asked()
        view = [("view", str(asked.view.pk))] if asked.view else []
        pairs = [*asked.chosen.pairs(without=("cursor", *without)), *view]
        if not pairs and asked.starts_elsewhere:
            pairs = [("view", ALL)]
        if arranging:
            pairs.append(("arrange", "1"))
        return redirect(f"{self.request.path}?{urlencode(pairs)}" if pairs else self.request.path)

    def dangerous(self, request: HttpRequest) -> bool:
        """An action says itself whether it is; asked before its dialog, so that nothing is typed in vain."""
        todo, action = request.POST.get("do", ""), self.declared.action(request.POST.get("action", ""))
        return todo in {"act", "run"} and action is not None and action.step_up

    # ----- confirm

    def act(self, request: HttpRequest) -> HttpResponse:
        """Ask before an action: how many, what happens, and what it needs to know."""
        action = self._action()
        selection = self._selection()
        number = bulk.number(self.declared, self.actor, selection)
        return self._confirm(action, selection, number)

    def _confirm(
        self,
        action: Action,
        selection: Selection,
        number: int,
        *,
        before: int | None = None,
        error: Invalid | None = None,
        looked: Mapping[str, Any] | None = None,
    ) -> HttpResponse:
        form = _form(self, action, self.request.POST if error or looked is not None else None)
        if error is not None:
            for name, texts in error.fields.items():
                form.add_error(name if name in form.fields else None, [str(text) for text in texts])
        values = {
            "list_label": self.declared.label,
            "path": self.request.path,
            "action": action,
            "number": number,
            "items": self.declared.items(number),
            "question": action.question(number),
            "form": form,
            "ids": selection.ids,
            "all": selection.matching is not None,
            "query": self.request.POST.get("query", ""),
            "before": None if before is None else counts.text(before, bulk.MOST),
            "as_job": number > bulk.DIRECT,
            "can_look": action.look is not None and number <= bulk.DIRECT,
            "looked": looked is not None,
            **(looked or {}),
        }
        if self.request.headers.get("HX-Request"):
            reply = self.page(values, template="kit/list/_confirm.html")
            reply["HX-Retarget"] = "#list-dialog"
            return reply
        return self.page(values, template="kit/list/confirm.html", status=422 if error else 200)

    # ----- run

    def run(self, request: HttpRequest) -> HttpResponse:
        """Do it, unless the number of rows is no longer the one that was confirmed: then ask again."""
        action, selection = self._action(), self._selection()
        number = bulk.number(self.declared, self.actor, selection)
        confirmed = request.POST.get("number", "")
        if selection.matching is not None and confirmed != str(number):
            return self._confirm(
                action, selection, number, before=int(confirmed) if confirmed.isdecimal() and len(confirmed) < 9 else 0
            )
        values = {each.name: request.POST.get(each.name, "") for each in action.fields}
        try:
            if request.POST.get("look"):
                rows = selection.ids or bulk.selected(self.declared, self.actor, selection)
                told = bulk.rows_look(actor=self.actor, declared=self.declared, action=action, rows=rows, values=values)
                return self._confirm(action, selection, number, looked=told)
            if number > bulk.DIRECT:
                run_id = bulk.rows_enqueue(
                    actor=self.actor,
                    declared=self.declared,
                    action=action,
                    selection=selection,
                    values=values,
                    expected=number,
                )
                return self._queued(action, run_id, number)
            rows = selection.ids or bulk.selected(self.declared, self.actor, selection)
            outcome = bulk.rows_act(actor=self.actor, declared=self.declared, action=action, rows=rows, values=values)
        except Invalid as error:
            return self._confirm(action, selection, number, error=error)
        undo = bulk.undo_offer(self.declared, action, self.actor, outcome, values)
        return self._done(action, outcome, undo)

    def undo(self, request: HttpRequest) -> HttpResponse:
        """Take back what the toast told of."""
        action, outcome = bulk.rows_undo(actor=self.actor, declared=self.declared, token=request.POST.get("token", ""))
        return self._done(action, outcome, "")

    def _queued(self, action: Action, run_id: UUID, number: int) -> HttpResponse:
        told = {
            "tone": "info",
            "text": _("%(items)s: the work goes on in the background.") % {"items": self.declared.items(number)},
            "link": f"/platform/jobs/{run_id}",
        }
        return self._told(action, told)

    def _done(self, action: Action, outcome: Outcome, undo: str) -> HttpResponse:
        done, skipped = len(outcome.done), len(outcome.skipped)
        told = {
            "tone": "ok" if done else "warn",
            "text": action.done(done) if done else _("Nothing was changed."),
            "skipped": ngettext("%(count)d was left alone:", "%(count)d were left alone:", skipped) % {"count": skipped}
            if skipped
            else "",
            "reasons": _reasons(outcome),
            "undo": undo,
        }
        return self._told(action, told)

    def _told(self, action: Action, told: Mapping[str, Any]) -> HttpResponse:
        values: dict[str, Any] = {
            "told": told,
            "path": self.request.path,
            "query": self.request.POST.get("query", ""),
        }
        if self.request.headers.get("HX-Request"):
            reply = self.shown(self.asked(), fragment=True, **values)
            reply["HX-Retarget"] = "#list-body"
            return reply
        values |= {"list_label": self.declared.label, "action": action}
        return self.page(values, template="kit/list/done.html")

    # ----- what was sent

    def _action(self) -> Action:
        action = self.declared.action(self.request.POST.get("action", ""))
        if action is None:
            raise errors.BadRequest
        authorise(self.actor, action.code)
        return action

    def _selection(self) -> Selection:
        if self.request.POST.get("all"):
            return Selection(matching=self.asked().chosen)
        sent = dict.fromkeys(self.request.POST.getlist("ids"))
        if not sent:
            raise errors.BadRequest(_("Select at least one row."))
        if len(sent) > bulk.DIRECT:
            raise errors.BadRequest(_("Select fewer rows, or all that match."))
        try:
            return Selection(tuple(UUID(each) for each in sent))
        except ValueError as error:
            raise errors.BadRequest from error


def _reasons(outcome: Outcome) -> list[str]:
    """The reasons why rows were left alone, the most frequent first, each with its number."""
    times: dict[str, int] = {}
    for _id, reason in outcome.skipped:
        times[reason] = times.get(reason, 0) + 1
    most = sorted(times.items(), key=lambda item: -item[1])
    found = [f"{number} × {reason}" if number > 1 else reason for reason, number in most[:REASONS]]
    return [*found, "…"] if len(most) > REASONS else found


def _form(view: Acts, action: Action, data: Any) -> forms.Form:
    """The fields of an action as a form; it only shows them, `bulk` reads what was sent."""
    form = forms.Form(data, auto_id="act_%s")
    for each in action.fields:
        common: dict[str, Any] = {"label": each.label, "required": each.required, "help_text": each.help}
        if each.options is None:
            form.fields[each.name] = forms.CharField(max_length=each.limit, **common)
        else:
            empty = _("Choose") if each.required else _("None")
            form.fields[each.name] = forms.ChoiceField(choices=[("", empty), *each.options(view.actor)], **common)
    return form
