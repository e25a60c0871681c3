"""What the scrubber takes out, leaves in, and survives."""

from collections import OrderedDict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.kit import scrub

PLANTED = "hunter2-planted-Zk9"


@pytest.mark.parametrize(
    "written",
    [
        f"postgresql://steward:{PLANTED}@db:5432/steward is away",
        f"postgresql://steward:a/{PLANTED}@x@db:5432/steward",
        f"redis://:{PLANTED}@cache:6379/0",
        f"https://{PLANTED}@sentry.example/1",
        f"Authorization: Bearer {PLANTED}",
        f"sent bearer {PLANTED} to it",
        f"Cookie: steward={PLANTED}; theme=dark",
        f"the key sk_live_{PLANTED} was used",
        f"GET /reset?token={PLANTED}&next=/",
        f"{{'password': '{PLANTED} with spaces', 'name': 'Ada'}}",
        f'{{"api_key": "{PLANTED}"}}',
        f"new_password={PLANTED}",
        f"csrfmiddlewaretoken={PLANTED}&a=b",
        f"eyJhbGciOiJIUzI1NiJ9.{PLANTED}.c2lnbmF0dXJl",
        f"-----BEGIN RSA PRIVATE KEY-----\n{PLANTED}\n-----END RSA PRIVATE KEY-----",
        f"-----BEGIN PRIVATE KEY-----\n{PLANTED}",
    ],
)
def test_credentials_in_text_are_hidden(written: str) -> None:
    assert PLANTED not in scrub.text(written)


@pytest.mark.parametrize(
    "written",
    [
        "The token expired an hour ago.",
        "GET /o/acme/people refused",
        "https://portal.example.com/people?page=2&mail=me@example.com",
        "connection to server at 127.0.0.1, port 5432 failed: Connection refused",
        "Key (slug)=(acme) already exists.",
    ],
)
def test_ordinary_text_stays_as_it_is(written: str) -> None:
    assert scrub.text(written) == written


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "New-Password",
        "sessionId",
        "X-CSRFToken",
        "HTTP_AUTHORIZATION",
        "api_key",
        "key",
        "otp_code",
        "one_time_code",
        "DSN",
    ],
)
def test_names_of_secrets_are_known(name: str) -> None:
    assert scrub.is_secret_name(name)


@pytest.mark.parametrize("name", ["author", "keyboard", "monkey", "description", "optional", "key_id", "name", 7, None])
def test_names_of_ordinary_things_are_not_taken_for_secrets(name: object) -> None:
    assert not scrub.is_secret_name(name)


def test_values_of_secret_names_are_hidden_at_any_depth_and_whatever_they_are() -> None:
    value = {
        "form": [{"password": PLANTED, "otp": 123456, "nested": ({"token": {"a": [PLANTED]}},)}],
        "ok": True,
        "token": None,
    }

    assert scrub.clean(value) == {
        "form": [{"password": "***", "otp": "***", "nested": [{"token": "***"}]}],
        "ok": True,
        "token": None,
    }


def test_header_pairs_are_hidden_by_their_name() -> None:
    assert scrub.clean([("cookie", PLANTED), (b"accept", b"text/html")]) == [["cookie", "***"], ["accept", "text/html"]]


def test_the_input_is_not_changed() -> None:
    inner: dict[str, Any] = {"password": PLANTED}
    value = OrderedDict(a=[inner])

    scrub.clean(value)

    assert value == {"a": [{"password": PLANTED}]}


def test_a_cycle_ends() -> None:
    value: dict[str, Any] = {"name": "a"}
    value["self"] = value

    assert scrub.clean(value) == {"name": "a", "self": "[circular]"}


def test_the_same_object_twice_is_no_cycle() -> None:
    shared = ["a"]

    assert scrub.clean([shared, shared]) == [["a"], ["a"]]


def test_a_very_deep_value_is_cut_and_hides_what_is_below() -> None:
    value: Any = PLANTED
    for _ in range(5_000):
        value = [value]

    assert PLANTED not in str(scrub.clean(value))


def test_a_very_wide_value_is_cut() -> None:
    cleaned = scrub.clean(list(range(scrub.MAX_ITEMS + 7)))

    assert cleaned[-1] == "... 7 more"


def test_a_secret_across_the_cut_of_a_long_text_does_not_survive_in_part() -> None:
    for start in range(scrub.MAX_TEXT - 60, scrub.MAX_TEXT + 1):
        written = "x" * (start - 1) + f" postgresql://user:{PLANTED}@host/name" + " y" * 400

        assert PLANTED[:8] not in scrub.text(written)


class Hostile(dict[str, Any]):
    """A mapping that raises wherever it is touched."""

    def items(self) -> Any:
        raise RuntimeError("no")

    def __str__(self) -> str:
        raise RuntimeError("no")

    __repr__ = __str__


class Mute:
    """An object without words."""

    def __str__(self) -> str:
        raise ValueError("no")


def test_objects_that_raise_are_told_by_their_type() -> None:
    assert scrub.clean({"a": Hostile(), "b": Mute()}) == {"a": "[unreadable Hostile]", "b": "[unreadable Mute]"}


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=60) | st.binary(max_size=60),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12) | st.integers(), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(_values)
def test_it_never_raises_and_is_stable(value: Any) -> None:
    once = scrub.clean(value)

    assert repr(scrub.clean(once)) == repr(once) or "***" in repr(once)


def _fails(password: str) -> None:
    innocent = password
    raise ValueError(f"cannot sign in with {innocent}")


def test_a_message_built_from_a_secret_variable_is_cleaned_of_its_value() -> None:
    with pytest.raises(ValueError, match="cannot") as caught:
        _fails(PLANTED)

    known = scrub.held_by(caught.value)

    assert scrub.text(str(caught.value), known=known) == "cannot sign in with ***"


def test_the_variables_of_a_cause_count_too() -> None:
    def outer() -> None:
        try:
            _fails(PLANTED)
        except ValueError as error:
            raise RuntimeError("outer") from error

    with pytest.raises(RuntimeError) as caught:
        outer()

    assert PLANTED in scrub.held_by(caught.value)


def test_exceptions_that_cause_each_other_end() -> None:
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first

    assert scrub.held_by(first) == frozenset()


def test_passwords_inside_of_the_server_addresses_are_known_secrets() -> None:
    class Settings:
        SECRET_KEY = "a-secret-key-of-this-test"
        DATABASE_URL = "postgresql://app:pass%40word@db/steward"
        STEWARD_ENCRYPTION_KEYS = "1:AAAABBBBCCCC"
        STEWARD_BACKUP_KEYS = "1:DDDDEEEEFFFF"

    assert {"pass@word", "pass%40word", "AAAABBBBCCCC", "DDDDEEEEFFFF", Settings.SECRET_KEY} <= scrub.secrets_of(
        Settings
    )


def test_an_address_is_shown_without_query_and_credentials() -> None:
    assert scrub.url(f"https://a:{PLANTED}@host/path?token={PLANTED}#x") == "https://***@host/path"
