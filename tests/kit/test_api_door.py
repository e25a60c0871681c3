"""The door of the API: what a body and a query must be, and what is refused before anything is read."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client, RequestFactory
from pytest_django import Settings

from accounts.models import Organisation, User
from portal.kit import errors, limits, rest
from tests.factories import World
from tests.kit.test_api_routes import ROUTES

pytestmark = pytest.mark.django_db
BrowserOf = Callable[[User], Client]
URL = "/api/v1/things"


@pytest.fixture
def caller(settings: Settings, world: World, browser_of: BrowserOf) -> Client:
    settings.ROOT_URLCONF = ROUTES
    client = browser_of(world.clerk)
    client.raise_request_exception = False
    return client


def sent(caller: Client, body: str | bytes, content_type: str = "application/json", **more: Any) -> Any:
    return caller.post(URL, body, content_type=content_type, **more)


def problem(reply: Any) -> tuple[int, str, list[str]]:
    assert reply["Content-Type"] == "application/problem+json"
    body = reply.json()
    return reply.status_code, body["code"], [one["field"] for one in body["errors"]]


MALFORMED = [
    b"",
    b"{",
    b"NaN",
    b'{"slug": NaN}',
    b'{"slug": Infinity}',
    b'{"slug": 1e400}',
    b'{"slug": "\\ud800"}',
    b'{"slug": "\xff"}',
    b'{"slug": "\xed\xa0\x80"}',
    b'{"slug": "a\\u0000b"}',
    b'{"slug": "a\x00b"}',
    b'{"a\\u0000": 1}',
    b'{"slug": "a", "slug": "b"}',
    b'{"slug": "a", "parts": [{"number": 1, "number": 2}]}',
    b"'slug'",
    b"[" * 65 + b"]" * 65,
    b'{"a":' * 65 + b"1" + b"}" * 65,
    b"[" * 100_000,
    b"[" * 500_000 + b"]" * 500_000,
    b"[]",
    b'"slug"',
    b"null",
    b"true",
    b"\xef\xbb\xbf{}",
]


@pytest.mark.parametrize("body", MALFORMED, ids=lambda body: repr(body[:24]))
def test_a_body_that_is_not_one_plain_json_object_is_refused_and_nothing_is_written(
    caller: Client, body: bytes
) -> None:
    status, code, _fields = problem(sent(caller, body))

    assert (status, code) in {(400, "kit.body_malformed"), (422, "kit.invalid")}
    assert (code == "kit.invalid") == (body == b"")  # Nothing at all is an object without its fields.
    assert not Organisation.objects.exists()


def test_what_is_only_written_unusually_is_read(caller: Client) -> None:
    escaped = '{"\\u0073lug": "caf\\u00e9 \\\\u0000", "parts": [ {"number": 1}, {"number": 2} ]}'

    assert sent(caller, escaped).status_code == 201
    assert Organisation.objects.get().slug == "caf\u00e9 \\u0000"


def test_nesting_to_the_limit_is_read() -> None:
    assert rest.loads(b"[" * rest.DEPTH + b"]" * rest.DEPTH)
    with pytest.raises(rest.BodyMalformed, match="deeper than 64"):
        rest.loads(b"[" * (rest.DEPTH + 1) + b"1" + b"]" * (rest.DEPTH + 1))


@pytest.mark.parametrize(
    "content_type",
    [
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain",
        "text/json",
        "application/json; charset=latin-1",
        "application/xml",
    ],
)
def test_a_body_of_another_type_is_refused(caller: Client, content_type: str) -> None:
    assert problem(sent(caller, b'{"slug": "a"}', content_type))[:2] == (415, "kit.not_json")
    assert not Organisation.objects.exists()


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", 'application/json; charset="UTF-8"'])
def test_a_body_that_says_it_is_utf_8_is_read(caller: Client, content_type: str) -> None:
    assert sent(caller, b'{"slug": "a"}', content_type).status_code == 201


def test_every_field_that_is_not_declared_is_named_and_nothing_is_written(caller: Client) -> None:
    reply = sent(caller, b'{"slug": "a", "is_root": true, "id": "1", "parts": [{"number": 10}, {"number": 1}]}')

    assert problem(reply) == (422, "kit.invalid", ["id", "is_root", "parts.0.number"])
    assert not Organisation.objects.exists()


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ("{}", ["slug"]),
        ('{"slug": null}', ["slug"]),
        ('{"slug": ["a"]}', ["slug"]),
        ('{"slug": {"$ne": 1}}', ["slug"]),
        ('{"slug": true}', ["slug"]),
        ('{"slug": "%s"}' % ("a" * 21), ["slug"]),
        ('{"slug": "a", "then": "explode"}', ["then"]),
        ('{"slug": "a", "parts": {"0": 1}}', ["parts"]),
        ('{"slug": "a", "parts": [1]}', ["parts.0"]),
    ],
)
def test_values_of_the_wrong_kind_are_named(caller: Client, body: str, fields: list[str]) -> None:
    assert problem(sent(caller, body)) == (422, "kit.invalid", fields)
    assert not Organisation.objects.exists()


class Untouchable(io.BytesIO):
    """A body that nobody may read."""

    def read(self, *_size: Any) -> bytes:
        raise AssertionError("The body was read.")


@pytest.mark.parametrize("length", [str(limits.API_BODY_BYTES + 1), "9" * 30])
def test_a_body_beyond_the_cap_is_refused_by_its_length_alone(length: str) -> None:
    request = RequestFactory().post(URL)
    request.META["CONTENT_LENGTH"] = length
    request._stream = Untouchable()

    with pytest.raises(errors.TooLarge):
        limits.refuse_oversized(request)


def test_a_body_beyond_the_cap_is_a_problem(caller: Client) -> None:
    assert problem(sent(caller, b'{"slug": "%s"}' % (b"a" * limits.API_BODY_BYTES)))[:2] == (413, "kit.too_large")


@pytest.mark.parametrize("length", ["", "abc", "-5", "\u0663", "1048576"])
def test_a_length_within_the_cap_or_none_passes(length: str) -> None:
    request = RequestFactory().post(URL)
    request.META["CONTENT_LENGTH"] = length

    limits.refuse_oversized(request)


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_a_header_does_not_make_another_method_of_a_request(caller: Client, header: str) -> None:
    assert sent(caller, b'{"slug": "a"}', headers={header: "DELETE"}).status_code == 201
    assert caller.post(f"{URL}/a?_method=DELETE", headers={header: "DELETE"}).status_code == 405
    assert caller.get(f"{URL}/a", headers={header: "DELETE"}).status_code == 200
    assert Organisation.objects.filter(slug="a").exists()


def test_without_a_token_a_cookie_alone_writes_nothing(settings: Settings, world: World, browser_of: BrowserOf) -> None:
    settings.ROOT_URLCONF = ROUTES
    caller = Client(enforce_csrf_checks=True)
    caller.cookies = browser_of(world.clerk).cookies

    assert problem(sent(caller, b'{"slug": "a"}'))[:2] == (403, "kit.stale_form")
    assert not Organisation.objects.exists()


def test_parameters_are_read_as_declared(caller: Client) -> None:
    owner = "01890000-0000-7000-8000-000000000000"
    query = {"q": " \u00fcber ", "state": "on", "open": "true", "owner": owner, "size": "9", "limit": "200"}

    assert caller.get(URL, query).json()["items"] == [
        {"q": "\u00fcber", "state": "on", "open": True, "owner": owner, "size": 9, "limit": 200, "cursor": ""}
    ]


def test_absent_and_empty_parameters_have_their_defaults(caller: Client) -> None:
    absent = {"q": None, "state": None, "open": None, "owner": None, "size": 5, "limit": 50, "cursor": ""}

    assert caller.get(URL).json() == {"items": [absent], "next_cursor": None}
    assert caller.get(URL, dict.fromkeys(absent, "")).json()["items"] == [absent]


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("limits=5", ["limits"]),
        ("b=1&a=2&limit=0", ["a", "b", "limit"]),
        ("limit=201", ["limit"]),
        ("limit=-1", ["limit"]),
        ("limit=1.5", ["limit"]),
        ("limit=%D9%A3", ["limit"]),
        ("limit=99999999999999999999", ["limit"]),
        ("limit=5&limit=6", ["limit"]),
        ("state=of", ["state"]),
        ("state=on'--", ["state"]),
        ("open=1", ["open"]),
        ("owner=me", ["owner"]),
        ("size=10", ["size"]),
        ("q=a%00b", ["q"]),
        ("q=" + "a" * 255, ["q"]),
        ("q[]=a", ["q[]"]),
    ],
)
def test_every_parameter_that_cannot_be_read_is_named(caller: Client, query: str, fields: list[str]) -> None:
    assert problem(caller.get(f"{URL}?{query}")) == (400, "kit.parameter_malformed", fields)


@pytest.mark.parametrize("cursor", ["x", "AQABkAAAAAAAcIAAAAAAAAAA=", "../../etc/passwd", "A" * 5000])
def test_a_cursor_that_we_did_not_make_is_refused(caller: Client, cursor: str) -> None:
    assert problem(caller.get(URL, {"cursor": cursor}))[:2] == (400, "kit.cursor_malformed")


def test_a_parameter_of_a_call_that_takes_none_is_named(caller: Client) -> None:
    reply = caller.post(f"{URL}?dry_run=true", b'{"slug": "a"}', content_type="application/json")

    assert problem(reply) == (400, "kit.parameter_malformed", ["dry_run"])
    assert not Organisation.objects.exists()


def test_a_page_takes_an_upload_and_no_more() -> None:
    request = RequestFactory().post("/platform/people/import")
    request.META["CONTENT_LENGTH"] = "10500000"
    limits.refuse_oversized(request)
    request.META["CONTENT_LENGTH"] = str(limits.PAGE_BODY_BYTES + 1)
    with pytest.raises(errors.TooLarge):
        limits.refuse_oversized(request)
