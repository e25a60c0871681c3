"""The trail as the lists of the house know it, for what people keep of it: named filters, their own or shared.

The timeline is no table (that one is declared in `audit.lists`), so this declaration is not registered as a list: it
says what may stand in a saved filter.
What the values mean, and whether they can be, stays with `audit.filters`.
"""

from django.http import QueryDict
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from audit import filters
from audit.selectors import READ, told
from audit.selectors.trail import scoped
from portal.kit.lists import Column, Empty, List, Words

GROUPINGS = ("request", "actor", "code")
_PARAMETERS = (*filters.READERS, "group")

TRAIL = List(
    name="audit.timeline",
    label=_("Audit trail"),
    url="/platform/audit",
    code=READ,
    source=scoped,
    present=lambda actor, rows: told(rows),
    items=lambda number: ngettext("%(n)s event", "%(n)s events", number) % {"n": number},
    columns=(Column("sentence", _("Event"), cell=str, value=str, fixed=True),),
    sort="-id",
    empty=Empty(_("No events yet"), _("Every sign-in, change and run is written here as it happens."), "audit"),
    no_match=_("No event matches"),
    filters=tuple(Words(name=name, label=name, apply=lambda rows, text: rows) for name in _PARAMETERS),
)


def spelled(query: str) -> str:
    """A filter and grouping of the timeline in their one spelling; `FilterMalformed` for what cannot be one."""
    values = QueryDict(query)
    told = filters.parse(values).query()
    if values.get("group", "") in GROUPINGS:
        told["group"] = values["group"]
    return urlencode(sorted(told.items()))
