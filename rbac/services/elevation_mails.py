"""Whom a request for a role, and what becomes of it, is told."""

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Model
from django.utils.translation import gettext as _

from portal.kit import notices
from portal.kit.decision import list_subjects
from portal.kit.notify import notify
from rbac.access_selectors import object_of
from rbac.models import INSTALLATION, Elevation, Scope

MOST_TOLD = 25  # Of those who may decide; where there are more, enough of them know.


def _page_of(row: Elevation) -> str:
    """The page of a request."""
    if row.organisation_id is None or row.organisation is None:
        return f"/platform/elevations/{row.pk}"
    return f"/o/{row.organisation.slug}/elevations/{row.pk}"


def _category_of(row: Elevation) -> str:
    """The kind of news: what touches the installation is told in any case."""
    return "security" if row.organisation_id is None else "organisation"


def tell_deciders(*, row: Elevation, scope: Scope, code: str) -> int:
    """A mail and a notice to each who may decide, but whom it is about; how many."""
    target: Model | None = None if scope.pk == INSTALLATION else object_of(scope)
    people = {one.person_id for one in list_subjects(code, target, limit=MOST_TOLD + 1).items} - {row.user_id}
    persons = get_user_model()._default_manager.filter(pk__in=people, kind="person", is_active=True)
    told = sorted(persons.values_list("pk", flat=True))[:MOST_TOLD]
    names = {"name": row.user, "role": row.role_label}
    notices.tell(
        told,
        category=_category_of(row),
        title=_("%(name)s asks for the role %(role)s") % names,
        text=row.reason,
        url=_page_of(row),
    )
    for person_id in told:
        notify(person_id, _category_of(row), "elevation_asked", _data(row))
    return len(told)


def tell_person(*, row: Elevation, act: str, by: str = "") -> None:
    """A mail and a notice to whom it is about: `approved`, `refused`, `expired` or `ended`."""
    titles = {
        "approved": _("You have the role %(role)s for a while"),
        "refused": _("You were refused the role %(role)s"),
        "expired": _("Nobody answered your request for the role %(role)s"),
        "ended": _("You have the role %(role)s no more"),
    }
    notices.tell(
        [row.user_id],
        category=_category_of(row),
        title=titles[act] % {"role": row.role_label},
        text=row.words,
        url=_page_of(row),
        tone={"approved": "ok", "refused": "warn"}.get(act, "info"),
    )
    notify(row.user_id, _category_of(row), "elevation_told", {**_data(row), "act": act, "by": by})


def _data(row: Elevation) -> dict[str, object]:
    return {
        "user": row.user,
        "role": row.role_label,
        "place": row.place,
        "reason": row.reason,
        "words": row.words,
        "until": row.until,
        "hours": f"{row.minutes / 60:.10g}",
        "url": f"{settings.STEWARD_PUBLIC_URL}{_page_of(row)}",
    }
