"""Reports of clean-ups as files. Each file that leaves is an event."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from maintenance.models import JobRun
from maintenance.presenters import cleanups as words
from maintenance.presenters import runs as run_words
from maintenance.selectors import cleanups as selectors
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.errors import NotFound
from portal.kit.lists.export import table_csv
from portal.kit.pdf import Report, Sheet, pdf
from portal.kit.record import record
from portal.kit.services import writing
from portal.kit.templatetags.kit import duration, size

RIGHT = "cleanup:execute"
MOST = 2_000  # Runs of one file: years of them.
TYPES = {"csv": "text/csv; charset=utf-8", "pdf": "application/pdf"}


def history_export(*, actor: Actor, kind: str, name: str = "") -> bytes:
    """All kept runs of clean-ups (of one, where `name` says so) as CSV or PDF. Event `maintenance.cleanup.exported`."""
    authorise(actor, RIGHT)
    runs = list(selectors.history(actor, name=name)[:MOST])
    whole = _csv(runs) if kind == "csv" else pdf(_history(runs, selectors.labels().get(name, "")))
    _told({"format": kind, "runs": len(runs), "cleanup": name})
    return whole


def result_export(*, actor: Actor, run: JobRun, kind: str) -> bytes:
    """The report of one run as CSV or PDF; `NotFound` while it has not ended. Event `maintenance.cleanup.exported`."""
    authorise(actor, RIGHT)
    if run.is_live:
        raise NotFound(_("This clean-up has not ended yet. Its report is there when it has."))
    whole = _csv([run]) if kind == "csv" else pdf(_result(run))
    _told({"format": kind, "runs": 1, "run": str(run.pk)})
    return whole


def _told(data: dict[str, Any]) -> None:
    with writing():
        record("maintenance.cleanup.exported", data=data)


def _csv(runs: Sequence[JobRun]) -> bytes:
    return table_csv(words.COLUMNS, words.report_rows(runs))


def _result(run: JobRun) -> Report:
    found = selectors.outcomes(run)
    facts = [words.facts_of(outcome) for outcome in found]
    results = [outcome.result or {} for outcome in found]
    ended = timezone.localtime(run.finished_at).strftime("%Y-%m-%d %H:%M") if run.finished_at else "–"
    errors = [f"{fact['label']}: {fact['error']}" for fact in facts if fact["error"]]
    return Report(
        title=run_words.title_of(run),
        subtitle=_("%(state)s on %(when)s, started by %(who)s. Run %(id)s.")
        % {
            "state": str(JobRun.State(run.state).label),
            "when": ended,
            "who": run_words.started_by(run),
            "id": str(run.pk),
        },
        figures=[
            (_("Removed"), words.history_row(run).gone or "0"),
            (_("Space made free"), str(size(_sum(results, "bytes")))),
            (_("Of it back to the system"), str(size(_sum(results, "returned")))),
            (_("Took"), str(duration(run.elapsed.total_seconds() if run.elapsed else None))),
        ],
        sheets=[
            Sheet(
                _("What went"),
                [_("Clean-up"), _("Removed"), _("Older than"), _("Busy"), _("Left")],
                [[fact["label"], fact["gone"], fact["older_than"], fact["busy"], fact["left"]] for fact in facts],
                [4, 2, 2.4, 1.4, 1.2],
                frozenset({1, 3, 4}),
            ),
            Sheet(
                _("Space"),
                [_("Clean-up"), _("Before"), _("After"), _("Back to the system"), _("Free for new rows")],
                [[fact["label"], fact["before"], fact["after"], fact["returned"], fact["reusable"]] for fact in facts],
                [4, 1.6, 1.6, 2, 2],
                frozenset({1, 2, 3, 4}),
            ),
        ],
        notes=[
            *errors,
            *([run.error] if run.error else []),
            _("Space of deleted rows is filled by new ones; the files shrink only when whole partitions or files go."),
            _("The audit trail keeps the count and a SHA-256 of the removed keys of each clean-up."),
        ],
    )


def _history(runs: Sequence[JobRun], label: str) -> Report:
    rows = [words.history_row(run) for run in runs]
    results = [outcome.result or {} for run in runs for outcome in selectors.outcomes(run)]
    failed = sum(run.state == JobRun.State.FAILED for run in runs)
    return Report(
        title=_("Clean-ups: %(what)s") % {"what": label} if label else _("Clean-ups"),
        subtitle=_("Every run that is kept, newest first. Jobs are kept for 90 days, the audit trail has the rest."),
        figures=[
            (_("Runs"), f"{len(runs):,}"),
            (_("Removed"), f"{_sum(results, 'deleted'):,}"),
            (_("Space made free"), str(size(_sum(results, "bytes")))),
            (_("Failed"), f"{failed:,}"),
        ],
        sheets=[
            Sheet(
                _("Runs"),
                [_("When"), _("Clean-up"), _("State"), _("Removed"), _("Space"), _("Took"), _("Started by")],
                [
                    [
                        timezone.localtime(row.when).strftime("%Y-%m-%d %H:%M"),
                        row.title,
                        row.state_label,
                        row.gone or "–",
                        str(size(row.bytes)),
                        str(duration(row.seconds)),
                        row.started_by,
                    ]
                    for row in rows
                ],
                [2, 4, 1.4, 1.7, 1.4, 1.4, 2.2],
                frozenset({3, 4, 5}),
                _("Nothing has run yet."),
            )
        ],
        wide=True,
    )


def _sum(results: Sequence[dict[str, Any]], name: str) -> int:
    return sum(int(result.get(name) or 0) for result in results)
