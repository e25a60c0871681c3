"""The OpenAPI document and its page: valid, complete, true to the replies, and under the strict CSP."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.validation import validate_schema
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from accounts.models import User
from portal.home.api import reference
from portal.kit import errors, openapi, registry
from portal.kit.access import Public
from portal.kit.api import ApiView
from portal.kit.api.endpoint import UNSAFE
from tests.factories import World

ROOT = Path(__file__).resolve().parent.parent.parent
BrowserOf = Callable[[User], Client]
DOCUMENT = openapi._plain(openapi.document())
OPERATIONS = [
    (path, method, operation) for path, methods in DOCUMENT["paths"].items() for method, operation in methods.items()
]
NAMES = [operation["operationId"] for _path, _method, operation in OPERATIONS]


def _routes(patterns: list[Any], prefix: str = "/") -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, prefix + str(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            yield prefix + str(pattern.pattern), pattern.callback


def endpoints() -> Iterator[tuple[str, str, type[ApiView]]]:
    """Every method of every endpoint of the project: address, method, class."""
    for route, callback in _routes(get_resolver().url_patterns):
        view = getattr(callback, "cls", None)
        if view is not None and issubclass(view, ApiView) and "^" not in route:
            for method in view.endpoints:
                if method != "head":
                    yield re.sub(r"<\w+:(\w+)>", r"{\1}", route), method, view


def fits(schema: Any, value: Any) -> None:
    """Raise unless `value` is what `schema` of the document says."""
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "components": DOCUMENT["components"], **schema}
    Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(value)


def test_the_document_is_valid_openapi_3_1_and_made_without_a_warning() -> None:
    GENERATOR_STATS.reset()
    openapi.document.cache_clear()
    openapi.document()

    assert (GENERATOR_STATS._warn_cache, GENERATOR_STATS._error_cache) == ({}, {})
    assert DOCUMENT["openapi"].startswith("3.1")
    validate: Any = validate_schema
    validate(DOCUMENT)


def test_every_endpoint_under_the_api_is_declared_and_in_the_document() -> None:
    found = list(endpoints())
    undeclared = [(route, method) for route, method, view in found if not view.endpoints[method].declared]
    assert undeclared == []
    assert {(route, method) for route, method, _view in found} == {(path, method) for path, method, _ in OPERATIONS}


def test_no_check_of_the_project_minds_the_api() -> None:
    assert [found for found in run_checks(include_deployment_checks=True) if "spectacular" in (found.id or "")] == []


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS, ids=NAMES)
def test_an_operation_says_who_may_what_may_go_wrong_and_gives_examples(path: str, method: str, operation: Any) -> None:
    (view,) = {view for route, given, view in endpoints() if (route, given) == (path, method)}
    declared = view.endpoints[method]

    assert operation["summary"]
    credentials: list[dict[str, list[str]]] = [{"session": []}, {"bearer": []}]
    assert operation["security"] == ([{}] if isinstance(declared.access, Public) else credentials)
    assert operation["x-permission"] == (declared.scope or None)
    assert declared.scope == "" or declared.scope in registry.permissions
    replies = operation["responses"]
    assert (set() if isinstance(declared.access, Public) else {"401", "403"}) | {"429"} <= set(replies)
    for status, reply in replies.items():
        content = reply.get("content", {})
        if status >= "400":
            told = content["application/problem+json"]["examples"]
            assert all(errors.CODES[code].status == int(status) for code in told)
            for example in told.values():
                fits({"$ref": "#/components/schemas/Problem"}, example["value"])
        elif declared.file:
            assert set(content) == set(declared.file.split(", "))
        elif content:
            shown = content["application/json"]
            fits(shown["schema"], shown["examples"]["example"]["value"])
    if declared.body is not None:
        sent = operation["requestBody"]["content"]["application/json"]
        fits(sent["schema"], sent["examples"]["example"]["value"])
        assert {"400", "413", "415", "422"} <= set(replies)


def test_addresses_in_the_document_are_those_of_one_operation_each() -> None:
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.django_db
def test_the_document_is_served_to_whoever_is_signed_in_and_only_once(world: World, browser_of: BrowserOf) -> None:
    caller = browser_of(world.stranger)
    reply = caller.get("/api/v1/schema")

    assert (reply.status_code, reply["Content-Type"]) == (200, "application/json")
    assert reply.json()["paths"].keys() == DOCUMENT["paths"].keys()
    assert caller.get("/api/v1/schema", headers={"If-None-Match": reply["ETag"]}).status_code == 304
    assert Client().get("/api/v1/schema").status_code == 401


@pytest.mark.django_db
def test_the_page_shows_every_call_without_any_script_of_its_own(world: World, browser_of: BrowserOf) -> None:
    page = browser_of(world.stranger).get("/api/v1/docs")
    text = page.content.decode()

    assert page.status_code == 200
    assert all(f'id="{name.replace("_", "-")}"' in text for name in NAMES)
    assert "curl" not in text, "a line for each of so many"
    assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=", text)
    assert Client().get("/api/v1/docs").status_code == 401


@pytest.mark.django_db
def test_a_noun_has_a_page_with_all_about_its_calls_and_the_chosen_one_open(
    world: World, browser_of: BrowserOf
) -> None:
    browser = browser_of(world.stranger)
    text = browser.get("/api/v1/docs", {"noun": "users", "call": "post-users-by-person-id-unlock"}).content.decode()

    shown = re.findall(r'<details class="panel op" id="([\w-]+)"( open)?>', text)
    assert {name for name, _open in shown} == {one.anchor for one in reference.groups(only="users")[0].operations}
    assert [name for name, is_open in shown if is_open] == ["post-users-by-person-id-unlock"]
    assert "curl -b cookies.txt" in text
    assert browser.get("/api/v1/docs", {"noun": "unicorns"}).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("users unlock", "post-users-by-person-id-unlock"),
        ("kit.idempotency_conflict delete users erase", "delete-users-by-person-id"),
        ("cleanup:execute nothing", ""),
        ("<script>alert(1)</script>", ""),
        ("\0" * 9 + "unlock", "post-users-by-person-id-unlock"),
    ],
)
def test_the_search_finds_calls_in_which_all_words_are(
    world: World, browser_of: BrowserOf, words: str, expected: str
) -> None:
    text = browser_of(world.clerk).get("/api/v1/docs", {"q": words}).content.decode()

    assert "<script>alert" not in text
    assert re.findall(r'<details class="panel op" id="([\w-]+)"', text) == ([expected] if expected else [])


def test_every_call_of_the_document_is_on_the_page() -> None:
    shown = [operation for group in reference.groups() for operation in group.operations]
    assert len(shown) == reference.total() == len(OPERATIONS)
    assert all(operation.summary and operation.curl for operation in shown)


def test_the_table_of_the_documentation_is_the_api() -> None:
    text = (ROOT / "docs" / "api.md").read_text("utf-8")
    rows = re.findall(r"^\| (GET|POST|PATCH|PUT|DELETE) \| `([^`]+)` \| ([^|]+) \| ([^|]+) \|", text, re.MULTILINE)
    table = {(method, path): (access.strip().strip("`"), reply.strip()) for method, path, access, reply in rows}
    assert table == {
        (method.upper(), path): (operation["x-permission"] or _anybody(operation), _reply(operation))
        for path, method, operation in OPERATIONS
    }


def test_the_table_of_signing_in_is_the_api() -> None:
    text = (ROOT / "docs" / "api_auth.md").read_text("utf-8")
    table = re.findall(r"^\| (?:GET|POST|PATCH|PUT|DELETE) \| `.*$", text, re.MULTILINE)
    whole = (ROOT / "docs" / "api.md").read_text("utf-8")
    ours = re.compile(r"^\| \w+ \| `/api/v1/(?:auth|session)/.*$", re.MULTILINE)
    # The whole table is compared with the code above.
    assert sorted(table) == sorted(row for row in ours.findall(whole) if not re.search("register|email|reset", row))


def _anybody(operation: Any) -> str:
    return "anybody" if operation["security"] == [{}] else "signed in"


def _reply(operation: Any) -> str:
    status, reply = next(iter(operation["responses"].items()))
    schema = reply.get("content", {}).get("application/json", {}).get("schema", {})
    name = schema.get("$ref", "").rpartition("/")[2].removesuffix("Reply")
    return f"{status} {name}".strip()


def test_unsafe_calls_of_the_project_take_an_idempotency_key() -> None:
    without = {(route, method) for route, method, view in endpoints() if not view.endpoints[method].idempotent}
    for path, method, operation in OPERATIONS:
        names = {parameter["name"] for parameter in operation.get("parameters", ())}
        # Without a session or key there is nobody to keep a reply for.
        kept = operation["security"] != [{}] and (path, method) not in without
        assert ("Idempotency-Key" in names) == (method in UNSAFE and kept), path
    # Whose replies hold secrets of one's own, or change nothing, or whose events have keys of their own.
    assert {path.split("/")[3] for path, _method in without} == {"auth", "session", "authz", "usage", "entitlements"}
