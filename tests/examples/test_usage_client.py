"""The client's part for use: batches with keys, patience while Steward is away, and the answer of a check."""

import json
from typing import Any

import httpx

from docs.examples.steward_client import Meters, Steward, Use
from docs.examples.steward_client.usage import BATCH, HELD


class Server:
    """Answers as Steward does, or is away."""

    def __init__(self) -> None:
        self.away = False
        self.seen: dict[str, int] = {}
        self.calls: list[int] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        items: list[dict[str, Any]] = json.loads(request.content)["items"]
        self.calls.append(len(items))
        for item in items:
            self.seen[item["key"]] = self.seen.get(item["key"], 0) + 1
        if self.away:
            raise httpx.ReadTimeout("late")
        told = [{"key": one["key"], "status": "refused" if one["meter"] == "nothing" else "counted"} for one in items]
        return httpx.Response(200, json={"items": told})


def _steward(handler: Any) -> Steward:
    return Steward(
        "http://steward.example",
        "sk_test_key",
        application="product",
        transport=httpx.MockTransport(handler),
        pause=lambda seconds: None,
    )


def test_events_are_sent_together_and_again_under_their_keys() -> None:
    server = Server()
    meters = Meters(_steward(server))
    for number in range(BATCH + 5):
        meters.note(Use("calls", "0.5", properties={"user": number}))
    server.away = True
    assert meters.flush() == BATCH + 5
    keys = set(server.seen)
    server.away = False
    assert meters.flush() == 0
    assert keys <= set(server.seen)
    assert len(server.seen) == BATCH + 5
    assert server.calls[-2:] == [BATCH, 5]
    assert meters.flush() == 0


def test_what_can_never_be_counted_is_told_and_not_sent_for_ever() -> None:
    meters = Meters(_steward(Server()))
    meters.note(Use("nothing", key="a"))
    meters.note(Use("calls", key="b"))
    assert meters.flush() == 0
    assert [one["key"] for one in meters.refused] == ["a"]


def test_what_waits_is_bounded() -> None:
    server = Server()
    server.away = True
    meters = Meters(_steward(server))
    for number in range(HELD + 3):
        meters.note(Use("calls", key=str(number)))
    assert meters.flush() == HELD


def test_a_check_is_an_answer_that_can_be_asked_for_its_truth() -> None:
    seen: list[Any] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((request.url.path, json.loads(request.content)))
        told = {"allowed": False, "reason": "over_hard_limit", "limit": 3, "used": "3", "remaining": "0"}
        return httpx.Response(200, json=told)

    found = _steward(answer).may_use("projects", used=3)
    assert not found
    assert (found.reason, found.limit, found.remaining) == ("over_hard_limit", 3, "0")
    assert seen == [("/api/v1/entitlements/check", {"feature": "projects", "quantity": "1", "used": "3"})]
