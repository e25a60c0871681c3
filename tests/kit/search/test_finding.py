"""What the search finds: for whom, of which organisation, by which words, and at what cost."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Organisation
from accounts.services.organisations import organisation_create
from portal.kit import context, tenancy
from portal.kit.context import Actor, Context
from portal.kit.decision import can, holds_somewhere
from portal.kit.lists.search import LIMIT
from portal.kit.search import Answer, find, kinds, open_to, refusal
from portal.kit.search.finding import MANY
from rbac.models import Team
from rbac.services.teams import team_create
from tests.accounts.organisation_world import ROLES, House, make_house
from tests.billing import document_world as documents
from tests.factories import World, actor_of, person

pytestmark = pytest.mark.django_db


@contextmanager
def standing(actor: Actor) -> Iterator[None]:
    """Behind the wall that the actor's page has."""
    staff = actor.organisation_id is None
    with context.use(Context(actor=actor, source="request", platform=staff)), tenancy.behind_the_wall():
        yield


def asked(actor: Actor, text: str, name: str = "", each: int = 5) -> Answer:
    """What a page of the actor shows."""
    with standing(actor):
        return find(actor, text, open_to(actor, name), each)


def titles(answer: Answer) -> dict[str, list[str]]:
    """The names that were found, by kind."""
    return {group.kind.name: [hit.title for hit in group.hits] for group in answer.groups}


def team(house: House, name: str) -> Team:
    """A team of the organisation."""
    owner = house.inside(house.owner)
    with standing(owner):
        return team_create(actor=owner, organisation_id=house.id, name=name, slug=name.lower().replace(" ", "-"))


def test_there_are_more_than_twelve_kinds_of_records() -> None:
    assert len({kind.name for kind in kinds if kind.realm == "platform"}) >= 20
    assert len({kind.name for kind in kinds if kind.realm == "organisation"}) >= 12


def test_each_kind_is_open_to_exactly_those_whom_its_list_is_open_to(world: World) -> None:
    house = make_house()
    people = {name: actor_of(getattr(world, name)) for name in ("root", "admin", "manager", "clerk", "stranger")}
    people |= {code: house.inside(getattr(house, code)) for code in ROLES}
    opened: dict[str, set[str]] = {}
    for name, actor in people.items():
        realm = "platform" if actor.organisation_id is None else "organisation"
        with standing(actor):
            opened[name] = {kind.name for kind in open_to(actor)}
            expected = {
                kind.name
                for kind in kinds
                if kind.realm == "self"
                or (
                    kind.realm == realm
                    and (can(actor, kind.code) or (kind.somewhere and holds_somewhere(actor, kind.code)))
                )
            }
        assert opened[name] == expected, name
    assert opened["stranger"] == {"own_organisations"}
    assert opened["clerk"] == {"own_organisations", "dashboards"}
    assert "invoices" in opened["manager"]
    assert "payments" not in opened["manager"]
    assert "mails" in opened["root"]
    assert "mails" not in opened["admin"]
    assert {"invoices", "webhooks", "events"} <= opened["admin"]
    assert "keys" not in opened["viewer"]


def test_staff_finds_people_and_organisations_by_the_beginning_of_any_word(world: World) -> None:
    ada = person("Ada Quill", email="ada.quill@example.org")
    with context.system("a test") as current:
        organisation_create(actor=current.actor, name="Quillworks", slug="quillworks-99")
    found = titles(asked(actor_of(world.manager), "quil"))
    assert found["people"] == ["Ada Quill"]
    assert found["organisations"] == ["Quillworks"]
    assert titles(asked(actor_of(world.manager), "quill ada"))["people"] == ["Ada Quill"]
    assert "people" not in titles(asked(actor_of(world.manager), "quill zzzz"))
    with standing(actor_of(world.manager)):
        by_id = find(actor_of(world.manager), str(ada.pk), open_to(actor_of(world.manager)))
    assert by_id.jump is not None
    assert by_id.jump.url.endswith(f"/platform/people/{ada.pk}")


@pytest.mark.parametrize("text", ["ada.quill@example.org", "ADA.QUILL@EXAMPLE.ORG", "adaq"])
def test_an_address_or_user_name_jumps(world: World, text: str) -> None:
    ada = person("Ada Quill", email="ada.quill@example.org", username="adaq")
    person("Adaquill Other", email="ada.quill@example.org.example.com", username="adaq2")
    answer = asked(actor_of(world.root), text, "people")
    assert answer.jump is not None
    assert answer.jump.key == str(ada.pk)


