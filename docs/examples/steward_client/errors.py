"""What can go wrong, as exceptions made of problem+json (RFC 9457)."""

from collections.abc import Mapping
from typing import Any


class StewardError(Exception):
    """Steward refused a call. `code` stays the same between releases; `error_id` finds the cause in Steward's log."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        self.status = int(problem.get("status", 0))
        self.code = str(problem.get("code", ""))
        self.detail = str(problem.get("detail", ""))
        self.error_id = str(problem.get("error_id", ""))
        self.fields: dict[str, str] = {one["field"]: one["detail"] for one in problem.get("errors", ())}
        super().__init__(f"{self.status} {self.code}: {self.detail}")


class Away(StewardError):
    """Steward did not answer, or could not. Whatever was asked is refused until it does: fail closed."""


class Unauthenticated(StewardError):
    """The key is unknown, over or revoked."""


class Forbidden(StewardError):
    """The key may not ask this."""


class NotFound(StewardError):
    """What was named is not in the key's organisation."""


class Conflict(StewardError):
    """What is there does not allow it."""


class Gone(StewardError):
    """A cursor of the feed leads nowhere any more: drop what you keep and begin anew."""


class Invalid(StewardError):
    """The call cannot be understood, or names a permission that does not exist; `fields` says which part."""


class TooMany(StewardError):
    """Over the rate limit; ask again after `retry_after` seconds."""

    retry_after: float = 1.0


_BY_STATUS: dict[int, type[StewardError]] = {
    400: Invalid,
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Gone,
    422: Invalid,
    429: TooMany,
}


def error_for(status: int, problem: Mapping[str, Any]) -> StewardError:
    """The exception for a refused call."""
    kind = Away if status >= 500 else _BY_STATUS.get(status, StewardError)
    return kind({"status": status, **problem})
