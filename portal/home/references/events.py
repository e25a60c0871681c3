"""docs/events.md: every kind of event that the audit trail may hold, and how values appear in it."""

from collections import defaultdict

from portal.home.references.tables import NAMES, ROOMS, generated, plain, room_of, table
from portal.kit import registry

_HEAD = """# Events

What happened is one row of the audit trail, written in the transaction of the change ([the trail](audit.md)). An event says who, when,
from where, what it was about (`{target}` in its sentence) and which values changed.

- **Severity**: info is daily work, notice is worth knowing, warning is worth a look, critical is told at once.
- **Retention**: the application cannot change or delete an event, and no clean-up takes any away. What names a person is ciphertext
  under a key of that person, and is gone for good when the person is erased ([privacy](privacy.md)).

"""
_VALUES = """
## Values before and after

Of a change the trail keeps the fields below: in clear; masked (that it changed, not what it says); sealed under the key of the
person that they are about; or not at all. A field that is not declared is not kept.

"""
_KINDS = ("public", "masked", "personal", "secret")


def text() -> str:
    """The page."""
    parts = [_HEAD, generated("events")]
    for room in ROOMS:
        rows = [
            (f"`{event.code}`", plain(event.sentence), event.category, event.severity)
            for event in sorted(registry.events, key=lambda event: event.code)
            if room_of(event.code) == room
        ]
        if rows:
            parts += [f"\n## {NAMES[room]}\n\n", table(("event", "sentence", "category", "severity"), rows)]
    return "".join([*parts, _VALUES, _fields()])


def _fields() -> str:
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for field in registry.fields:
        found[field.model][field.visibility].append(field.name)
    rows = [
        (f"`{model}`", *(", ".join(f"`{name}`" for name in sorted(kinds[kind])) for kind in _KINDS))
        for model, kinds in sorted(found.items())
    ]
    return table(("model", "in clear", "masked", "sealed", "not kept"), rows)
