"""What was found, in the words of the results page and of the palette."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit import registry
from portal.kit.context import Actor
from portal.kit.lists import counts
from portal.kit.navigation import address, opened, realm_of
from portal.kit.registry import Text
from portal.kit.search import Answer, Group, Known, Records, jumps, offered
from portal.kit.search.finding import MANY

# Keys that work everywhere, and in lists; those that lead somewhere are told by the navigation of the person.
KEYS: tuple[tuple[Text, tuple[tuple[Text, Text], ...]], ...] = (
    (
        gettext_lazy("Everywhere"),
        (
            ("Ctrl K", gettext_lazy("Search, go somewhere, do something")),
            ("/", gettext_lazy("To the search of the list, or of everything")),
            ("?", gettext_lazy("This sheet")),
            ("Esc", gettext_lazy("Close what is open")),
        ),
    ),
    (
        gettext_lazy("In a list"),
        (
            ("↑ ↓", gettext_lazy("To the next row")),
            ("Enter", gettext_lazy("Open the row")),
            (gettext_lazy("Space"), gettext_lazy("Select the row")),
            ("Ctrl A", gettext_lazy("Select the page")),
        ),
    ),
)


@dataclass(frozen=True)
class Place:
    """Where one searches: the platform, or the organisation of that short name."""

    slug: str = ""

    def url(self, name: str = "search", *values: object) -> str:
        """A page of the search there."""
        if self.slug:
            return reverse(f"home:organisation_{name}", args=[self.slug, *values])
        return reverse(f"home:{name}", args=values)

    def results(self, text: str, **more: str) -> str:
        """The page of results for a text."""
        return f"{self.url()}?{urlencode({'q': text, **{name: value for name, value in more.items() if value}})}"

    def of(self, kind: Records | Known) -> str:
        """The room's own list of a kind."""
        return kind.url.replace("{slug}", self.slug)


def number_text(number: int) -> str:
    """How many were found, counted so far."""
    return counts.text(number, MANY)


def group(found: Group, answer: Answer, place: Place, *, alone: bool) -> dict[str, Any]:
    """One kind of the page: what is shown of it, and the way to the rest: the room's list with the words, or this page
    with that kind alone."""
    more, label = "", ""
    if found.kind.searched and (found.more or alone):
        more = f"{place.of(found.kind)}?{urlencode({'q': answer.text})}"
        label = _("Open in the list")
    elif found.more and not alone:
        more = place.results(answer.text, kind=found.kind.name)
        label = _("Show all")
    return {
        "name": found.kind.name,
        "label": found.kind.label,
        "icon": found.kind.icon,
        "number": number_text(found.number),
        "more_url": more,
        "more_label": label,
        "hits": [
            {"title": hit.title, "note": hit.note, "url": hit.url, "exact": hit.key in found.exact}
            for hit in found.hits
        ],
    }


def tabs(answer: Answer, all_: Sequence[Group], place: Place, name: str) -> list[dict[str, Any]]:
    """Everything, and each kind that has something, with its number."""
    whole = {"label": _("Everything"), "url": place.results(answer.text, all="1"), "current": not name, "count": None}
    return [
        whole,
        *(
            {
                "label": one.kind.label,
                "url": place.results(answer.text, kind=one.kind.name),
                "current": one.kind.name == name,
                "count": number_text(one.number),
            }
            for one in all_
        ),
    ]


@dataclass(frozen=True)
class Option:
    """A line of the palette: where it leads, and by what else it is found. `keys`: letters after `g`."""

    label: str
    url: str
    icon: str
    words: str = ""
    keys: str = ""
    press: str = ""


def places_to_go(actor: Actor, slug: str, more: Sequence[registry.MenuItem] = ()) -> list[Option]:
    """The entries of the navigation that open to `actor` where it stands, and its own affairs."""
    letters = {jump.entry: jump.letter for jump in jumps}
    near = [item for item in (*registry.menu, *more) if item.only is None]
    sections = list(get_args(registry.Section))
    found = [*opened(actor, near, realm_of(actor)), *opened(actor, near, "self")]
    found.sort(key=lambda item: sections.index(item.section))
    return [
        Option(str(item.label), address(item, slug), item.icon, str(item.group), letters.get(item.name, ""))
        for item in found
    ]


def things_to_do(actor: Actor, slug: str) -> list[Option]:
    """The commands that `actor` may use where it stands."""
    return [
        Option(
            str(command.label),
            command.url.replace("{slug}", slug),
            command.icon,
            words=str(command.words),
            press=command.press,
        )
        for command in offered(actor)
    ]
