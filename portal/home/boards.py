"""A dashboard for who looks at it: which widgets, what they show, and what has changed since the page was drawn.

The tag of a page names a short hash of what each part looked like, so a poll sends back only what is new, or 304.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from audit.models import Event
from portal.home import board_selectors, layouts, starters
from portal.home.layouts import Item, Layout
from portal.home.models import Dashboard
from portal.kit import clock, identity, preferences
from portal.kit.context import Actor
from portal.kit.decision import can
from portal.kit.kpis import together
from portal.kit.widgets import TURN, Place, Widget, open_to, widgets

QUIET = 20  # Seconds that a part is taken for unchanged while no event was written: for words such as "1 minute ago".
TAG = re.compile(r"[0-9a-f]{1,8}")
GONE = "0"  # The hash of a part with nothing to show.
REMEMBERED = 50_000  # Hashes of parts by reader.
KEPT = 2000  # Of values that are the same for everybody; more are not remembered.
_seen: dict[tuple[Any, ...], tuple[UUID | None, float, str]] = {}
_known: dict[tuple[Any, ...], tuple[float, tuple[str, str]]] = {}


@dataclass(frozen=True)
class Shown:
    """A dashboard as it is shown: its own row, or that of a role."""

    place: Place
    row: Dashboard | None
    starter: starters.Starter

    @property
    def layout(self) -> Layout:
        """The widgets that who looks may see."""
        stored = self.starter.layout() if self.row is None else layouts.readable(self.row.layout, self.place.realm)
        return [item for item in stored if open_to(self.place.actor, widgets.get(item["widget"]))]

    @property
    def label(self) -> str:
        """What it is called."""
        return str(self.starter.label) if self.row is None else self.row.name


@dataclass(frozen=True)
class Part:
    """A widget on the page. `html` is empty while it is on its way, or when there is nothing to show (`gone`)."""

    item: Item
    declared: Widget
    html: str = ""
    tag: str = ""
    alone: bool = False  # Where a row holds two, nothing stands beside it.

    @property
    def id(self) -> str:
        """Its id in the page."""
        return f"w{self.item['id']}"

    @property
    def label(self) -> str:
        """What it is called."""
        return self.declared.named(self.item["options"])

    @property
    def coming(self) -> bool:
        """Whether it comes after the page."""
        return not self.tag

    @property
    def gone(self) -> bool:
        """Whether there is nothing to show."""
        return self.tag == GONE

    @property
    def css(self) -> str:
        """Its place in the grid."""
        width = self.item["width"]
        # What fills its row is as high as it is; only what comes late keeps its place.
        high = self.declared.height if width < layouts.COLUMNS or self.declared.slow else 1
        return f"w{width} h{high}{' alone' if self.alone else ''}"

    @property
    def lines(self) -> str:
        """As many letters as its skeleton has lines."""
        return "abc" if self.declared.height < 3 else "abcdef"


def place_of(request: HttpRequest, actor: Actor) -> Place:
    """Where a request stands."""
    who = identity.of(request)
    return Place(actor, who.organisation.slug if who is not None and who.organisation is not None else "")


def shown(place: Place, row: Dashboard | None = None, starter: str = "") -> Shown:
    """A dashboard that was found, or without one that of a role: the named one where it fits, else the first."""
    fitting = starters.offered(place.actor)
    return Shown(place, row, next((one for one in fitting if one.code == starter), fitting[0]))


def parts(found: Shown, only: Collection[int] | None = None, *, slow: bool = True) -> list[Part]:
    """The parts with what they show; of all, or of those ids. Without `slow` those that take long are left for later."""
    made = []
    layout = found.layout
    alone = layouts.alone(layout)
    with together():
        for item in layout:
            if only is not None and item["id"] not in only:
                continue
            declared = widgets.get(item["widget"])
            part = Part(item, declared) if declared.slow and not slow else _drawn(found.place, item, declared)
            made.append(replace(part, alone=item["id"] in alone))
    return made


def due(found: Shown, turn: int, known: Mapping[int, str]) -> set[int]:
    """The ids that are read again on this turn: what the page does not have yet, and what is as old as it may get."""
    ids = set()
    for item in found.layout:
        every = max(1, widgets.get(item["widget"]).every // TURN)
        if item["id"] not in known or (turn and turn % every == 0):
            ids.add(item["id"])
    return ids


def news(found: Shown, ids: Collection[int], known: Mapping[int, str], stamps: object) -> list[Part]:
    """The parts of those ids, but for those that look as the page has them, as far as one look at the trail tells.

    Whatever is written leaves an event, so a part that was drawn for this reader, with these rights (`stamps`), after the
    newest event is not drawn again for a short while: most polls of most readers cost that one look.
    """
    newest = Event.objects.order_by("-id").values_list("pk", flat=True).first()
    now, keys = clock.steady(), {item["id"]: _reader(found.place, item, stamps) for item in found.layout}
    asked = set()
    for number in set(ids) & set(keys):
        seen = _seen.get(keys[number])
        if clock.moved() or seen is None or seen != (newest, seen[1], known.get(number)) or seen[1] <= now:
            asked.add(number)
    made = parts(found, asked) if asked else []
    if len(_seen) + len(made) >= REMEMBERED:
        _seen.clear()
    for part in made:
        _seen[keys[part.item["id"]]] = newest, now + QUIET, part.tag
    return made


def _reader(place: Place, item: Item, stamps: object) -> tuple[Any, ...]:
    return (
        place.actor.id,
        place.actor.organisation_id,
        stamps,
        item["widget"],
        *_worn(),
        *sorted(item["options"].items()),
    )


def _worn() -> tuple[Any, ...]:
    """What is drawn in one language, zone and manner of writing numbers is not right for another."""
    return preferences.current(), translation.get_language(), str(timezone.get_current_timezone())


def tag_of(tags: Mapping[int, str]) -> str:
    """The entity tag of a page whose parts look like that."""
    return 'W/"' + "-".join(f"{number}.{tag}" for number, tag in sorted(tags.items())) + '"'


def tags_of(header: str) -> dict[int, str]:
    """What a page says that it has; nothing of what cannot be read."""
    found = {}
    for one in header.strip().removeprefix("W/").strip('"').split("-")[: layouts.MOST]:
        number, dot, tag = one.partition(".")
        if dot and number.isascii() and number.isdigit() and len(number) <= 4 and TAG.fullmatch(tag):
            found[int(number)] = tag
    return found


def board(request: HttpRequest, actor: Actor) -> Mapping[str, Any]:
    """Fill of the port `kit.widgets.board`."""
    place = place_of(request, actor)
    home = board_selectors.home_of(actor)
    return values_of(request, shown(place, home.dashboard))


def values_of(request: HttpRequest, found: Shown) -> dict[str, Any]:
    """What `home/_board.html` and `home/_board_acts.html` show."""
    made = parts(found, slow="all" in request.GET)
    address = Address(found.place.slug)
    query = f"board={found.row.pk}&v={found.row.version}" if found.row else f"role={found.starter.code}"
    return {
        "parts": made,
        "board": found,
        "tag": tag_of({part.item["id"]: part.tag for part in made if part.tag}),
        "coming": any(part.coming for part in made),
        "every": TURN,
        "live_url": f"{address('live')}?{query}",
        "arrange_url": f"{address('arrange')}?{query}",
        "boards_url": address("dashboards"),
        "may_arrange": bool(can(found.place.actor, "dashboard:read")),
    }


@dataclass(frozen=True)
class Address:
    """The pages of dashboards where one stands."""

    slug: str

    def __call__(self, name: str, *args: Any) -> str:
        """The address of one of them."""
        if self.slug:
            return reverse(f"home:inside_{name}", args=[self.slug, *args])
        return reverse(f"home:{name}", args=args)


def forget_everything() -> None:
    """Drop what this process remembers."""
    _known.clear()
    _seen.clear()


def missing(found: Shown, known: Iterable[int]) -> list[Part]:
    """Parts that a page has and its reader may no longer see."""
    here = {item["id"] for item in found.layout}
    nothing = widgets.get("home.for_me")
    return [
        Part({"id": number, "width": 12, "options": {}}, nothing, "", GONE) for number in known if number not in here
    ]


def _drawn(place: Place, item: Item, declared: Widget) -> Part:
    """A part as it looks now; what is the same for everybody is drawn once until it is due again."""
    if not declared.alike or clock.moved():
        return Part(item, declared, *_look(place, item, declared))
    key = (declared.code, place.actor.organisation_id, *_worn(), *sorted(item["options"].items()))
    now, kept = clock.steady(), _known.get(key)
    if kept is None or kept[0] <= now:
        if len(_known) >= KEPT:
            _known.clear()
        kept = _known[key] = now + declared.every - 1, _look(place, item, declared)
    return Part(item, declared, *kept[1])


def _look(place: Place, item: Item, declared: Widget) -> tuple[str, str]:
    """The HTML of a widget and its short hash."""
    values = declared.load(place, item["options"])
    if values is None:
        return "", GONE
    html = render_to_string(declared.template, dict(values))
    return html, blake2b(html.encode(), digest_size=4).hexdigest()
