"""Endpoints of clean-ups: look, run, and what ran."""

from typing import ClassVar
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from maintenance import cleaning
from maintenance.api.cleanup_serializers import (
    CleanupBody,
    CleanupPreviewReply,
    CleanupRunReply,
    CleanupStatsReply,
    cleanup_run_body,
    preview_body,
    table_body,
)
from maintenance.api.schedule_serializers import ScheduleReply, schedule_body
from maintenance.api.serializers import RunWithLogReply, run_with_log_body
from maintenance.cleaning.keeping import LONGEST_HOURS
from maintenance.errors import NotConfirmed, PreviewStale
from maintenance.selectors import cleanups as selectors
from maintenance.selectors import runs, schedules, sizes
from maintenance.services import cleanups as services
from maintenance.services import reports
from maintenance.views.files import history_file, run_file
from portal.kit import access, limits, paging, registry
from portal.kit.api import ApiView, Parameter, endpoint, json, one_of, text
from portal.kit.errors import Invalid, NotFound

DAYS, MONTHS_DAYS = 30, 180


def _read_hours(given: str) -> int:
    if not (given.isascii() and given.isdigit() and len(given) <= 6 and int(given) <= LONGEST_HOURS):
        raise ValueError(str(_("Write an age in whole hours, such as 24.")))
    return int(given)


ONE = text("cleanup", _("Only runs of this clean-up, by its name."))
FORMAT = one_of("format", _("Kind of file; csv if none is named."), tuple(reports.TYPES))
OLDER_THAN = Parameter(
    "older_than_hours",
    _("Another age than the one that is set, in hours; never below the floor of a clean-up."),
    _read_hours,
    {"type": "integer", "minimum": 0, "maximum": LONGEST_HOURS},
    24,
)


class CleanupView(ApiView):
    """One kind of clean-ups, or all of them."""

    access = "cleanup:execute"
    kind: ClassVar[str] = cleaning.EVERYTHING

    @endpoint(query=(OLDER_THAN,), reply=CleanupPreviewReply, errors=(Invalid,))
    def get(self, request: Request) -> HttpResponse:
        """Preview: count, bytes and a sample of what would go now. It changes no row."""
        found = cleaning.overview(actor=self.actor, name=self.kind, hours=self.asked["older_than_hours"])
        return json(preview_body(found))

    @endpoint(body=CleanupBody, reply=RunWithLogReply, status=202, errors=(PreviewStale, NotConfirmed))
    def post(self, request: Request) -> HttpResponse:
        """Run it as a job. Send the token of a preview, or the kind's name in `confirm`; for `all` the token and the
        word `everything`. The age of a token is the one it was previewed with."""
        if self.kind == cleaning.EVERYTHING and not access.confirmed(self.who):
            raise access.ConfirmationRequired
        token, word, hours = self.sent.get("token"), self.sent.get("confirm", ""), self.sent.get("older_than_hours")
        if token is not None and hours is not None:
            raise Invalid(fields={"older_than_hours": [str(_("The token has its own age. Leave one of the two out."))]})
        if token is not None:
            run_id = services.cleanup_start(actor=self.actor, name=self.kind, token=token, word=word)
        elif self.kind == cleaning.EVERYTHING or word != self.kind:
            raise NotConfirmed(fields={"confirm": [self._how()]})
        else:
            run_id = services.cleanup_start_by_name(actor=self.actor, name=self.kind, hours=hours)
        return self.single(run_with_log_body(runs.run(self.actor, run_id)), status=202)

    def _how(self) -> str:
        if self.kind == cleaning.EVERYTHING:
            return str(_("Look at the preview first, then send its token, and in confirm the word: everything."))
        return str(_("Send the token of a preview, or write here: %(kind)s.")) % {"kind": self.kind}


class CleanupStatsView(ApiView):
    """Numbers about clean-ups."""

    access = "cleanup:execute"

    @endpoint(reply=CleanupStatsReply)
    def get(self, request: Request) -> HttpResponse:
        """What went in 30 days, what is past its time, and how large everything is."""
        sums = selectors.totals(self.actor, DAYS)
        return json(
            {
                **{name: sums[name] for name in ("runs", "failed", "deleted", "bytes", "busy_ms")},
                "bytes_returned": sums["returned"],
                "old": sizes.old_by_category(),
                "temp_files": dict(sizes.temp_files_by_size()),
                "deleted_by_day": [{"day": day, "deleted": gone} for day, gone in selectors.deleted_per_day(DAYS)],
                "tables": [table_body(one) for one in sizes.tables_now() if one.name],
                "database_by_day": [
                    {"day": day, "bytes": size} for day, size in sizes.database_by_day(self.actor, MONTHS_DAYS)
                ],
            }
        )


class HistoryBase(ApiView, abstract=True):
    """What the endpoints of the history share."""

    def name(self) -> str:
        """The clean-up that is asked for, "" for all; `NotFound` for one that there is not."""
        name: str = self.asked["cleanup"] or ""
        if name and name not in registry.cleanups:
            raise NotFound
        return name


class CleanupHistoryView(HistoryBase):
    """What ran."""

    access = "cleanup:execute"

    @endpoint(items=CleanupRunReply, query=(ONE,))
    def get(self, request: Request) -> HttpResponse:
        """List the runs of clean-ups, newest first, with what came of each clean-up."""
        rows = selectors.history(self.actor, name=self.name())
        page = paging.keyset(rows, self.asked["cursor"], size=self.asked["limit"])
        return self.listed(map(cleanup_run_body, page.items), page.next)


class CleanupHistoryFileView(HistoryBase):
    """What ran, as a file."""

    access = "cleanup:execute"

    @endpoint(file=", ".join(reports.TYPES.values()), query=(ONE, FORMAT), limit=limits.EXPORT)
    def get(self, request: Request) -> HttpResponse:
        """Download every kept run of all clean-ups, or of one."""
        return history_file(self.actor, self.asked["format"] or "csv", self.name())


class CleanupRunFileView(ApiView):
    """What came of one run, as a file."""

    access = "cleanup:execute"

    @endpoint(file=", ".join(reports.TYPES.values()), query=(FORMAT,), limit=limits.EXPORT)
    def get(self, request: Request, run_id: UUID) -> HttpResponse:
        """Download the report of one run. 404 while it has not ended."""
        return run_file(self.actor, self.asked["format"] or "csv", selectors.cleanup_run(self.actor, run_id))


class CleanupScheduleView(ApiView):
    """When clean-ups run by themselves."""

    access = "cleanup:execute"

    @endpoint(items=ScheduleReply)
    def get(self, request: Request) -> HttpResponse:
        """List the schedules of clean-ups, the next due first. They are changed under /schedules."""
        rows = schedules.schedule_rows(self.actor)
        mine = [row for row in rows if row.state.name in registry.cleanups]
        return self.listed(map(schedule_body, mine), None)
