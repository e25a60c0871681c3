"""Tax offices that can be asked whether a number is known: one interface, VIES of the European Union behind it.

Nobody waits for an office: a number is kept unasked, a job asks later, and when the office is away it is asked again.
"""

import json
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Protocol
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from django.conf import settings

WAIT_SECONDS = 10
MOST_BYTES = 64 * 1024


class OfficeAway(Exception):
    """The office does not answer, or not now; nothing is known of the number."""


@dataclass(frozen=True)
class Answer:
    """What the office says. `consultation` is its own number for the answer, which proves that it was asked."""

    valid: bool
    consultation: str = ""


class Office(Protocol):
    """An office that can be asked about numbers of one kind."""

    def ask(self, value: str, *, by: str = "") -> Answer:
        """Whether `value` is known there; `by` is the number of who asks. Raises `OfficeAway`."""


@dataclass(frozen=True)
class Vies:
    """The Commission's service for VAT numbers, by its REST interface (`check-vat-number`)."""

    url: str

    def ask(self, value: str, *, by: str = "") -> Answer:
        """Whether a VAT number is known in its member state. With `by` the answer has a consultation number."""
        asked = {"countryCode": value[:2], "vatNumber": value[2:]}
        if by:
            asked |= {"requesterMemberStateCode": by[:2], "requesterNumber": by[2:]}
        reply = self._post(asked)
        # An answer has `valid`; a member state that is away has `actionSucceed` false and reasons instead.
        if not isinstance(reply.get("valid"), bool):
            raise OfficeAway(str(reply.get("errorWrappers", ""))[:200])
        return Answer(reply["valid"], str(reply.get("requestIdentifier") or "")[:60])

    def _post(self, asked: dict[str, str]) -> dict[str, Any]:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        request = Request(self.url, json.dumps(asked).encode(), headers, method="POST")  # noqa: S310 - a setting names it
        try:
            with urlopen(request, timeout=WAIT_SECONDS) as reply:  # noqa: S310 - as above
                found = json.loads(reply.read(MOST_BYTES))
        except HTTPError as error:
            raise OfficeAway(f"HTTP {error.code}") from error
        except (OSError, HTTPException, ValueError) as error:
            raise OfficeAway(type(error).__name__) from error
        if not isinstance(found, dict):
            raise OfficeAway("no object")
        return found


def office_for(kind: str) -> Office | None:
    """The office that numbers of this kind are asked about; None where there is none, or none is set up."""
    url = str(settings.STEWARD_VIES_URL)
    return Vies(url) if kind == "eu_vat" and url else None
