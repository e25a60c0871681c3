"""The list of suppliers."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from uuid import UUID

from django.utils.translation import gettext_lazy, ngettext

from docs.examples.suppliers import selectors
from docs.examples.suppliers.models import Supplier
from portal.kit.context import Actor
from portal.kit.lists import Column, Empty, List, cells, register
from portal.kit.templatetags.kit import count


@dataclass(frozen=True)
class Row:
    """A supplier as a row of the list."""

    id: UUID
    label: str
    country: str
    url: str = ""


def _rows(actor: Actor, found: Sequence[Supplier]) -> list[Row]:
    return [Row(one.pk, one.name, one.country) for one in found]


def _suppliers(number: int) -> str:
    return ngettext("%(count)s supplier", "%(count)s suppliers", number) % {"count": count(number)}


suppliers = register(
    List(
        name="suppliers.suppliers",
        label=gettext_lazy("Suppliers"),
        url="/o/{slug}/suppliers",
        code="supplier:read",
        source=selectors.suppliers,
        present=_rows,
        items=_suppliers,
        columns=(
            Column(
                "name",
                gettext_lazy("Name"),
                cell=cells.text("label"),
                value=attrgetter("label"),
                by=("name",),
                fixed=True,
                card="head",
            ),
            Column("country", gettext_lazy("Country"), cell=cells.text("country"), value=attrgetter("country")),
        ),
        sort="name",
        empty=Empty(gettext_lazy("No suppliers yet"), gettext_lazy("Add whom you buy from."), "building"),
        no_match=gettext_lazy("No supplier matches"),
    )
)
