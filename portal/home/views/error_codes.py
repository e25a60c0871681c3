"""The errors that pages and calls may answer with: where the `type` of a problem+json leads."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

from portal.home.references.errors import declared
from portal.home.references.tables import ROOMS, room_of
from portal.kit.access import SignedIn
from portal.kit.views import PageView

SEARCH_LIMIT = 100


@dataclass(frozen=True)
class Entry:
    """A code with what it says, in the language of who reads."""

    code: str
    status: int
    title: str
    detail: str

    @property
    def tone(self) -> str:
        """Tone of the chip."""
        return "bad" if self.status >= 500 else "warn"

    def has(self, words: list[str]) -> bool:
        """Whether every one of the words is in it."""
        text = f"{self.code} {self.status} {self.title} {self.detail}".lower()
        return all(word in text for word in words)


class ErrorCodes(PageView):
    """Every code with its status and what to do, by room; `?q=` narrows them to what its words are in."""

    access = SignedIn("It tells what there is, and holds nobody's data.", by_key=True, in_view=True)
    template_name = "home/error_codes.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page."""
        wanted = request.GET.get("q", "").replace("\0", "").strip()[:SEARCH_LIMIT]
        entries = [Entry(code, kind.status, str(kind.title), str(kind.default_detail)) for code, kind in declared()]
        found = [entry for entry in entries if entry.has(wanted.lower().split())]
        rooms = [(room, [entry for entry in found if room_of(entry.code) == room]) for room in ROOMS]
        return self.page(
            {"rooms": [one for one in rooms if one[1]], "q": wanted, "shown": len(found), "total": len(entries)}
        )
