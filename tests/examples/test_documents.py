"""Every example of the documentation is tried: run, read by the code it is for, or compared with the description of the API.

A fenced block says its language. The comment right before it says more: `<!-- live -->` runs it against a real Steward,
`<!-- run with: ... -->` runs it here, `<!-- file: ... -->` quotes a file, `<!-- body of POST /api/... -->` and `reply of` name
what the API says of it.
"""

import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from django.core.management import get_commands, load_command_class
from django.core.management.base import CommandError
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from accounts import people_csv
from billing import customer_csv
from billing.ledger import balance
from billing.ledger.chart import income
from billing.periods import UTC_ZONE, Period
from billing.proration import prorated
from docs import markdown
from docs.examples.steward_client import Question, Resource, Steward, Subject, Thing
from docs.markdown import LANGUAGES, Block
from portal.home import references
from portal.kit import clock, context, ids, openapi, registry
from portal.kit.money import half_up
from portal.kit.services import writing
from rbac.conditions import conditions_clean
from tests.accounts.organisation_world import House, make_house
from tests.browser.server import Web
from tests.examples.test_host_product import _secret
from tests.rbac.authz_world import call_them, give

ROOT = markdown.ROOT
DOCUMENT = openapi._plain(openapi.document())
# What the test of the description of the API has validated at its source.
GENERATED = {ROOT / page.path for page in references.PAGES.values()} - {ROOT / "docs" / "errors.md"}
BLOCKS = [block for page in markdown.pages() if page not in GENERATED for block in markdown.blocks(page)]
# Programs of the machine that examples may call, beside make and manage.py.
PROGRAMS = {"curl", "export", "grep", "prometheus", "promtool", "python3", ".venv/bin/python"}
_TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def _of(language: str, note: str = "") -> list[Block]:
    return [block for block in BLOCKS if block.language == language and block.note.startswith(note)]


def _each(language: str, note: str = "") -> pytest.MarkDecorator:
    found = _of(language, note)
    assert found, f"no example in {language} says {note}"
    return pytest.mark.parametrize("block", found, ids=[block.name for block in found])


def test_every_block_says_its_language_and_how_it_is_tried() -> None:
    ways = {
        "sh": r"|live",
        "python": r"live|run with: .+|file: .+|not run: .+",
        "json": r"(body|reply) of [A-Z]+ /api/\S+|schema \w+|conditions",
        "yaml": r"roles as code",
        "csv": r"people|customers",
        "html": r"file: .+",
        "http": r"",
        "text": r"|file: .+",
    }
    assert set(ways) <= set(LANGUAGES)
    assert [block.name for block in BLOCKS if block.language not in ways] == []
    assert [(block.name, block.note) for block in BLOCKS if not re.fullmatch(ways[block.language], block.note)] == []


# --- The shell ---


def _commands(text: str) -> Iterator[list[str]]:
    for line in text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        while words and "=" in words[0] and words[0].partition("=")[0].isupper():
            words = words[1:]
        if words:
            yield words[: words.index(">")] if ">" in words else words


def _understood(words: list[str]) -> bool:
    """Whether `manage.py noun verb ...` is one that the command's own parser takes."""
    noun, arguments = words[0], words[1:]
    if noun not in get_commands():
        return False
    parser = load_command_class(get_commands()[noun], noun).create_parser("manage.py", noun)
    parser.called_from_command_line = False
    try:
        parser.parse_args(arguments)
    except CommandError as error:
        # A sentence names a command without all that it takes.
        return "required" in str(error)
    return True


@_each("sh")
def test_what_an_example_types_exists(block: Block) -> None:
    for words in _commands(block.text):
        if words[0] == "make":
            assert {word for word in words[1:] if "=" not in word} <= _TARGETS, block.name
        elif "manage.py" in words[:2]:
            assert _understood(words[words.index("manage.py") + 1 :]), f"{block.name}: {shlex.join(words)}"
        else:
            assert words[0] in PROGRAMS, f"{block.name}: {words[0]}"


def test_every_command_in_a_sentence_is_understood() -> None:
    wrong = []
    for page in markdown.pages():
        for said in re.findall(r"`(?:python )?manage\.py ([^`]+)`", page.read_text("utf-8")):
            plain = re.sub(r"\[[^\]]*\]|<[^>]*>|\.\.\.", "", said)
            tried = [shlex.split(one) for one in _alternatives(plain)]
            wrong += [f"{page.name}: {said}" for words in tried if len(words) > 1 and not _understood(words)]
    assert wrong == []


def _alternatives(said: str) -> list[str]:
    first, *others = said.split("|")
    head = first.rsplit(" ", 1)[0] if others else ""
    return [first, *(f"{head} {other}" for other in others)]


# --- JSON and HTTP ---


def _operation(method: str, path: str) -> Any:
    plain = path.partition("?")[0]
    for known, methods in DOCUMENT["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", known), plain) and method.lower() in methods:
            return methods[method.lower()]
    raise AssertionError(f"There is no {method} {path}.")


def _fits(schema: Any, value: Any, *, whole: bool = True) -> None:
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "components": DOCUMENT["components"],
        **schema,
    }
    errors = [
        error for error in Draft202012Validator(document).iter_errors(value) if whole or error.validator != "required"
    ]
    assert errors == []


def _schema_of(note: str) -> Any:
    if note.startswith("schema "):
        return {"$ref": f"#/components/schemas/{note.split()[1]}"}
    kind, _preposition, method, path = note.split()
    operation = _operation(method, path)
    if kind == "body":
        return operation["requestBody"]["content"]["application/json"]["schema"]
    reply = next(reply for status, reply in operation["responses"].items() if status < "300")
    return reply["content"]["application/json"]["schema"]