def test_a_slug_and_a_number_of_an_invoice_jump(world: World) -> None:
    house = make_house("Numbered")
    invoice = documents.final(documents.buyer(where=house.organisation), 5_00)
    assert invoice.number
    for actor, url in (
        (actor_of(world.root), f"/platform/invoices/{invoice.pk}"),
        (house.inside(house.owner), house.url(f"billing/invoices/{invoice.pk}")),
    ):
        answer = asked(actor, invoice.number.lower())
        assert answer.jump is not None, actor
        assert answer.jump.url == url
    slug = asked(actor_of(world.root), house.organisation.slug)
    assert slug.jump is not None
    assert slug.jump.key == str(house.id)


def test_two_exact_matches_are_both_shown_and_none_is_gone_to(world: World) -> None:
    house = make_house("Twofold")
    person("Somebody Else", username=house.organisation.slug)
    answer = asked(actor_of(world.root), house.organisation.slug)
    assert answer.jump is None
    assert {group.kind.name for group, _hit in answer.exact} == {"people", "organisations"}


def test_what_belongs_to_another_organisation_is_not_found(world: World) -> None:
    here, there = make_house("Here"), make_house("There")
    mine, theirs = team(here, "Harbour crew"), team(there, "Harbour watch")
    invoice = documents.final(documents.buyer(where=there.organisation), 5_00)
    owner = here.inside(here.owner)
    assert titles(asked(owner, "harbour"))["teams"] == [mine.name]
    for text in (str(theirs.pk), theirs.slug, str(invoice.pk), str(invoice.number), there.viewer.email, str(there.id)):
        assert asked(owner, text).groups == [], text
    # Nor by whoever stands in no organisation and has no right on the installation.
    assert asked(actor_of(here.owner), "harbour").groups == []
    assert asked(actor_of(world.stranger), there.viewer.email).groups == []


def test_one_finds_the_organisations_that_one_belongs_to_from_everywhere(world: World) -> None:
    here, there = make_house("Anchorage"), make_house("Other")
    assert titles(asked(actor_of(here.viewer), "anchor")) == {"own_organisations": ["Anchorage"]}
    assert titles(asked(here.inside(here.viewer), "anchor")) == {"own_organisations": ["Anchorage"]}
    assert asked(actor_of(there.viewer), "anchor").groups == []


def test_things_of_the_code_are_found_by_their_names(world: World) -> None:
    found = titles(asked(actor_of(world.root), "expired sess"))
    assert "Expired sessions" in found["schedules"]
    assert "Expired sessions" in found["cleanups"]
    assert asked(actor_of(world.root), "mrr").jump is not None


def test_counts_end_where_nobody_reads_on(world: World) -> None:
    for number in range(7):
        person(f"Manifold {number}")
    (group,) = asked(actor_of(world.root), "manifold", "people").groups
    assert (len(group.hits), group.number, group.more) == (5, 7, True)
    assert MANY >= 100


@pytest.mark.parametrize("text", ["a", " b ", "", "x" * (LIMIT + 1)])
def test_a_text_that_is_too_short_or_too_long_is_refused_in_a_sentence(text: str) -> None:
    assert refusal(text)


@pytest.mark.parametrize("text", ["ab", "山", "x" * LIMIT, "é", "--", "%_", "'; DROP", "a\0b"])
def test_any_other_text_is_searched_for(world: World, text: str) -> None:
    assert refusal(text) == ""
    for actor in (actor_of(world.root), make_house().inside(make_house().owner)):
        assert isinstance(asked(actor, text), Answer)


def test_it_costs_as_many_queries_with_many_rows_as_with_few(world: World) -> None:
    root = actor_of(world.root)

    def cost() -> int:
        with standing(root):
            among = open_to(root)
            with CaptureQueriesContext(connection) as caught:
                assert find(root, "steady", among).groups
        return len(caught)

    def fill(number: int) -> None:
        for _each in range(number):
            house = Organisation.objects.count()
            person(f"Steady {house}")
            with context.system("a test") as current:
                made = organisation_create(actor=current.actor, name="Steady", slug=f"steady-{house}")
            documents.buyer(where=made)

    fill(2)
    cost()  # What is remembered of rights and plans is asked for once.
    few = cost()
    fill(10)
    assert cost() == few
    assert few <= 10, few


def test_a_text_that_nothing_begins_with_costs_a_few_queries(world: World) -> None:
    root = actor_of(world.root)
    with standing(root):
        among = open_to(root)
        with CaptureQueriesContext(connection) as caught:
            assert find(root, "zzzzzzzz", among).groups == []
    # The words, the counts, one's own organisations, and the dashboards with the roles that they may be shared with.
    assert len(caught) <= 6, [one["sql"][:80] for one in caught]
