"""Columns that the lists of people, organisations and members have in common."""

from collections.abc import Sequence
from operator import attrgetter

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from portal.kit.lists import Column, cells

Text = str | Promise


def named(name: str, label: Text, *, under: str, by: Sequence[str] = ()) -> Column:
    """Avatar and name, with the attribute `under` below it; always shown, and the head of a card."""
    return Column(name, label, cell=cells.who(under), value=attrgetter("label"), by=tuple(by), fixed=True, card="head")


def state(*, by: Sequence[str] = ()) -> Column:
    """The state as a chip."""
    return Column(
        "state",
        gettext_lazy("Status"),
        cell=cells.status("state_tone", "state_label"),
        value=attrgetter("state_label"),
        by=tuple(by),
        card="state",
    )


def day(name: str, label: Text, *, field: str, newest: bool = False, card: bool = False) -> Column:
    """The day of a moment that never changes."""
    return Column(
        name,
        label,
        cell=cells.moment(field, "date"),
        value=attrgetter(field),
        by=(field,),
        newest=newest,
        css="num quiet",
        card="line" if card else "off",
    )
