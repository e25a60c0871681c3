"""Reports as files."""

from django.http import HttpResponse

from maintenance.models import JobRun
from maintenance.services import reports
from portal.kit import clock
from portal.kit.context import Actor


def history_file(actor: Actor, kind: str, name: str) -> HttpResponse:
    """Every kept run of all clean-ups, or of one, as CSV or PDF."""
    return _sent(reports.history_export(actor=actor, kind=kind, name=name), f"clean-ups-{clock.now():%Y-%m-%d}", kind)


def run_file(actor: Actor, kind: str, run: JobRun) -> HttpResponse:
    """What came of one run that has ended, as CSV or PDF."""
    return _sent(reports.result_export(actor=actor, run=run, kind=kind), f"clean-up-{run.pk.hex[-8:]}", kind)


def _sent(whole: bytes, name: str, kind: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
    return HttpResponse(whole, content_type=reports.TYPES[kind], headers=headers)
