"""The client of the authorisation API by itself: errors, retries, pages and what its cache keeps."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from docs.examples.steward_client import (
    Away,
    Change,
    Changes,
    Circumstances,
    Conflict,
    Decision,
    DecisionCache,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    Question,
    Resource,
    Steward,
    StewardError,
    Subject,
    Thing,
    TooMany,
    Unauthenticated,
)

ANNA = Subject.user("u-1")
READ = "product/project:read"
ALLOWED = {"allowed": True, "reason": "role", "version": "1.2.3"}
Handler = Callable[[httpx.Request], httpx.Response]


def _steward(handler: Handler, **values: Any) -> Steward:
    return Steward(
        "http://steward.example",
        "sk_test_key",
        application="product",
        transport=httpx.MockTransport(handler),
        pause=lambda seconds: None,
        **values,
    )


def _always(status: int, body: Any = None, **headers: str) -> Handler:
    return lambda request: httpx.Response(status, json=body, headers=headers)


def test_a_question_says_whom_what_and_from_where() -> None:
    seen: list[Any] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((request.method, request.url.path, json.loads(request.content), request.headers["Authorization"]))
        return httpx.Response(200, json=ALLOWED)

    asked = Question(ANNA, READ, Thing("product/project", "prj-1"), Circumstances(address="192.0.2.7"))
    assert _steward(answer).check(asked)
    body = {
        "subject": {"type": "user", "external_id": "u-1"},
        "permission": READ,
        "resource": {"type": "product/project", "external_id": "prj-1"},
        "context": {"address": "192.0.2.7"},
    }
    assert seen == [("POST", "/api/v1/authz/check", body, "Bearer sk_test_key")]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Invalid),
        (401, Unauthenticated),
        (403, Forbidden),
        (404, NotFound),
        (409, Conflict),
        (410, Gone),
        (418, StewardError),
        (422, Invalid),
        (429, TooMany),
        (503, Away),
    ],
)
def test_each_refusal_is_an_error_of_its_kind(status: int, kind: type[StewardError]) -> None:
    problem = {
        "code": "room.reason",
        "detail": "Do that.",
        "error_id": "e1",
        "errors": [{"field": "permission", "detail": "unknown"}],
    }
    with pytest.raises(kind) as caught:
        _steward(_always(status, problem, **{"Retry-After": "7"})).check(Question(ANNA, READ))
    error = caught.value
    assert (type(error), error.status, error.code, error.error_id) == (kind, status, "room.reason", "e1")
    assert error.fields == {"permission": "unknown"}
    assert not isinstance(error, TooMany) or error.retry_after == 7


def test_a_reply_that_is_no_problem_is_still_an_error() -> None:
    with pytest.raises(Away):
        _steward(lambda request: httpx.Response(502, text="<html>")).check(Question(ANNA, READ))


def test_what_may_be_done_twice_is_tried_again_and_nothing_else() -> None:
    tried: list[str] = []

    def away(request: httpx.Request) -> httpx.Response:
        tried.append(request.url.path.rsplit("/", 1)[-1])
        raise httpx.ConnectError("refused")

    steward = _steward(away)
    with pytest.raises(Away):
        steward.check(Question(ANNA, READ))
    assert tried == ["check"] * 3
    tried.clear()
    for call in (
        lambda: steward.bind("o", "u", "r", "s"),
        lambda: steward.unbind("o", "b"),
    ):
        with pytest.raises(Away):
            call()
    assert tried == ["bindings", "b"]


def test_a_second_attempt_that_succeeds_is_the_answer() -> None:
    replies = [httpx.Response(503), httpx.Response(200, json=ALLOWED)]
    assert _steward(lambda request: replies.pop(0)).check(Question(ANNA, READ))
    assert replies == []


def test_while_steward_is_away_nobody_may() -> None:
    assert not _steward(_always(503)).can(ANNA, READ)
    assert not _steward(_always(429)).can(ANNA, READ)
    assert _steward(_always(200, ALLOWED)).can(ANNA, READ)
    with pytest.raises(Invalid):
        _steward(_always(422)).can(ANNA, "no:such")


def test_a_thousand_and_one_questions_are_two_calls() -> None:
    sizes: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        items = json.loads(request.content)["items"]
        sizes.append(len(items))
        return httpx.Response(200, json={"items": [ALLOWED] * len(items)})

    assert len(_steward(answer).batch_check([Question(ANNA, READ)] * 1001)) == 1001
    assert sizes == [1000, 1]
    sizes.clear()
    resources = [Resource("product/project", f"p-{number}", "P") for number in range(1001)]
    with pytest.raises(KeyError):
        _steward(answer).put_resources(resources)
    assert sizes == [1000]


def test_lists_are_walked_to_their_end() -> None:
    pages = {None: ("a", "1"), "1": ("b", "2"), "2": ("c", None)}

    def answer(request: httpx.Request) -> httpx.Response:
        key, following = pages[json.loads(request.content)["cursor"]]
        item = {"type": "product/project", "id": f"id-{key}", "external_id": key}
        return httpx.Response(200, json={"items": [item], "next_cursor": following})

    listed = _steward(answer).list_objects(ANNA, READ, "product/project")
    assert [one.external_id for one in listed] == ["a", "b", "c"]


# --- the cache ---


class Feed:
    """A feed that is told what to say next."""

    def __init__(self) -> None:
        self.items: list[Change] = []
        self.read_from: list[str] = []
        self.error: StewardError | None = None

    def __call__(self, cursor: str) -> Changes:
        if self.error is not None:
            raise self.error
        self.read_from.append(cursor)
        items, self.items = tuple(self.items), []
        return Changes(items, f"c{len(self.read_from)}", more=False)


@pytest.fixture
def feed() -> Feed:
    return Feed()


@pytest.fixture
def cache(feed: Feed) -> DecisionCache:
    """A cache that has found its place in the feed."""
    made = DecisionCache(feed, monotonic=lambda: 100.0)
    made.refresh()
    return made


def _kept(cache: DecisionCache, subject: Subject = ANNA, version: str = "1.2.3", **values: Any) -> Question:
    fields: dict[str, Any] = {"allowed": True, "reason": "role", "version": version, "keep_seconds": 60} | values
    asked = Question(subject, READ)
    cache.keep(asked, Decision(**fields), cache.round)
    return asked


def test_what_is_allowed_is_kept_until_its_end(feed: Feed) -> None:
    now = [100.0]
    cache = DecisionCache(feed, monotonic=lambda: now[0])
    cache.refresh()
    asked = _kept(cache)
    assert cache.get(asked)
    now[0] = 161
    assert cache.get(asked) is None


@pytest.mark.parametrize("values", [{"allowed": False}, {"keep_seconds": 0}])
def test_refusals_and_what_may_end_without_a_word_are_not_kept(cache: DecisionCache, values: dict[str, Any]) -> None:
    assert cache.get(_kept(cache, **values)) is None


def test_answers_that_depend_on_circumstances_are_not_kept(cache: DecisionCache) -> None:
    asked = Question(ANNA, READ, circumstances=Circumstances(address="192.0.2.7"))
    cache.keep(asked, Decision(True, "role", "1.2.3", 60), cache.round)
    assert cache.get(asked) is None
    assert cache.get(Question(ANNA, READ)) is None


@pytest.mark.parametrize(
    ("change", "stays"),
    [
        (Change("installation", 2), False),
        (Change("installation", 1), True),
        (Change("organisation", 3), False),
        (Change("organisation", 2), True),
        (Change("subject", 9, "id-1", ("u-1",)), False),
        (Change("subject", 9, "id-2", ("u-2",)), True),
    ],
)
def test_what_the_feed_tells_of_is_dropped(cache: DecisionCache, feed: Feed, change: Change, stays: bool) -> None:
    asked = _kept(cache)
    feed.items = [change]
    cache.refresh()
    assert (cache.get(asked) is not None) is stays


def test_an_answer_from_before_the_feed_was_read_is_not_kept(cache: DecisionCache) -> None:
    asked_in = cache.round
    cache.refresh()
    cache.keep(Question(ANNA, READ), Decision(True, "role", "1.2.3", 60), asked_in)
    assert cache.get(Question(ANNA, READ)) is None


def test_without_the_feed_nothing_is_kept(feed: Feed, cache: DecisionCache) -> None:
    asked = _kept(cache)
    feed.error = Gone({"status": 410})
    with pytest.raises(Gone):
        cache.refresh()
    assert cache.get(asked) is None
    assert cache.get(_kept(cache)) is None, "nor is anything new, before its place is found again"
    feed.error = None
    cache.refresh()
    assert feed.read_from[-1] == ""
    assert cache.get(_kept(cache))


def test_a_client_with_a_cache_asks_once() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path.rsplit("/", 1)[-1])
        if request.method == "GET":
            return httpx.Response(200, json={"items": [], "next_cursor": "c", "more": False})
        return httpx.Response(200, json=ALLOWED, headers={"Cache-Control": "private, max-age=60"})

    steward = _steward(answer, cached=True)
    assert steward.cache is not None
    steward.cache.refresh()
    assert steward.can(ANNA, READ)
    assert steward.can(ANNA, READ)
    assert asked == ["changes", "check"]
