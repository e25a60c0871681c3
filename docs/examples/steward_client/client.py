"""The client: one method for each call of the authorisation API, and for registering things and giving roles."""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any
from urllib.parse import quote

import httpx

from docs.examples.steward_client.cache import DecisionCache
from docs.examples.steward_client.errors import Away, StewardError, TooMany, error_for
from docs.examples.steward_client.shapes import (
    Change,
    Changes,
    Circumstances,
    Decision,
    Explanation,
    Question,
    Registered,
    Resource,
    Subject,
    Thing,
)
from docs.examples.steward_client.usage import Entitlement, Use

BATCH = 1_000  # Questions or resources that one call takes.
RETRIES = 2
PAUSE_SECONDS = 0.2
TIMEOUT_SECONDS = 2.0  # A check that takes longer is as good as none.
_MAX_AGE = re.compile(r"max-age=(\d+)")


class Steward:
    """Steward as your product sees it, through a key of one organisation.

    Every call raises a `StewardError`; one that gets no answer raises `Away`. Only calls that change nothing, or end the
    same when they are done twice, are tried again. `application` is your product's own code in Steward.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        application: str,
        cached: bool = False,
        transport: httpx.BaseTransport | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.application = application
        self._pause = pause
        self._http = httpx.Client(
            base_url=f"{url.rstrip('/')}/api/v1/",
            headers={"Authorization": f"Bearer {key}"},
            timeout=TIMEOUT_SECONDS,
            transport=transport,
        )
        self.cache = DecisionCache(self.changes) if cached else None

    def __enter__(self) -> "Steward":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    # --- questions ---

    def can(
        self,
        subject: Subject,
        permission: str,
        thing: Thing | None = None,
        circumstances: Circumstances | None = None,
    ) -> bool:
        """Whether a subject may: false also where Steward is away, so that nobody gets through meanwhile.

        Answers from the cache where there is one. Every other error is raised: a permission that does not exist, or a key
        that may not ask, is a mistake of the product.
        """
        question = Question(subject, permission, thing, circumstances)
        asked_in = 0
        if self.cache is not None:
            kept = self.cache.get(question)
            if kept is not None:
                return kept.allowed
            asked_in = self.cache.round
        try:
            decision = self.check(question)
        except (Away, TooMany):
            return False
        if self.cache is not None:
            self.cache.keep(question, decision, asked_in)
        return decision.allowed

    def check(self, question: Question) -> Decision:
        """The answer as of now; a revoke that was committed before is seen."""
        reply = self._send("POST", "authz/check", question.body(), again=True)
        return _decision(reply.json(), reply.headers.get("Cache-Control", ""))

    def batch_check(self, questions: Sequence[Question]) -> list[Decision]:
        """The answers in order; a call for each thousand."""
        found: list[Decision] = []
        for begin in range(0, len(questions), BATCH):
            part = questions[begin : begin + BATCH]
            body = {"items": [question.body() for question in part]}
            found += [_decision(one) for one in self._json("POST", "authz/batch-check", body, again=True)["items"]]
        return found

    def list_objects(
        self, subject: Subject, permission: str, kind: str, circumstances: Circumstances | None = None
    ) -> Iterator[Thing]:
        """The things of a type on which a subject has a permission, page by page."""
        body: dict[str, Any] = {"subject": subject.body(), "permission": permission, "type": kind}
        if circumstances is not None:
            body["context"] = circumstances.body()
        for one in self._pages("authz/list-objects", body):
            yield Thing(one["type"], one["external_id"], one["id"])

    def list_subjects(self, permission: str, thing: Thing | None = None) -> Iterator[Subject]:
        """Who has a permission on a thing, page by page."""
        body: dict[str, Any] = {"permission": permission, "application": self.application}
        if thing is not None:
            body["resource"] = thing.body()
        for one in self._pages("authz/list-subjects", body):
            yield Subject(one["id"], one["external_id"], one["type"])

    def explain(self, question: Question) -> Explanation:
        """Why, or why not."""
        told = self._json("POST", "authz/explain", question.body(), again=True)
        paths = tuple(one["text"] for one in told["paths"])
        return Explanation(told["allowed"], told["reason"], told["text"], paths, tuple(told["would_give"]))

    def changes(self, cursor: str = "") -> Changes:
        """A part of the feed of changes behind a cursor; without one, where the feed goes on from now."""
        told = self._json("GET", "authz/changes", params={"cursor": cursor} if cursor else {}, again=True)
        items = tuple(
            Change(
                one["part"],
                one["version"],
                one["subject"]["id"] if one["subject"] else "",
                tuple(one["external_ids"].values()),
            )
            for one in told["items"]
        )
        return Changes(items, told["next_cursor"], told["more"])

    # --- things, people and roles ---

    def put_resource(self, resource: Resource) -> Registered:
        """Register a thing, or bring it up to date."""
        reply = self._send("PUT", _address(resource.type, resource.external_id), resource.body(), again=True)
        told = reply.json()
        return Registered(told["id"], told["type"], told["external_id"], reply.status_code == httpx.codes.CREATED)

    def put_resources(self, resources: Sequence[Resource]) -> list[Registered]:
        """As `put_resource` for many: each thousand all or none, parents before what is below them."""
        found: list[Registered] = []
        for begin in range(0, len(resources), BATCH):
            items = [
                {"type": one.type, "external_id": one.external_id} | one.body()
                for one in resources[begin : begin + BATCH]
            ]
            told = self._json("POST", "resources", {"items": items}, again=True)["items"]
            found += [Registered(one["id"], one["type"], one["external_id"], one["created"]) for one in told]
        return found

    def delete_resource(self, kind: str, external_id: str) -> None:
        """Delete a thing with the roles that are held on it. One that is not there is deleted already."""
        try:
            self._send("DELETE", _address(kind, external_id), again=True)
        except StewardError as error:
            if error.status != httpx.codes.NOT_FOUND:
                raise

    def put_person(self, external_id: str, user_id: str) -> None:
        """Say by which id your product knows a member of the organisation."""
        self._send("PUT", f"people/{self.application}/{quote(external_id, safe='')}", {"user_id": user_id}, again=True)

    def bind(self, organisation_id: str, user_id: str, role_id: str, scope_id: str, reason: str = "") -> str:
        """Give a role on the organisation, a workspace or a resource; the id of what was given. Sent once only."""
        body = {"user_id": user_id, "role_id": role_id, "scope_id": scope_id, "reason": reason}
        return str(self._json("POST", f"organisations/{organisation_id}/bindings", body)["id"])

    def unbind(self, organisation_id: str, binding_id: str) -> None:
        """Take it away again."""
        self._send("DELETE", f"organisations/{organisation_id}/bindings/{binding_id}")

    # --- use and what the plan allows ---

    def report(self, uses: Sequence[Use]) -> list[dict[str, str]]:
        """Report up to a thousand things that were used; what became of each. Keys make sending them again harmless."""
        body = {"items": [use.body() for use in uses]}
        told: list[dict[str, str]] = self._json("POST", "usage/events", body, again=True)["items"]
        return told

    def may_use(self, feature: str, quantity: int | str = 1, used: int | str | None = None) -> Entitlement:
        """Whether the plan allows so much more of a feature; `used` of one that your product counts itself.

        Raises `Away` where Steward does not answer: whether to serve meanwhile is your product's choice.
        """
        body: dict[str, Any] = {"feature": feature, "quantity": str(quantity)}
        if used is not None:
            body["used"] = str(used)
        told = self._json("POST", "entitlements/check", body, again=True)
        return Entitlement(told["allowed"], told["reason"], told["limit"], told["used"], told["remaining"])

    # --- the way there ---

    def _pages(self, path: str, body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        cursor: str | None = None
        while True:
            told = self._json("POST", path, {**body, "cursor": cursor}, again=True)
            yield from told["items"]
            cursor = told["next_cursor"]
            if cursor is None:
                return

    def _json(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        params: Mapping[str, str] | None = None,
        again: bool = False,
    ) -> dict[str, Any]:
        told: dict[str, Any] = self._send(method, path, body, params=params, again=again).json()
        return told

    def _send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        params: Mapping[str, str] | None = None,
        again: bool = False,
    ) -> httpx.Response:
        """The reply, or an error. What may be done `again` is, when nobody answers."""
        for left in range(RETRIES if again else 0, -1, -1):
            try:
                return _checked(self._http.request(method, path, json=body, params=params))
            except Away:
                if not left:
                    raise
            except httpx.HTTPError as error:
                if not left:
                    raise Away({"code": "client.away", "detail": type(error).__name__}) from error
            self._pause(PAUSE_SECONDS)
        raise AssertionError("The last attempt returns or raises.")


def _checked(reply: httpx.Response) -> httpx.Response:
    if reply.is_success:
        return reply
    try:
        problem = reply.json()
    except ValueError:
        problem = {}
    error = error_for(reply.status_code, problem if isinstance(problem, dict) else {})
    if isinstance(error, TooMany):
        error.retry_after = float(reply.headers.get("Retry-After", "1"))
    raise error


def _decision(told: Mapping[str, Any], cache_control: str = "") -> Decision:
    found = _MAX_AGE.search(cache_control)
    return Decision(told["allowed"], told["reason"], told["version"], int(found[1]) if found else 0)


def _address(kind: str, external_id: str) -> str:
    return f"resources/{kind}/{quote(external_id, safe='')}"
