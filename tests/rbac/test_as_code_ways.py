"""The ways to a file of roles and access: the page, the command and the API."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import User
from audit.models import Event
from rbac.as_code.reader import MOST_BYTES
from rbac.models import Role
from tests.accounts.organisation_world import House, make_house, traces
from tests.rbac.roles_world import bind, make_role

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
WATCH = "version: 1\nroles:\n  watch:\n    label: Watch\n    allow: [member:read]\n"
STRONG = "version: 1\nroles:\n  strong: {label: Strong, rank: 30, allow: [organisation:delete]}\n"


def _text(reply: Any) -> str:
    return str(reply.content.decode())


def _fingerprint(text: str) -> str:
    return text.partition('name="fingerprint" value="')[2].partition('"')[0]


def _own(house: House) -> list[str]:
    return sorted(Role.objects.filter(organisation_id=house.id).values_list("code", flat=True))


def test_a_file_is_pasted_planned_and_applied(browser_of: Browser) -> None:
    house = make_house()
    client, here = browser_of(house.owner), house.url("roles/code")
    assert "Roles as code" in _text(client.get(here))
    shown = client.post(here, {"yaml": WATCH, "do": "plan"})
    text = _text(shown)
    assert shown.status_code == 200
    assert "watch" in text
    assert _own(house) == []
    assert "Show plan" in _text(client.post(here, {"yaml": WATCH, "do": "back"}))
    sent = {"yaml": WATCH, "do": "apply", "fingerprint": _fingerprint(text)}
    assert client.post(here, sent).status_code == 302
    assert _own(house) == ["watch"]
    assert "Nothing to do" in _text(client.post(here, {"yaml": WATCH, "do": "plan"}))
    exported = client.get(f"{here}/export")
    assert exported["Content-Type"].startswith("application/yaml")
    assert "label: Watch" in _text(exported)
    assert "Nothing to do" in _text(client.post(here, {"yaml": _text(exported), "do": "plan", "prune": "on"}))


def test_a_file_can_be_uploaded_and_a_bad_one_is_refused(browser_of: Browser) -> None:
    house = make_house()
    client, here = browser_of(house.owner), house.url("roles/code")
    good = SimpleUploadedFile("roles.yaml", WATCH.encode(), "application/yaml")
    assert "watch" in _text(client.post(here, {"file": good, "do": "plan"}))
    for content in (b"\xff\xfe\x00", b"#" * (MOST_BYTES + 1), b""):
        reply = client.post(here, {"file": SimpleUploadedFile("roles.yaml", content), "do": "plan"})
        assert reply.status_code == 422
    reply = client.post(here, {"yaml": "version: 1\nrolls: {}\n", "do": "plan"})
    assert reply.status_code == 422
    assert "Line 2:" in _text(reply)
    assert client.post(here, {"yaml": WATCH, "do": "burn"}).status_code == 400
    assert client.post(here, {"yaml": WATCH, "do": "apply"}).status_code == 400, "applied without a look at its plan"
    assert _own(house) == []


def test_the_page_says_what_is_refused_and_what_changed_meanwhile(browser_of: Browser) -> None:
    house = make_house()
    client, here = browser_of(house.admin), house.url("roles/code")
    text = _text(client.post(here, {"yaml": STRONG, "do": "plan"}))
    assert "It cannot be applied" in text
    assert "Line 3" in text
    before = traces()
    reply = client.post(here, {"yaml": STRONG, "do": "apply", "fingerprint": _fingerprint(text)})
    assert reply.status_code == 403
    assert traces() == before
    reply = client.post(here, {"yaml": WATCH, "do": "apply", "fingerprint": "another"})
    assert reply.status_code == 409
    assert "Something changed meanwhile" in _text(reply)
    assert _own(house) == []
    for who in (house.editor, house.viewer):
        assert browser_of(who).get(here).status_code == 403
        assert browser_of(who).get(f"{here}/export").status_code == 403


def test_a_person_who_gains_stands_on_the_plan(browser_of: Browser) -> None:
    house = make_house()
    role = make_role(house, "member:read")
    bind(house, house.editor, role)
    client, here = browser_of(house.owner), house.url("roles/code")
    changed = _text(client.get(f"{here}/export")).replace("member:read", "audit:read")
    text = _text(client.post(here, {"yaml": changed, "do": "plan"}))
    assert house.editor.name in text.partition("Who gains and who loses")[2]
    assert 'class="gain"' in text


def _command(*words: str) -> str:
    out = StringIO()
    call_command("roles", *words, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_the_command_takes_out_plans_and_applies(tmp_path: Path) -> None:
    house = make_house()
    role = make_role(house, "member:read")
    bind(house, house.editor, role)
    slug = house.organisation.slug
    whole = _command("export", "--organisation", slug)
    file = tmp_path / "roles.yaml"
    file.write_text(whole)
    assert _command("plan", str(file), "--organisation", slug, "--prune") == "Planned: 0 changes.\n"
    file.write_text(whole.replace("member:read", "audit:read"))
    said = _command("plan", str(file), "--organisation", slug)
    assert f"~ role {role.code}" in said
    assert "+audit:read" in said
    assert Event.objects.filter(code="rbac.code.applied").count() == 0
    assert "Applied: 1 changes." in _command("apply", str(file), "--organisation", slug)
    assert set(role.permissions.values_list("permission__code", flat=True)) == {"audit:read"}


def test_the_command_acts_with_the_rights_of_whom_it_is_told(tmp_path: Path) -> None:
    house = make_house()
    slug, file = house.organisation.slug, tmp_path / "roles.yaml"
    file.write_text(STRONG)
    for verb in ("plan", "apply"):
        with pytest.raises(CommandError, match="Line 3"):
            _command(verb, str(file), "--organisation", slug, "--as", house.admin.username)
    assert _own(house) == []
    event = Event.objects.filter(code="rbac.code.applied")
    _command("apply", str(file), "--organisation", slug, "--as", house.owner.username)
    assert event.get().actor_id == house.owner.pk
    assert _own(house) == ["strong"]


@pytest.mark.parametrize(
    "words",
    [
        ("export",),
        ("plan", "--organisation", "acme"),
        ("plan", "nowhere.yaml", "--organisation", "acme"),
        ("export", "--organisation", "no-such"),
        ("apply", "nowhere.yaml"),
    ],
)
def test_a_command_that_lacks_something_says_so(words: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        _command(*words)
    house = make_house()
    with pytest.raises(CommandError, match="no active person"):
        _command("export", "--organisation", house.organisation.slug, "--as", "nobody.here")


def test_the_ready_made_roles_are_applied_as_ever() -> None:
    said = StringIO()
    call_command("roles", "apply", stderr=said)
    assert "0 permissions and 0 roles" in said.getvalue()


def _client(house: House, browser_of: Browser, user: User) -> Client:
    client = browser_of(user)
    client.defaults["HTTP_STEWARD_ORGANISATION"] = str(house.id)
    return client


def test_the_api_takes_out_plans_and_applies(browser_of: Browser) -> None:
    house, elsewhere = make_house(), make_house("Elsewhere")
    client, where = _client(house, browser_of, house.owner), f"/api/v1/organisations/{house.id}/roles/code"
    kind = "application/json"
    plan = client.post(f"{where}/plan", {"yaml": WATCH}, content_type=kind).json()
    assert [(step["action"], step["kind"], step["name"], step["line"]) for step in plan["steps"]] == [
        ("create", "role", "watch", 3)
    ]
    assert _own(house) == []
    stale = client.post(f"{where}/apply", {"yaml": WATCH, "fingerprint": "0" * 64}, content_type=kind)
    assert (stale.status_code, stale.json()["code"]) == (409, "rbac.code_outdated")
    body = {"yaml": WATCH, "fingerprint": plan["fingerprint"]}
    assert len(client.post(f"{where}/apply", body, content_type=kind).json()["steps"]) == 1
    whole = client.get(where).json()["yaml"]
    assert client.post(f"{where}/plan", {"yaml": whole, "prune": True}, content_type=kind).json()["steps"] == []
    bad = client.post(f"{where}/plan", {"yaml": "version: 1\nrolls: {}\n"}, content_type=kind)
    assert (bad.status_code, bad.json()["code"]) == (422, "rbac.code_invalid")
    assert bad.json()["errors"][0]["detail"].startswith("Line 2:")
    other = f"/api/v1/organisations/{elsewhere.id}/roles/code"
    assert client.get(other).status_code == 404


def test_the_api_gives_nothing_that_the_caller_lacks(browser_of: Browser) -> None:
    house = make_house()
    where = f"/api/v1/organisations/{house.id}/roles/code"
    before = traces()
    admin = _client(house, browser_of, house.admin)
    for act in ("plan", "apply"):
        reply = admin.post(f"{where}/{act}", {"yaml": STRONG}, content_type="application/json")
        assert (reply.status_code, reply.json()["code"]) == (403, "rbac.cannot_delegate")
        assert "Line 3" in reply.json()["detail"]
    for who in (house.editor, house.viewer):
        client = _client(house, browser_of, who)
        assert client.get(where).status_code == 403
        for act in ("plan", "apply"):
            reply = client.post(f"{where}/{act}", {"yaml": WATCH}, content_type="application/json")
            assert reply.status_code == 403
    assert traces() == before
