"""Pages of clean-ups: the kinds, looking first, running, and what ran."""

from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from maintenance import cleaning
from maintenance.presenters import cleanup_charts as drawn
from maintenance.presenters import cleanups as presenters
from maintenance.selectors import cleanups as selectors
from maintenance.services import cleanups as services
from maintenance.views.files import history_file, run_file
from portal.kit import paging, registry
from portal.kit.errors import Invalid, NotFound
from portal.kit.views import PageView

HOURS_DIGITS = 6


class CleanupList(PageView):
    """The kinds of clean-ups, what each holds, and how it went last."""

    access = "cleanup:execute"
    template_name = "maintenance/cleanups.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """All declared cleanups by kind."""
        values = {
            "kinds": presenters.kinds(selectors.last_cleanups()),
            "deleted": drawn.deleted(),
            "all_url": reverse("maintenance:cleanup", args=[cleaning.EVERYTHING]),
            "history_url": reverse("maintenance:cleanup_history"),
        }
        return self.page(values)


class CleanupPreview(PageView):
    """Look at what a clean-up, a kind of them or all would remove; confirm just that."""

    access = "cleanup:execute"
    template_name = "maintenance/cleanup_preview.html"

    def dangerous(self, request: HttpRequest) -> bool:
        """Running everything at once is."""
        return request.method == "POST" and self.kwargs.get("name") == cleaning.EVERYTHING

    def get(self, request: HttpRequest, name: str) -> HttpResponse:
        """Count, bytes and a sample, by the age that is set or another."""
        problem = ""
        try:
            hours = _hours(request.GET.get("older_than_hours", ""))
            values = self._values(name, hours)
        except Invalid as error:
            problem = " ".join(text for texts in error.fields.values() for text in texts)
            values = self._values(name, None)
        values["preview_problem"] = problem
        template = self.template_name if "cleanup" in values else "maintenance/cleanup_overview.html"
        return self.page(values, template=template, status=422 if problem else 200)

    def post(self, request: HttpRequest, name: str) -> HttpResponse:
        """Queue what was confirmed and watch it. Everything at once is asked for a second time."""
        if name not in registry.cleanups:
            cleaning.members(name)
        token, word = request.POST.get("token", ""), request.POST.get("confirm_word", "")
        if name == cleaning.EVERYTHING and "confirm_word" not in request.POST:
            return self._ask_again(name, token)
        run_id = services.cleanup_start(actor=self.actor, name=name, token=token, word=word)
        return redirect("maintenance:job", run_id)

    def _ask_again(self, name: str, token: str) -> HttpResponse:
        found = cleaning.counted_again(actor=self.actor, name=name, token=token)
        previews = [presenters.preview_of(one) for one in found if one.count]
        values = {
            "previews": previews,
            "token": token,
            "word": cleaning.WORD,
            "run_url": reverse("maintenance:cleanup", args=[name]),
            "list_url": reverse("maintenance:cleanups"),
        }
        return self.page(values, template="maintenance/cleanup_confirm.html")

    def _values(self, name: str, hours: int | None) -> dict[str, Any]:
        shared = {"run_url": reverse("maintenance:cleanup", args=[name]), "list_url": reverse("maintenance:cleanups")}
        if name not in registry.cleanups:
            return shared | self._overview(cleaning.overview(actor=self.actor, name=name, hours=hours))
        found = cleaning.preview(actor=self.actor, name=name, hours=hours)
        shown = presenters.preview_of(found)
        vacuum = shown["is_vacuum"]
        label = _("Vacuum %(what)s") if vacuum else _("Delete %(what)s")
        return shared | {
            "cleanup": {"label": found.cleanup.label, "text": found.cleanup.description},
            "preview": shown,
            "run_label": label % {"what": shown["count_text"]},
            "warning": "" if vacuum else _("Deleted rows can only come back from a backup."),
            "confirm_word": cleaning.word_of(found),
            "history_url": f"{reverse('maintenance:cleanup_history')}?cleanup={name}",
        }

    def _overview(self, found: cleaning.Overview) -> dict[str, Any]:
        previews = [presenters.preview_of(one) for one in found.previews]
        going = [one for one in previews if one["count"]]
        return {
            "overview": {"name": found.name, "label": found.label, "text": found.text},
            "previews": previews,
            "going": len(going),
            "bytes": sum(one["bytes"] or 0 for one in going if not one["is_vacuum"]) or None,
            "token": found.token,
            "twice": found.name == cleaning.EVERYTHING,
            "confirm_word": "" if found.name == cleaning.EVERYTHING else found.word,
            "run_label": ngettext("Run %(n)d clean-up", "Run %(n)d clean-ups", len(previews)) % {"n": len(previews)},
        }


class CleanupHistory(PageView):
    """Everything that was cleaned up, with charts of what it is about."""

    access = "cleanup:execute"
    template_name = "maintenance/cleanup_history.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The newest first, of all or of one clean-up."""
        name = request.GET.get("cleanup", "")
        if name and name not in registry.cleanups:
            raise NotFound
        page = paging.of(request, selectors.history(self.actor, name=name), presenters.history_row)
        totals = selectors.totals(self.actor, drawn.DAYS)
        query = f"?cleanup={name}" if name else ""
        values = {
            "page": page,
            "chosen": selectors.labels().get(name, ""),
            "totals": totals,
            "charts": [] if name else drawn.charts_of(self.actor),
            "ranks": [] if name else drawn.ranks_of(),
            "files": [(kind, reverse(f"maintenance:cleanup_history_{kind}") + query) for kind in ("pdf", "csv")],
            "list_url": reverse("maintenance:cleanups"),
            "all_url": reverse("maintenance:cleanup_history"),
        }
        return self.page(values)


class CleanupHistoryFile(PageView):
    """What ran, as a file."""

    access = "cleanup:execute"
    kind: ClassVar[str] = "csv"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Every kept run of all clean-ups or of one."""
        name = request.GET.get("cleanup", "")
        if name and name not in registry.cleanups:
            raise NotFound
        return history_file(self.actor, self.kind, name)


class CleanupReport(PageView):
    """What came of one run, as a file."""

    access = "cleanup:execute"
    kind: ClassVar[str] = "csv"

    def get(self, request: HttpRequest, run_id: UUID) -> HttpResponse:
        """The report of one run that has ended."""
        return run_file(self.actor, self.kind, selectors.cleanup_run(self.actor, run_id))


def _hours(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= HOURS_DIGITS):
        raise Invalid(fields={"older_than_hours": [_("Write the age as a whole number of hours.")]})
    return int(text)
