"""Explanations over HTTP: every path, in words and as data, to whom may know."""

from datetime import timedelta
from typing import Any

import pytest

from portal.kit import clock
from portal.kit.decision import can
from rbac.explain import Path, Trace, replay
from rbac.explain_words import path_words, trace_words
from tests.accounts.organisation_world import House, make_house
from tests.factories import World, person
from tests.rbac.authz_world import READ, UPDATE, Caller, by_key, give, grant, inside, question, thing
from tests.rbac.tree_house import resource, workspace


@pytest.fixture
def house(world: World) -> House:
    return make_house("Harbour")


@pytest.fixture
def host(house: House) -> Caller:
    """Whoever gives roles."""
    return by_key(house, house.admin, "role:assign")


def test_every_path_is_told_with_what_became_of_it(house: House, host: Caller) -> None:
    place = workspace(house, "North")
    project = resource(house, "Survey", below=place.pk)
    give(house, house.viewer, "developer", place)
    give(house, house.viewer, "viewer", project, expires_at=clock.now() - timedelta(days=1))
    grant(house, house.viewer, READ, project)
    told = host.told("explain", question(house.viewer, READ, project))
    assert (told["allowed"], told["reason"], told["text"]) == (True, "role", "Allowed by a role.")
    assert [one["name"] for one in told["chain"]][:2] == ["Survey", "North"]
    assert told["chain"][-1]["type"] == "installation"
    texts = [one["text"] for one in told["paths"]]
    assert "The role Developer on North gives it." in texts
    assert "It was granted directly on Survey." in texts
    assert any(text.endswith("but that is over.") for text in texts)
    assert sorted(one["counts"] for one in told["paths"]) == [False, True, True]
    assert told["version"] == can(house.inside(house.viewer), READ, project).version


def test_a_refusal_names_the_roles_that_would_help(house: House, host: Caller) -> None:
    told = host.told("explain", question(house.viewer, UPDATE, resource(house)))
    assert not told["allowed"]
    assert "Developer" in told["would_give"]
    assert told["text"].startswith("Refused: nothing allows it. These roles would:")


def test_who_is_asked_about_and_what_has_to_be_there(house: House, host: Caller) -> None:
    there = make_house("There")
    mine, theirs = resource(house), resource(there)
    bodies: list[dict[str, Any]] = [
        question(there.viewer, READ, mine),
        question(person("Outsider"), READ, mine),
        question(house.viewer, READ, theirs),
        question(house.viewer, READ, {"type": "product/project", "external_id": "nothing"}),
    ]
    for body in bodies:
        assert host.post("explain", body).status_code == 404, body
    assert host.post("explain", question(house.viewer, "no:such")).status_code == 422
    assert host.post("explain", question(house.viewer, READ, {"type": "a/b", "external_id": "x"})).status_code == 422
    assert host.post("explain", question(house.viewer, READ, mine)).status_code == 200


def test_of_others_it_takes_the_right_to_give_roles_and_of_oneself_to_see_the_thing(house: House) -> None:
    project = resource(house)
    body = question(house.viewer, READ, project)
    assert by_key(house, house.admin, "member:read").post("explain", body).status_code == 403
    assert inside(house, house.editor).post("explain", body).status_code == 403
    own = inside(house, house.viewer)
    assert own.told("explain", body)["reason"] == "no_role"
    assert own.told("explain", {"permission": READ, "resource": thing(project)})["reason"] == "no_role"
    blind = by_key(house, house.editor, "organisation:read")
    refused = {"permission": READ, "resource": thing(project)}
    assert blind.post("explain", refused).status_code == 404, "its scopes do not let it see the thing"
    assert blind.told("explain", {"permission": "resource:read"})["reason"] == "scope"


def test_outside_of_organisations_staff_explains_the_installation(world: World, browser_of: Any) -> None:
    root, manager = Caller(browser_of(world.root)), Caller(browser_of(world.manager))
    told = root.told("explain", question(world.manager, "user:read"))
    assert told["paths"][0]["text"] == "The role Manager on the installation gives it."
    assert manager.post("explain", question(world.admin, "user:read")).status_code == 403
    assert manager.told("explain", {"permission": "user:read"})["allowed"]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"source": "public", "role": None}, "Every member of the organisation may read the object."),
        (
            {"source": "team", "teams": ("Crew", "Company")},
            "The role A on the object gives it, through the team Crew in Company.",
        ),
        ({"source": "everyone"}, "The role A on the object gives it, as to every member."),
        ({"denies": True}, "The role A on the object takes it away."),
        ({"stated_by": "B"}, "The role A on the object gives it, by what it has from B."),
        ({"state": "condition"}, "The role A on the object gives it; but its conditions are not met."),
    ],
)
def test_paths_are_sentences(values: dict[str, Any], sentence: str) -> None:
    plain: dict[str, Any] = {
        "source": "role",
        "denies": False,
        "scope_id": None,
        "role": "A",
        "stated_by": "A",
        "teams": (),
        "conditions": None,
        "expires_at": None,
        "state": "counts",
    }
    path = Path(**(plain | values))
    assert path_words(path, {}) == sentence


@pytest.mark.parametrize(
    "reason", ["role", "grant", "public", "denied", "condition", "scope", "inactive", "anonymous", "system", "no_role"]
)
def test_every_reason_has_words(reason: str) -> None:
    trace = Trace(None, READ, reason == "system", reason, "0.0.0")
    assert trace_words(trace).startswith("Allowed" if reason in {"role", "grant", "public", "system"} else "Refused")
    assert replay(trace) is (reason == "system")
