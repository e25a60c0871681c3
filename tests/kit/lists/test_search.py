"""The tokens: what the database makes of words, who may see and change them, and how rows are found by them."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.lists import people
from accounts.models import User
from portal.kit import context
from portal.kit.context import Actor
from portal.kit.lists import counts, search
from portal.kit.services import writing
from tests.kit.lists.support import crowd

pytestmark = pytest.mark.django_db


@pytest.fixture
def looking() -> Iterator[Actor]:
    """The system, which sees everybody."""
    with context.system("a test") as current:
        yield current.actor


def _sql(statement: str, *params: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchone()[0]


def _tokens(text: str) -> set[str]:
    return set(_sql("SELECT kit_search_tokens(%s)", text))


def _found(actor: Actor, text: str) -> set[str]:
    return set(people.rows(actor, people.parse({"q": text})).values_list("username", flat=True))


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Ada Lovelace", {"ada", "lovelace"}),
        ("Łukasz Żółć", {"lukasz", "zolc"}),
        ("Ångström", {"angstrom"}),
        ("Straße Æbelø Œuvre Đỗ", {"strasse", "aebelo", "oeuvre", "do"}),
        ("ΣΊΣΥΦΟΣ", {"σισυφοσ"}),
        ("Σίσυφος", {"σισυφοσ"}),
        ("Jean-Pierre", {"jean-pierre", "jean", "pierre"}),
        (
            "ada.l@mail.example.com",
            {"ada.l@mail.example.com", "ada.l", "ada", "l", "mail.example.com", "mail", "example", "com"},
        ),
        ("O'Brien, (Pat)", {"o'brien", "o", "brien", "pat"}),
        ("ﬁne １２", {"fine", "12"}),
        ("  ...  --- ", set()),
        ("", set()),
        ("x" * 300, {"x" * 64}),
        ("\ufdfa" * 60, None),
        ("李 小龙", {"李", "小龙"}),
    ],
)
def test_words_are_folded_and_cut_at_every_mark(text: str, tokens: set[str] | None) -> None:
    found = _tokens(text)
    assert all(0 < len(token) <= 64 for token in found)
    if tokens is not None:
        assert found == tokens


def test_every_token_of_a_name_is_found_by_its_own_beginning(looking: Actor) -> None:
    names = [
        "Søren Åbye",
        "Đặng Thị Ánh",
        "Зоя Иванова",
        "Ñandú Müller-Lüdenscheidt",
        "ΙΩΆΝΝΑ",
        "İpek Işık",
        "田中 さくら",
    ]
    for place, name in enumerate(names):
        crowd(1, username=f"n{place}", email=f"n{place}@x.example", name=name)
        for word in name.split():
            for text in (word, word.upper(), word.lower(), word[:2]):
                assert f"n{place}" in _found(looking, text), (name, text)


def test_rows_that_go_take_their_tokens_along(looking: Actor) -> None:
    (user,) = crowd(1)
    assert _sql("SELECT count(*) FROM kit_search_token WHERE object_id = %s", user.pk) > 0
    with writing():
        User.objects.filter(pk=user.pk).delete()
    assert _sql("SELECT count(*) FROM kit_search_token WHERE object_id = %s", user.pk) == 0


def test_a_change_of_anything_else_leaves_the_tokens_alone(looking: Actor) -> None:
    (user,) = crowd(1)
    before = _sql("SELECT max(xmin::text::bigint) FROM kit_search_token WHERE object_id = %s", user.pk)
    with writing():
        User.objects.filter(pk=user.pk).update(is_active=False)
    assert _sql("SELECT max(xmin::text::bigint) FROM kit_search_token WHERE object_id = %s", user.pk) == before


@pytest.mark.parametrize("role", ["steward_app", "steward_platform"])
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO kit_search_token VALUES (gen_random_uuid(), 'x', 'user')",
        "UPDATE kit_search_token SET token = 'x'",
        "DELETE FROM kit_search_token",
        "TRUNCATE kit_search_token",
    ],
)
def test_nobody_writes_tokens_by_hand(role: str, statement: str) -> None:
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {role}")
        cursor.execute(statement)


@pytest.mark.parametrize("gather", [0, 1, 5, 5000])
@pytest.mark.parametrize("many", [0, 3, 30000])
def test_both_ways_of_finding_find_the_same(
    looking: Actor, monkeypatch: pytest.MonkeyPatch, gather: int, many: int
) -> None:
    monkeypatch.setattr(search, "GATHER", gather)
    monkeypatch.setattr(search, "GATHER_MANY", many)
    monkeypatch.setattr(search, "_probe", lambda where, text, most=gather: probe(where, text, most))
    crowd(6)
    crowd(1, username="other", email="other@else.example", name="Crowd Elsewhere")
    everybody = {f"crowd{place:04}" for place in range(6)}
    assert _found(looking, "crowd") == {*everybody, "other"}
    assert _found(looking, "crowd example.org") == everybody
    assert _found(looking, "crowd else") == {"other"}
    assert _found(looking, "crowd0003 crowd c") == {"crowd0003"}
    assert _found(looking, "crowd nobody") == set()
    chosen = people.parse({"q": "crowd", "state": "inactive"})
    assert people.found(looking, chosen).rows.count() == 0


probe = search._probe


@pytest.mark.parametrize("gather", [0, 5000])
def test_a_filter_by_another_table_finds_the_same_either_way(
    world: Any, looking: Actor, monkeypatch: pytest.MonkeyPatch, gather: int
) -> None:
    monkeypatch.setattr(search, "GATHER", gather)
    found = set(people.rows(looking, people.parse({"role": ["admin", "manager"]})).values_list("pk", flat=True))
    assert found == {world.admin.pk, world.manager.pk}


def test_an_index_answers_as_the_application_role(looking: Actor) -> None:
    crowd(200)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE steward_app")
        cursor.execute("SET LOCAL enable_seqscan = off")
        for text in ("crowd0007", "crowd"):
            rows = people.rows(looking, people.parse({"q": text}))
            sql, params = rows.query.sql_with_params()
            cursor.execute(f"EXPLAIN {sql}", params)
            plan = "\n".join(row[0] for row in cursor.fetchall())
            # Leakproof, so the range is a condition of the index and not a filter behind the wall.
            assert "Index Cond" in plan, plan
            assert "token >= " in plan, plan
            assert "Filter: ((token" not in plan, plan


def test_counts_end_at_their_bound(looking: Actor) -> None:
    crowd(5)
    rows = User.objects.filter(username__startswith="crowd")
    assert counts.capped([rows, rows.none(), rows.filter(username="crowd0001")], 3) == [4, 0, 1]
    assert counts.capped([rows.none()]) == [0]
    assert counts.text(1001) == "1,000+"
    assert counts.text(1000) == "1,000"
    assert counts.text(412, at_least=True) == "412+"
