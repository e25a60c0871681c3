"""A declared list (`portal.kit.lists`) over the API: the same filters, search and orders as its page."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext_lazy as _

from portal.kit.api.money import Amount
from portal.kit.api.parameters import Parameter, one_of, text
from portal.kit.api.rows import as_json
from portal.kit.context import Actor
from portal.kit.lists import Chosen, List, Many
from portal.kit.paging import Page


def parameters_of(declared: List) -> tuple[Parameter, ...]:
    """What the list is narrowed and sorted by. The list itself reads the values and names what it does not know."""
    found = [Parameter(name, each.label, str, several=True) for each in declared.filters for name in each.parameters]
    if declared.search is not None:
        found.insert(0, text("q", _("Words, each of which begins one of the item's, or an id.")))
    orders = [f"{sign}{name}" for name in declared.orders for sign in ("", "-")]
    return (*found, one_of("sort", _("The order; with a hyphen, the other way round."), orders))


def page_of(declared: List, actor: Actor, asked: Mapping[str, Any], *names: str | Amount) -> Page[Any]:
    """The page that an endpoint's parameters ask for, as rows of the fields `names`.

    Raises `QueryMalformed` naming parameters whose value the list does not know.
    """
    chosen = _chosen(declared, asked)
    return declared.page(actor, chosen, as_json(declared.rows(actor, chosen), *names))


def rows_of(declared: List, actor: Actor, asked: Mapping[str, Any]) -> Page[Any]:
    """The page that an endpoint's parameters ask for, as the rows themselves: for replies that are no list of columns."""
    chosen = _chosen(declared, asked)
    return declared.page(actor, chosen, declared.rows(actor, chosen))


def _chosen(declared: List, asked: Mapping[str, Any]) -> Chosen:
    given: dict[str, Any] = {
        name: value for name, value in asked.items() if value is not None and name not in {"limit", "cursor"}
    }
    for each in declared.filters:
        if isinstance(each, Many) and each.name in given:
            given[each.name] = given[each.name].split(",")
    return replace(declared.parse(given), size=asked["limit"], cursor=asked["cursor"])
