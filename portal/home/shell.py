"""The frame of every page: person, navigation by permission, environment, notices."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import unquote
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.settings import REGISTRATION, WARNING
from portal.home.banners import banners
from portal.home.search_presenters import Place
from portal.kit import clock, identity, registry
from portal.kit.decision import own_role_labels
from portal.kit.identity import Identity
from portal.kit.navigation import Realm, opened
from portal.kit.notices import selectors as notices
from portal.kit.settings import BRAND_NAME
from rbac.menu import type_entries

SECTIONS: tuple[tuple[str, str | Promise], ...] = (
    ("", ""),
    ("products", gettext_lazy("Products")),
    ("money", gettext_lazy("Billing")),
    ("people", gettext_lazy("People")),
    ("access", gettext_lazy("Access")),
    ("proof", gettext_lazy("Proof")),
    ("upkeep", gettext_lazy("Upkeep")),
    ("installation", gettext_lazy("Installation")),
    ("self", gettext_lazy("Your account")),
)
ENVIRONMENTS = {
    "development": {
        "name": "development",
        "label": gettext_lazy("Development"),
        "short": gettext_lazy("Dev"),
        "tone": "info",
    },
    "staging": {"name": "staging", "label": gettext_lazy("Staging"), "tone": "warn"},
    "production": {
        "name": "production",
        "label": gettext_lazy("Production"),
        "short": gettext_lazy("Prod"),
        "tone": "plain",
    },
}
# The groups that rooms name for entries of a long section: label and icon. A product's name is its own label.
GROUPS: dict[str, tuple[str | Promise, str]] = {
    "catalogue": (gettext_lazy("Catalogue"), "cube"),
    "receivables": (gettext_lazy("Receivables"), "invoice"),
    "books": (gettext_lazy("Books"), "columns"),
    "billing_setup": (gettext_lazy("Setup"), "settings"),
}
UNFOLDED = 5  # Entries of one product that stand in the navigation by themselves.
# Which groups somebody left open; the page's own script writes it, so that the next page comes as the last one was left.
NAV_COOKIE = "nav"
_BETWEEN, _KEPT = "|", 40
# What the account menu offers of one's own affairs, as far as the rooms have it.
ACCOUNT = ("/me", "/me/security", "/me/password", "/me/preferences", "/me/keys", "/me/organisations")


@dataclass(frozen=True)
class Person:
    """Who is signed in, as the header shows it."""

    label: str
    initials: str
    hue: int
    email: str
    role_label: str
    picture: UUID | None = None


def initials(label: str) -> str:
    """One or two letters that stand for a name."""
    words = [word for word in label.split() if word[:1].isalnum()]
    return ("".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)) or "?").upper()


class Shell:
    """Computed when a template asks for it: an error page or a fragment that shows no frame pays nothing."""

    version = settings.VERSION
    embedded = settings.STEWARD_EMBEDDED
    urls: dict[str, str] = {}

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._who: Identity | None = identity.of(request)
        self._here = ""  # The address of the entry that is the page.

    @cached_property
    def person(self) -> Person | None:
        """The signed-in person; None when nobody is, or when it may not go on yet."""
        who = self._who
        if who is None or who.actor.id is None:
            return None
        roles = own_role_labels(who.actor)
        role = roles[0] if roles else ""
        return Person(who.actor.label, initials(who.actor.label), who.actor.id.int % 5, "", role, who.avatar)

    @property
    def account(self) -> list[registry.MenuItem]:
        """The entries of the account menu."""
        known = {item.url: item for item in registry.menu if item.realm == "self"}
        offered = ("/me/organisations",) if self.viewing else ACCOUNT
        return [known[url] for url in offered if url in known]

    @property
    def session_warning(self) -> int:
        """How many seconds before the idle end the page asks whether one stays."""
        return int(WARNING.value().total_seconds())

    @property
    def session_ends_in(self) -> int | None:
        """In how many seconds the browser's session ends unless somebody does something; None where there is none."""
        who = self._who
        if who is None or who.kind != "browser" or who.expires_at is None:
            return None
        return max(0, int((who.expires_at - clock.now()).total_seconds()))

    @property
    def person_id(self) -> str:
        """Whose page it is; empty for nobody's."""
        return str(self._who.actor.id) if self._who and self._who.actor.id else ""

    @property
    def viewing(self) -> bool:
        """Whether an administrator sees the console as this person: what is the person's own is left out."""
        return self._who is not None and self._who.viewing

    @property
    def counting(self) -> bool:
        """Whether a banner of this page counts down."""
        return any(one.get("until") for one in self.notices)

    @cached_property
    def unread(self) -> int:
        """How many notices the person has not read, for the bell."""
        return notices.unread_count(self._who.actor) if self._who else 0

    @cached_property
    def nav(self) -> list[dict[str, Any]]:
        """The sections and entries that the person's permissions open."""
        who = self._who
        if who is None or not who.active or who.must_change_password:
            return []
        realm = self._realm(who)
        near = [item for item in registry.menu if self._near(item)]
        allowed = opened(who.actor, (*near, *self._types(realm)), realm)
        self._here = max((url for url in map(self._url, allowed) if self._leads_here(url)), key=len, default="")
        sections = []
        for key, label in SECTIONS:
            items = sorted((item for item in allowed if item.section == key), key=lambda item: item.order)
            if items:
                named = _("Organisation") if key == "installation" and realm == "organisation" else str(label)
                sections.append({"label": named, "items": self._folded(items)})
        return sections

    def _folded(self, items: Sequence[registry.MenuItem]) -> list[dict[str, Any]]:
        """The entries; those of one group behind one that opens, and is open where it was left open or one of them is
        the page. A product's stand by themselves while they are few."""
        sizes = Counter(item.group for item in items if item.group)
        shown: list[dict[str, Any]] = []
        folds: dict[str, dict[str, Any]] = {}
        for item in items:
            entry, group = self._entry(item), item.group
            if sizes[group] <= (1 if group in GROUPS else UNFOLDED):
                shown.append(entry)
                continue
            if group not in folds:
                label, icon = GROUPS.get(group, (group, "cube"))
                folds[group] = {
                    "key": group,
                    "label": label,
                    "icon": icon,
                    "inner": [],
                    "open": group in self._left_open,
                }
                shown.append(folds[group])
            folds[group]["inner"].append(entry)
            folds[group]["open"] |= entry["current"]
        return shown

    @cached_property
    def _left_open(self) -> frozenset[str]:
        """The groups of the navigation that the person left open in this browser."""
        kept = self._request.COOKIES.get(NAV_COOKIE, "").split(_BETWEEN)[:_KEPT]
        return frozenset(unquote(one) for one in kept)

    @staticmethod
    def _types(realm: str) -> list[registry.MenuItem]:
        """The types of resources that stand in the navigation of organisations; they are data, not declared."""
        return type_entries() if realm == "organisation" else []

    def _realm(self, who: Identity) -> Realm:
        path = self._request.path
        if (path == "/me" or path.startswith("/me/")) and not who.viewing:
            return "self"
        return "organisation" if who.organisation else "platform"

    def _entry(self, item: registry.MenuItem) -> dict[str, Any]:
        url = self._url(item)
        current = url == self._here
        return {"label": item.label, "url": url, "icon": item.icon, "current": current, "badge": self._badge(item)}

    def _url(self, item: registry.MenuItem) -> str:
        inside = self._who.organisation if self._who else None
        return item.url.replace("{slug}", inside.slug) if inside else item.url

    def _near(self, item: registry.MenuItem) -> bool:
        """Whether an entry can stand on this page: one that is not for everybody asks on the pages beside it alone."""
        return item.only is None or self._request.path.startswith(f"{self._url(item).rpartition('/')[0]}/")

    def _leads_here(self, url: str) -> bool:
        """Whether the page is that of an entry or lies below it; of several such entries, the nearest is the current one."""
        path = self._request.path
        inside = self._who.organisation if self._who else None
        home = url in {"/", "/me"} or (inside is not None and url == f"/o/{inside.slug}/")
        return path == url or (not home and path.startswith(f"{url.rstrip('/')}/"))

    def _badge(self, item: registry.MenuItem) -> int | None:
        """How much waits behind an entry; None for nothing."""
        if item.badge is None or self._who is None:
            return None
        return item.badge(self._who.actor) or None

    @property
    def environment(self) -> dict[str, Any]:
        """Where this is."""
        return ENVIRONMENTS[settings.STEWARD_ENV]

    @cached_property
    def search(self) -> dict[str, str]:
        """Where the search of this page is, and its palette; empty while the person may not go on."""
        who = self._who
        if who is None or not who.active or who.must_change_password:
            return {}
        place = Place(who.organisation.slug if who.organisation else "")
        return {"url": place.url(), "palette": place.url("search_palette")}

    @cached_property
    def notices(self) -> list[dict[str, Any]]:
        """The banners of this page."""
        return banners(self._request, self._who)

    @property
    def organisation(self) -> dict[str, str]:
        """Whose console this is: the organisation of the address, or the platform."""
        inside = self._who.organisation if self._who else None
        if inside is None:
            name = BRAND_NAME.value()
            return {"label": name, "sublabel": _("Platform"), "initial": initials(name)[:1], "url": "/", "own": "1"}
        return {
            "label": inside.name,
            "sublabel": _("Organisation"),
            "initial": initials(inside.name)[:1],
            "url": f"/o/{inside.slug}/",
        }

    @property
    def registration(self) -> str:
        """Who may make an account, for the page of sign-in."""
        return str(REGISTRATION.value())


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor."""
    return {"shell": Shell(request)}