@_each("json")
def test_json_is_what_the_api_says(block: Block) -> None:
    value = json.loads(block.text)
    if block.note == "conditions":
        assert conditions_clean(value)
    else:
        _fits(_schema_of(block.note), value)


@_each("http")
def test_calls_that_are_shown_exist_and_their_bodies_are_taken(block: Block) -> None:
    operation: Any = None
    shown = 0
    for method, path, body in re.findall(
        r"^(GET|POST|PUT|PATCH|DELETE|\d{3}) ?\s*(/\S+)?\s*(\{.*?\}(?=\n\n|\n[A-Z\d]|\Z))?", block.text, re.M | re.S
    ):
        if path:
            operation = _operation(method, path.replace("<id>", "one"))
            shown += 1
        if body and ", ..." not in body and "{..." not in body:
            what = operation["requestBody"] if path else operation["responses"][method]
            _fits(what["content"]["application/json"]["schema"], json.loads(body), whole=bool(path))
    assert shown


# --- Files that people send ---


@_each("csv")
def test_a_file_that_is_shown_can_be_imported(block: Block) -> None:
    content = block.text.encode()
    if block.note == "people":
        people = people_csv.parse(content.splitlines(keepends=True))
        assert (people.refused, people.ignored, len(people.accepted)) == ([], [], len(block.text.splitlines()) - 1)
    else:
        customers = customer_csv.parse(content)
        assert (customers.refused, customers.ignored) == ([], [])
        assert len(customers.rows) == len(block.text.splitlines()) - 1


@_each("yaml")
def test_roles_as_code_that_are_shown_can_be_read(block: Block) -> None:
    from rbac.as_code.document import document_of

    document = document_of(block.text)
    assert {one for one in yaml.safe_load(block.text) if one != "version"} == {
        "workspaces",
        "roles",
        "teams",
        "bindings",
        "grants",
    }
    assert document.bindings


# --- Python ---


@pytest.mark.parametrize(
    "block", [block for block in BLOCKS if block.note.startswith("file:")], ids=lambda block: block.name
)
def test_a_quoted_file_says_what_is_quoted(block: Block) -> None:
    file = (ROOT / block.note.removeprefix("file:").strip()).read_text("utf-8")
    for part in block.text.split("\n...\n"):
        assert part.strip() in file, f"{block.name} is not what {block.note} says"


def test_the_example_of_a_schedule_declares_one() -> None:
    (block,) = _of("python", "run with: a schedule")
    schedules = registry.Registry[registry.Schedule]("Schedule", lambda item: item.name)
    try:
        exec(block.text, {"schedules": schedules, "Schedule": registry.Schedule, "_": str})  # noqa: S102
    finally:
        registry.REGISTRIES.remove(schedules)
    assert [one.night for one in schedules] == [10]


@pytest.mark.django_db
def test_the_example_of_a_posting_posts() -> None:
    (block,) = _of("python", "run with: an invoice")
    customer = SimpleNamespace(pk=ids.uuid7())
    invoice = SimpleNamespace(pk=ids.uuid7(), number="INV-1")
    names = {"invoice": invoice, "customer": customer, "now_of": lambda _customer: clock.now(), "writing": writing}
    before = balance(income("subscription", "EUR"))
    with context.system("an example"):
        exec(block.text, names)  # noqa: S102
    assert balance(income("subscription", "EUR")) - before == 11900


def test_the_example_of_a_seat_that_comes_in_the_middle_is_computed_right() -> None:
    whole = Period(datetime(2026, 4, 1, tzinfo=UTC_ZONE), datetime(2026, 5, 1, tzinfo=UTC_ZONE))
    part = Period(datetime(2026, 4, 16, tzinfo=UTC_ZONE), whole.end)
    text = (ROOT / "docs" / "billing.md").read_text("utf-8")

    assert half_up(prorated(4000, part, whole)) == 2000
    assert "EUR 20.00: one seat for 15 of 30 days" in text


# --- Against a real Steward ---


@pytest.fixture
def web(own_database: dict[str, str]) -> Iterator[Web]:
    """A Steward of the test's own."""
    served = Web(own_database)
    try:
        yield served
    finally:
        served.stop()


@pytest.fixture
def house(web: Web) -> House:
    """An organisation whose owner the product knows as u-17, with a role in the product."""
    house = make_house("Harbour")
    call_them(house, house.owner, "u-17")
    return house


def test_what_is_shown_for_the_shell_runs(web: Web, house: House) -> None:
    assert _of("sh", "live")
    for block in _of("sh", "live"):
        environment = {**os.environ, "PORTAL": web.url, "API_KEY": _secret(house, house.owner)}
        done = subprocess.run(
            ["bash", "-euc", block.text], env=environment, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, f"{block.name}: {done.stderr}"
        assert '"allowed":true' in done.stdout.replace(" ", "")


def test_what_is_shown_for_the_client_runs(web: Web, house: House) -> None:
    give(house, house.owner, "developer")
    key = _secret(house, house.owner)
    made: list[Steward] = []

    def client(_url: str, secret: str, **values: Any) -> Steward:
        made.append(Steward(web.url, secret, **values))
        return made[-1]

    said: list[str] = []
    names = {
        "Subject": Subject,
        "Thing": Thing,
        "Resource": Resource,
        "Question": Question,
        "key": key,
        "print": said.append,
    }
    try:
        for block in _of("python", "live"):
            exec(block.text, {"Steward": client, **names})  # noqa: S102
    finally:
        for one in made:
            one.close()
    assert said == ["Allowed by a role."]
