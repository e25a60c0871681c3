"""Taking secrets out of what leaves the process: log lines and error reports.

Works on names (the value of a key that looks secret), on shapes (URL credentials, bearer tokens, keys) and on known
values (what the settings hold, and what variables with secret names held when an exception was raised). Nothing here
raises, and no input is changed.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from types import TracebackType
from typing import Any
from urllib.parse import unquote, urlsplit

HIDDEN = "***"
MAX_DEPTH = 8
MAX_ITEMS = 500
MAX_TEXT = 10_000  # Characters; longer text is cut, because patterns must not cost a request its time.
MARGIN = 1_000  # Characters read beyond the cut, so that a credential across it is still recognised.
MIN_KNOWN = 6  # Shorter values would blank ordinary words.
MAX_FRAMES = 100

_SECRET_NAME = re.compile(
    r"passw|passphrase|passcode|pwd|token|secret|authori[sz]ation|cookie|csrf|xsrf|session|credential|signature"
    r"|otp(?![a-z])|one_?time|recovery_?code|api_?key|bearer|dsn(?![a-z])|(?<![a-z])(?:keys?|pin|jwt|nonce|auth)(?![a-z])"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# Names that match above and are needed to follow a case; their values are no credentials.
_HARMLESS_NAMES = frozenset({"key_id", "idempotency_key", "primary_key", "session_count", "token_count"})

# Every repetition is bounded, or hostile text would cost quadratic time.
_NAMED = (
    r"(?:passw(?:or)?d|passphrase|pwd|token|secret|api_?key|authorization|cookie|csrf|sessionid|session_key|otp)"
    r"[\w-]{0,40}"
)
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|\Z)", re.S),
        HIDDEN,
    ),
    # Passwords of servers are often not percent-encoded, so everything up to the last @ is taken for them.
    (re.compile(r"\b((?:postgres(?:ql)?|rediss?|amqps?|smtps?)://)[^\s\"'<>]{0,500}@"), rf"\1{HIDDEN}@"),
    (re.compile(r"\b([A-Za-z][A-Za-z0-9+.-]{1,20}://)[^\s/?#\"'<>]{0,500}@"), rf"\1{HIDDEN}@"),
    (re.compile(r"\b(bearer|basic)(\s{1,9})[A-Za-z0-9._~+/=:-]{8,}", re.I), rf"\1\2{HIDDEN}"),
    (re.compile(r"\b((?:sk|pk|rk|whsec)_(?:live_|test_)?)[A-Za-z0-9._-]{6,}"), rf"\1{HIDDEN}"),
    (re.compile(r"\beyJ[\w-]{5,300}\.[\w-]{5,}\.[\w-]*"), HIDDEN),
    (re.compile(r"\b((?:set-)?cookie|(?:proxy-)?authorization)(\s{0,9}:\s{0,9})[^\r\n]+", re.I), rf"\1\2{HIDDEN}"),
    (
        re.compile(
            rf"({_NAMED}[\"']?\s{{0,9}}(?:=>|[=:])\s{{0,9}})(?:b?\"(?:\\.|[^\"\\])*\"|b?'(?:\\.|[^'\\])*'|[^\s,;&\"'(){{}}\[\]]+)",
            re.I,
        ),
        rf"\1{HIDDEN}",
    ),
)
# One cheap look decides whether the patterns are worth running.
_SUSPECT = re.compile(
    r"://|passw|passphrase|pwd|token|secret|key|auth|cookie|csrf|session|bearer|basic|otp|[sp]k_|rk_|whsec|eyJ", re.I
)


def is_secret_name(name: object) -> bool:
    """Whether a key, header, field or variable of this name holds a secret."""
    if not isinstance(name, str | bytes):
        return False
    plain = name.decode("latin-1") if isinstance(name, bytes) else name
    normal = _CAMEL.sub("_", plain).lower().replace("-", "_").replace(" ", "_")
    return normal not in _HARMLESS_NAMES and _SECRET_NAME.search(normal) is not None


def text(value: str, *, known: Collection[str] = ()) -> str:
    """`value` without credentials; `known` are values that are secret wherever they stand."""
    for secret in known:
        if secret in value:
            value = value.replace(secret, HIDDEN)
    more = len(value) - MAX_TEXT
    if more > 0:
        value = value[: MAX_TEXT + MARGIN]
    if _SUSPECT.search(value):
        for pattern, replacement in _PATTERNS:
            value = pattern.sub(replacement, value)
    return value if more <= 0 else f"{value[:MAX_TEXT]}... ({more} more characters)"


def clean(value: Any, *, known: Collection[str] = (), depth: int = MAX_DEPTH) -> Any:
    """A copy of `value` that may be written down: mappings, lists, text and numbers; anything else by its `str`."""
    return _clean(value, known, depth, frozenset())


def _clean(value: Any, known: Collection[str], depth: int, above: frozenset[int]) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        return _clean_nested(value, known, depth, above)
    if isinstance(value, bytes | bytearray | memoryview):
        value = bytes(value).decode("utf-8", "replace")
    return text(value if isinstance(value, str) else _said(value), known=known)


def _clean_nested(value: Any, known: Collection[str], depth: int, above: frozenset[int]) -> Any:
    if depth == 0:
        return "[too deep]"
    if id(value) in above:
        return "[circular]"
    try:
        return _clean_container(value, known, depth - 1, above | {id(value)})
    except Exception:  # noqa: BLE001 - a container of somebody else may raise anything; a log line must not
        return f"[unreadable {type(value).__name__}]"


def _clean_container(value: Any, known: Collection[str], depth: int, above: frozenset[int]) -> Any:
    if isinstance(value, Mapping):
        cleaned: dict[str, Any] = {}
        for index, (name, item) in enumerate(value.items()):
            if index == MAX_ITEMS:
                cleaned["..."] = f"{len(value) - MAX_ITEMS} more"
                break
            hidden = is_secret_name(name) and item is not None and not isinstance(item, bool)
            shown = name if isinstance(name, str) else _said(name)
            cleaned[text(shown, known=known)] = HIDDEN if hidden else _clean(item, known, depth, above)
        return cleaned
    items = list(value)
    # Headers and form fields also come as a list of (name, value) pairs.
    if len(items) == 2 and isinstance(value, tuple) and is_secret_name(items[0]) and isinstance(items[1], str | bytes):
        return [items[0] if isinstance(items[0], str) else _said(items[0]), HIDDEN]
    shown_items = [_clean(item, known, depth, above) for item in items[:MAX_ITEMS]]
    return shown_items if len(items) <= MAX_ITEMS else [*shown_items, f"... {len(items) - MAX_ITEMS} more"]


def _said(value: object) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - the object's own __str__ may raise anything
        return f"[unreadable {type(value).__name__}]"


def url(address: str) -> str:
    """An address without credentials, query and fragment."""
    return text(address.partition("?")[0].partition("#")[0])


def secrets_of(settings: Any) -> frozenset[str]:
    """The secret values that the settings hold: keys, and the passwords inside of server addresses."""
    found: set[str] = set()
    for name in ("SECRET_KEY", "METRICS_KEY", "SENTRY_DSN", "ROOT_PASSWORD", "STEWARD_BACKUP_S3_SECRET"):
        found.add(_setting(settings, name))
    found.update(key for key in getattr(settings, "SECRET_KEY_FALLBACKS", ()) if isinstance(key, str))
    for name in ("STEWARD_ENCRYPTION_KEYS", "STEWARD_BACKUP_KEYS"):
        found.update(part.partition(":")[2] for part in _setting(settings, name).split(","))
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_ADMIN_URL", "REDIS_URL"):
        found.update(_password_of(_setting(settings, name)))
    for database in getattr(settings, "DATABASES", {}).values():
        found.add(str(database.get("PASSWORD") or ""))
    return frozenset(value for value in found if len(value) >= MIN_KNOWN)


def _setting(settings: Any, name: str) -> str:
    try:
        value = getattr(settings, name, "")
    except Exception:  # noqa: BLE001 - Django raises for an empty SECRET_KEY; there is nothing to hide then
        return ""
    return value if isinstance(value, str) else ""


def _password_of(address: str) -> set[str]:
    try:
        written = urlsplit(address).password or ""
    except ValueError:
        return set()
    return {written, unquote(written)}


def held_by(error: BaseException | None) -> frozenset[str]:
    """The secret values that variables with secret names held in the frames of an exception and of its causes.

    A message that was built from such a variable can then be cleaned of it, whatever the message looks like.
    """
    found: set[str] = set()
    try:
        for frame_locals in _frames(error):
            _collect(frame_locals, found, 4, secret=False)
    except Exception:  # noqa: BLE001 - the report of an error must not fail on the error's own objects
        return frozenset(found)
    return frozenset(found)


def _frames(error: BaseException | None) -> Iterator[Mapping[str, Any]]:
    seen: set[int] = set()
    waiting = [error]
    left = MAX_FRAMES
    while waiting:
        current = waiting.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        waiting += [current.__cause__, current.__context__]
        trace: TracebackType | None = current.__traceback__
        while trace is not None and left:
            yield trace.tb_frame.f_locals
            trace, left = trace.tb_next, left - 1


def _collect(value: Any, found: set[str], depth: int, *, secret: bool) -> None:
    if isinstance(value, str | bytes):
        plain = value if isinstance(value, str) else value.decode("utf-8", "replace")
        if secret and MIN_KNOWN <= len(plain) <= MAX_TEXT:
            found.add(plain)
            scheme, _separator, credential = plain.partition(" ")
            if scheme.lower() in {"bearer", "basic", "token"} and len(credential) >= MIN_KNOWN:
                found.add(credential)
    elif depth == 0:
        return
    elif isinstance(value, Mapping):
        for name, item in list(value.items())[:MAX_ITEMS]:
            # A loop variable called `key` holds names far more often than keys, and would blank ordinary words.
            named = is_secret_name(name) and name not in {"key", "keys"}
            _collect(item, found, depth - 1, secret=secret or named)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in list(value)[:MAX_ITEMS]:
            _collect(item, found, depth - 1, secret=secret)
    else:
        _collect_request(getattr(value, "__dict__", {}), found, depth - 1)


def _collect_request(inside: Any, found: set[str], depth: int) -> None:
    # What a request has parsed so far; asking the request itself could read, and block on, its body.
    if "META" not in inside or "resolver_match" not in inside:
        return
    _collect(inside.get("COOKIES"), found, depth, secret=True)
    for part in ("META", "GET", "_post"):
        _collect(inside.get(part), found, depth, secret=False)


def collect(value: Any) -> frozenset[str]:
    """The values under secret names anywhere in `value` (an event, a form, headers)."""
    found: set[str] = set()
    _collect(value, found, MAX_DEPTH, secret=False)
    return frozenset(found)
