"""Reports of access reviews as files. Each file that leaves is an event."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from portal.kit.context import Actor
from portal.kit.lists.export import table_csv
from portal.kit.pdf import Report, Sheet, pdf
from portal.kit.record import record
from portal.kit.services import writing
from portal.kit.templatetags.kit import count
from rbac import review_presenters as words
from rbac import review_selectors as selectors
from rbac.models import Review, ReviewItem
from rbac.previews import names_of
from rbac.services.reviews import review_authorise

TYPES = {"csv": "text/csv; charset=utf-8", "pdf": "application/pdf"}


def review_export(*, actor: Actor, review: Review, kind: str) -> bytes:
    """Who had what, who decided what when and what became of it, as CSV or PDF, while it runs as it stands. Event
    `rbac.review.exported`."""
    review_authorise(actor=actor, organisation_id=review.organisation_id)
    found = list(selectors.items(actor, review).order_by("pk"))
    whole = (
        table_csv(words.report_columns(), words.report_rows(found)) if kind == "csv" else pdf(_report(review, found))
    )
    with writing():
        record("rbac.review.exported", target=review, data={"format": kind, "items": len(found)})
    return whole


def _report(review: Review, found: Sequence[ReviewItem]) -> Report:
    people = [key for key in (review.started_by, review.closed_by, review.reviewer_id) if key is not None]
    names = names_of(people)
    progress = selectors.progress([review]).get(review.pk, selectors.Progress())
    rows = words.report_rows(found)
    shown = [(row[0], row[2], row[4], row[5], row[9], row[10], row[11], row[13]) for row in rows]
    notes = [f"{row[0]}, {row[2]}: {'. '.join(text for text in (row[12], row[14]) if text)}" for row in rows]
    return Report(
        title=review.name,
        subtitle=_("Access review. %(about)s. %(state)s, due %(due)s.")
        % {"about": words.about(review), "state": words.state_of(review)[1], "due": words.moment(review.due_at)},
        figures=[
            (_("Roles and rights"), str(count(progress.total))),
            (_("Kept"), str(count(progress.kept))),
            (_("Revoked"), str(count(progress.revoked))),
            (_("Undecided"), str(count(progress.undecided))),
        ],
        sheets=[
            Sheet(
                _("Who had what, and what became of it"),
                [
                    _("Holder"),
                    _("Role or right"),
                    _("Where"),
                    _("Given"),
                    _("Decision"),
                    _("Decided by"),
                    _("Decided"),
                    _("Outcome"),
                ],
                shown,
                [2.4, 2.2, 2, 1.5, 1.1, 1.9, 1.5, 1.8],
            )
        ],
        notes=[
            *(note for note, row in zip(notes, rows, strict=True) if row[12] or row[14]),
            _("Started %(when)s by %(who)s.")
            % {"when": words.moment(review.created_at), "who": names.get(review.started_by, "–")},  # type: ignore[arg-type]
            _("A closed review and its items are kept unchanged; the database refuses every change."),
            _("Review %(id)s.") % {"id": review.pk},
        ],
        wide=True,
    )
