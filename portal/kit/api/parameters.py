"""Parameters in the query of an endpoint's address: each is declared, read and described by one object.

What is not declared, cannot be read or comes twice is a 400 that names it: a misspelt filter that is ignored would
answer with more than was asked for.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit import errors, paging

LIMIT, MOST = 50, 200
TEXT_LIMIT = 254  # The longest e-mail address; longer texts name nobody.
Words = str | Promise


class ParameterMalformed(errors.BadRequest):
    """A parameter that does not exist, cannot be read or comes twice; `errors` names each."""

    code = "kit.parameter_malformed"
    title = gettext_lazy("Some parameters cannot be read")
    default_detail = gettext_lazy("Correct the named parameters and send it again.")


@dataclass(frozen=True)
class Parameter:
    """One parameter. `read` makes its value of a text that is not empty, or raises `ValueError` with a sentence.

    One of `several` values may come more than once; it is read as all of them with commas.
    """

    name: str
    description: Words
    read: Callable[[str], Any]
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    example: Any = None
    default: Any = None
    several: bool = False


def text(name: str, description: Words, *, example: str = "") -> Parameter:
    """A text of at most `TEXT_LIMIT` characters."""
    return Parameter(name, description, _text, {"type": "string", "maxLength": TEXT_LIMIT}, example or None)


def one_of(name: str, description: Words, choices: Sequence[str]) -> Parameter:
    """One of a few words."""

    def read(given: str) -> str:
        if given not in choices:
            raise ValueError(_("Choose one of: %(choices)s.") % {"choices": ", ".join(choices)})
        return given

    return Parameter(name, description, read, {"type": "string", "enum": list(choices)}, choices[0])


def flag(name: str, description: Words) -> Parameter:
    """true or false."""

    def read(given: str) -> bool:
        if given not in {"true", "false"}:
            raise ValueError(_("Write true or false."))
        return given == "true"

    return Parameter(name, description, read, {"type": "boolean"}, True)


def identifier(name: str, description: Words) -> Parameter:
    """The id of something."""

    def read(given: str) -> UUID:
        try:
            return UUID(given)
        except ValueError:
            raise ValueError(_("Write an id, such as 01890000-0000-7000-8000-000000000000.")) from None

    return Parameter(
        name, description, read, {"type": "string", "format": "uuid"}, "01890000-0000-7000-8000-000000000000"
    )


def whole(name: str, description: Words, *, low: int, high: int, default: int) -> Parameter:
    """A whole number within bounds."""

    def read(given: str) -> int:
        if not (given.isascii() and given.isdigit() and len(given) <= len(str(high)) and low <= int(given) <= high):
            raise ValueError(_("Write a whole number from %(low)s to %(high)s.") % {"low": low, "high": high})
        return int(given)

    schema = {"type": "integer", "minimum": low, "maximum": high}
    return Parameter(name, description, read, schema, default, default)


def _text(given: str) -> str:
    if len(given) > TEXT_LIMIT:
        raise ValueError(_("Write at most %(limit)s characters.") % {"limit": TEXT_LIMIT})
    return given


# What every list takes.
LISTED = (
    whole("limit", gettext_lazy("Most items in one reply."), low=1, high=MOST, default=LIMIT),
    Parameter(
        "cursor",
        gettext_lazy("The next_cursor of the reply before; absent: from the beginning."),
        paging.parse,
    ),
)


def parse(given: QueryDict, declared: Mapping[str, Parameter]) -> dict[str, Any]:
    """The values of `declared` parameters, each one's default where it is absent; `ParameterMalformed` names the rest."""
    wrong = {name: [_("There is no such parameter.")] for name in given.keys() - declared.keys()}
    values: dict[str, Any] = {}
    for name, parameter in declared.items():
        texts = given.getlist(name)
        if len(texts) > 1 and not parameter.several:
            wrong[name] = [_("It is given twice. Send each parameter once.")]
            continue
        written = ",".join(texts).strip()
        if "\0" in written:
            wrong[name] = [_("It holds the character NUL. Leave it out.")]
            continue
        try:
            values[name] = parameter.read(written) if written else parameter.default
        except ValueError as error:
            wrong[name] = [str(error)]
    if wrong:
        raise ParameterMalformed(fields=dict(sorted(wrong.items())))
    return values
