"""docs/errors.md: every code that a page or call may answer with."""

from collections.abc import Iterator

from portal.home.references.tables import NAMES, ROOMS, generated, plain, room_of, table
from portal.kit import errors

_HEAD = """# Errors

Every refusal and fault has a code that stays, a status and a sentence that says what to do. Pages show the sentence, calls of the
API answer with problem+json (RFC 9457), whose `type` is the address of the entry in the console's own copy of this list:

<!-- schema Problem -->

```json
{"type": "/docs/errors#kit.not_found", "title": "Not found", "status": 404,
 "detail": "There is nothing at this address, or it belongs to an organisation that you are not a member of.",
 "code": "kit.not_found", "error_id": "019a0000000070008000", "errors": []}
```

Programs should look at `code`: sentences may be worded anew, and may say more than here where the case allows it. `errors` names
fields (`field`, `detail`). The `error_id` stands in the log beside the cause ([troubleshooting](troubleshooting.md)).

"""


def declared() -> Iterator[tuple[str, type[errors.StewardError]]]:
    """Every code of the project with its class, by room and code; what tests declare for themselves is left out."""
    for code, error in sorted(errors.CODES.items()):
        if not error.__module__.startswith("tests."):
            yield code, error


def text() -> str:
    """The page."""
    found = list(declared())
    parts = [_HEAD, generated("errors")]
    for room in ROOMS:
        rows = [
            (f'<a id="{code}"></a>`{code}`', error.status, _told(error))
            for code, error in found
            if room_of(code) == room
        ]
        if rows:
            parts += [f"\n## {NAMES[room]}\n\n", table(("code", "status", "what it says, and what to do"), rows)]
    return "".join(parts)


def _told(error: type[errors.StewardError]) -> str:
    return f"**{plain(error.title)}.** {plain(error.default_detail)}"
