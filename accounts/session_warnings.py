"""What a client should show whoever is signed in, told with `users/me/session-info`: each warning by its own provider."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from portal.kit.identity import Identity


@dataclass(frozen=True)
class SessionWarning:
    """One warning. `code` stays, `text` is a sentence for people, `until` is when it is over by itself (None: open)."""

    code: str
    text: str
    until: datetime | None = None


PROVIDERS: list[Callable[[Identity], SessionWarning | None]] = []


def warnings_of(who: Identity) -> list[SessionWarning]:
    """The warnings that concern this session now."""
    return [found for provider in PROVIDERS if (found := provider(who)) is not None]
