"""Narrowing rows by the words of a search: each word must begin some word of the row.

The words are folded by the database, by the same function that made the tokens. How the rows are found depends on
how many there are, since neither way is good for both: few are fetched by their ids and then sorted; of many, the
list's own order is walked and each row asked, which stops when the page is full.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import BooleanField, F, Func, OuterRef, QuerySet, Subquery
from django.db.models.lookups import IsNull
from django.db.models.sql.compiler import SQLCompiler

from portal.kit.lists import counts

LIMIT = 100  # Characters of a search that are read; longer texts name nothing.
WORDS = 6
GATHER = 5_000  # Rows that are fetched by id in about the time in which the list's order finds a page of denser ones.
GATHER_MANY = 30_000  # Several words are intersected by their index entries alone, which are cheaper than rows.
SAMPLE = 1_500  # Rows that are asked for further words when a count would have to ask all.
SPELLED = 20  # Rows that have one word in common and may each be named by it.
LAST = "\U0010ffff"
NEXT = "\x01"  # What ends the range of one word by itself.
# One look-up for all words: how many tokens each begins, as far as it matters. Where a range ends is put together before
# (OFFSET keeps it there): to PostgreSQL 15, behind the wall, a condition that has to do it itself is no index condition.
_PROBE = """
SELECT word, hits.tokens
FROM (
    SELECT word, word || %(last)s AS beyond, place
    FROM unnest(kit_search_chunks(%(text)s)) WITH ORDINALITY AS split(word, place) OFFSET 0
) AS words, LATERAL (
    SELECT count(*) AS tokens FROM (
        SELECT 1 FROM kit_search_token
        WHERE kind = %(kind)s AND {wall} AND token >= word AND token < beyond LIMIT %(most)s
    ) AS found
) AS hits ORDER BY place LIMIT %(words)s
"""
# The same for several kinds at once: one statement tells which of them know the words at all.
_PROBE_ALL = """
SELECT hits.asked, word, hits.tokens
FROM (
    SELECT word, word || %(last)s AS beyond, place
    FROM unnest(kit_search_chunks(%(text)s)) WITH ORDINALITY AS split(word, place) OFFSET 0
) AS words, LATERAL ({parts}) AS hits WHERE place <= %(words)s
"""
_PROBE_PART = """
SELECT {asked} AS asked, (SELECT count(*) FROM (
    SELECT 1 FROM kit_search_token
    WHERE kind = %(kind_{asked})s AND {wall} AND token >= word AND token < beyond LIMIT %(most)s
) AS found) AS tokens
"""
_RANGE = "SELECT object_id FROM kit_search_token WHERE kind = %s AND {wall} AND token >= %s AND token < %s"


@dataclass(frozen=True)
class Search:
    """What the search box of a list looks through: the tokens of `kind`, of the row itself or of the row that `on`
    names. `tenant`: tokens of an organisation's own rows."""

    kind: str
    placeholder: Any
    on: str = "id"
    tenant: bool = False

    @property
    def wall(self) -> str:
        """The part of the token table that is asked, so that its partial index serves."""
        return "organisation_id IS NOT NULL" if self.tenant else "organisation_id IS NULL"


@dataclass(frozen=True)
class Found:
    """The rows that are left. Where they are too many to be counted, `sample` is a part of them that can be."""

    rows: QuerySet[Any]
    sample: QuerySet[Any] | None = None

    def both(self, narrow: Callable[[QuerySet[Any]], QuerySet[Any]]) -> "Found":
        """Narrowed further."""
        return Found(narrow(self.rows), None if self.sample is None else narrow(self.sample))

    def walked(
        self, narrow: Callable[[QuerySet[Any]], QuerySet[Any]], part: Callable[[QuerySet[Any]], QuerySet[Any]]
    ) -> "Found":
        """Narrowed by a question to each row on the way; `part` narrows to some of them, found at once."""
        if self.sample is not None:
            return self.both(narrow)
        return Found(narrow(self.rows), part(self.rows))


@dataclass(frozen=True)
class _Word:
    text: str
    tokens: int


Words = Sequence[_Word]


def narrowed(found: Found, search: Search, text: str, words: Words | None = None) -> Found:
    """The rows on which every word of `text` matches. Mere marks find nothing.

    One query more, two for several frequent words, none for an id; one less with `words` of `probed`.
    """
    clean = cleaned(text)
    if not clean:
        return found
    try:
        key = UUID(clean)
    except ValueError:
        return _by_words(found, search, clean, _probe(search, clean) if words is None else words)
    return found.both(lambda rows: rows.filter(**{search.on: key}))


def _by_words(found: Found, search: Search, text: str, words: Words) -> Found:
    if not words or not words[0].tokens:
        return Found(found.rows.none())
    if words[0].tokens <= GATHER:
        return found.both(lambda rows: _each(rows.filter(_Among(search, words[:1])), search, words[1:]))
    if len(words) == 1:
        (word,) = words
        return found.walked(
            lambda rows: rows.filter(_Has(search, word)), lambda rows: rows.filter(_Among(search, words, limit=GATHER))
        )
    known = _probe(search, text, GATHER_MANY)
    few = [word for word in known if word.tokens <= GATHER_MANY]
    if few:
        return found.both(lambda rows: _each(rows.filter(_Among(search, few)), search, known[len(few) :]))
    return found.walked(
        lambda rows: _each(rows, search, known),
        lambda rows: _each(rows.filter(_Among(search, known[:1], limit=SAMPLE)), search, known[1:]),
    )


def related(found: Found, ids: QuerySet[Any], on: str = "id") -> Found:
    """The rows whose `on` is among `ids` (the values of one column of another table); one query more.

    Chosen between the two ways as a search is: the planner, which guesses, reads the whole of a table of a million
    where it should walk a page.
    """
    (number,) = counts.capped([ids], GATHER)
    if number <= GATHER:
        return found.both(lambda rows: rows.filter(_among(ids, on)))
    (column,) = ids.query.values_select
    own = ids.filter(**{column: OuterRef(on)})[:1]
    return found.walked(
        lambda rows: rows.filter(IsNull(Subquery(own), False)), lambda rows: rows.filter(_among(ids[:GATHER], on))
    )


def _among(ids: QuerySet[Any], on: str) -> Func:
    return Func(
        F(on),
        ArraySubquery(ids),
        template="(%(expressions)s))",
        arg_joiner=" = ANY(",
        output_field=BooleanField(),
    )


def _each(rows: QuerySet[Any], search: Search, words: Sequence[_Word]) -> QuerySet[Any]:
    for word in words:
        rows = rows.filter(_Has(search, word))
    return rows


def spelled(rows: QuerySet[Any], search: Search, text: str) -> QuerySet[Any]:
    """The rows of which one word is `text` itself, at most `SPELLED` of them: more do not name anything exactly."""
    return rows.filter(_Among(search, [_Word(text.lower(), 1)], limit=SPELLED, last=NEXT))


def probed(searches: Iterable[Search], text: str) -> dict[Search, Words]:
    """The words of `text` for each of the searches, the rarest first, as `narrowed` takes them; one query for all."""
    asked = list(dict.fromkeys(replace(search, on="id", placeholder="") for search in searches))
    if not asked:
        return {}
    parts = " UNION ALL ".join(_PROBE_PART.format(asked=n, wall=search.wall) for n, search in enumerate(asked))
    values: dict[str, Any] = {f"kind_{n}": search.kind for n, search in enumerate(asked)}
    values |= {"text": cleaned(text), "last": LAST, "most": GATHER + 1, "words": WORDS}
    found: dict[Search, list[_Word]] = {search: [] for search in asked}
    with connection.cursor() as cursor:
        cursor.execute(_PROBE_ALL.format(parts=parts), values)
        for place, word, tokens in cursor.fetchall():
            found[asked[place]].append(_Word(word, tokens))
    sorted_ = {search: sorted(words, key=lambda word: word.tokens) for search, words in found.items()}
    return {search: sorted_[replace(search, on="id", placeholder="")] for search in searches}


def cleaned(text: str) -> str:
    """What of a search is read: no NUL, no lone surrogates, at most `LIMIT` characters."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode()[:LIMIT].strip()


def _probe(search: Search, text: str, most: int = GATHER) -> list[_Word]:
    """The words of `text`, the rarest first, with how many tokens each begins, counted up to `most` + 1."""
    with connection.cursor() as cursor:
        cursor.execute(
            _PROBE.format(wall=search.wall),
            {"text": text, "kind": search.kind, "last": LAST, "most": most + 1, "words": WORDS},
        )
        return sorted((_Word(word, tokens) for word, tokens in cursor.fetchall()), key=lambda word: word.tokens)


class _Among(Func):
    """The row is one of those that all words name: found first, as a value, so that the planner starts from them."""

    output_field = BooleanField()

    def __init__(self, search: Search, words: Sequence[_Word], limit: int | None = None, last: str = LAST) -> None:
        super().__init__(F(search.on))
        self.search, self.words, self.limit, self.last = search, words, limit, last

    def as_sql(self, compiler: SQLCompiler, connection: Any, **context: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        """`column = ANY(ARRAY(...))`: as a plain IN the planner would join, and guess how many there are."""
        column, params = compiler.compile(self.source_expressions[0])
        ranges = " INTERSECT ".join([_RANGE.format(wall=self.search.wall)] * len(self.words))
        values: list[Any] = [
            part for word in self.words for part in (self.search.kind, word.text, word.text + self.last)
        ]
        if self.limit is not None:
            ranges, values = f"{ranges} LIMIT %s", [*values, self.limit]
        return f"{column} = ANY(ARRAY({ranges}))", [*params, *values]


class _Has(Func):
    """The row has a word that begins so. As a scalar subquery it stays a question to each row on the way."""

    output_field = BooleanField()

    def __init__(self, search: Search, word: _Word) -> None:
        super().__init__(F(search.on))
        self.word = word

    def as_sql(self, compiler: SQLCompiler, connection: Any, **context: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        """One look into the primary key of the tokens."""
        column, params = compiler.compile(self.source_expressions[0])
        sql = (
            f"(SELECT true FROM kit_search_token WHERE object_id = {column} AND token >= %s AND token < %s LIMIT 1) "  # noqa: S608 - the column comes from the model
            "IS NOT NULL"
        )
        return sql, [*params, self.word.text, self.word.text + LAST]
