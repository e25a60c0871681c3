"""One action on many rows: selected ones, or all that match, which the server finds again itself."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hmac import compare_digest
from typing import Any
from uuid import UUID

import orjson
from django.utils.translation import gettext as _

from portal.kit import clock, context, crypto, errors, ids, jobs
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.lists import counts
from portal.kit.lists.declare import Action, List
from portal.kit.lists.errors import TooManyRows, UndoExpired
from portal.kit.lists.outcome import Outcome
from portal.kit.lists.query import Chosen
from portal.kit.registry import Run
from portal.kit.services import writing

DIRECT = 500  # Rows that a reply may wait for; more are a job.
MOST = 100_000  # Of one action.
UNDO_FOR = timedelta(minutes=10)
_PURPOSE = "kit.list_undo"


@dataclass(frozen=True)
class Selection:
    """Rows by their ids, or all that a question leaves."""

    ids: tuple[UUID, ...] = ()
    matching: Chosen | None = None


def selected(declared: List, actor: Actor, selection: Selection) -> list[UUID]:
    """The ids of the selection that `actor` may see now, at most `DIRECT` + 1, by id."""
    return list(_rows(declared, actor, selection).order_by("id").values_list("pk", flat=True)[: DIRECT + 1])


def number(declared: List, actor: Actor, selection: Selection) -> int:
    """How many rows the selection has now; `TooManyRows` beyond `MOST`."""
    (found,) = counts.capped([_rows(declared, actor, selection)], MOST)
    if found > MOST:
        raise TooManyRows(
            _("More than %(most)s rows match. Narrow the list and act on its parts.") % {"most": f"{MOST:,}"}
        )
    return found


def rows_act(
    *, actor: Actor, declared: List, action: Action, rows: Sequence[UUID], values: Mapping[str, str]
) -> Outcome:
    """Do `action` to these rows, by its service, in one transaction. Rows that `actor` does not see are not found.

    Events are the service's, one for each changed row. `Forbidden` without the action's right.
    """
    authorise(actor, action.code)
    if len(rows) > DIRECT:
        raise TooManyRows
    visible = set(declared.source(actor).filter(pk__in=rows).values_list("pk", flat=True))
    if len(visible) < len(set(rows)):
        raise errors.NotFound
    with writing():
        return action.run(actor=actor, ids=list(dict.fromkeys(rows)), **_read(actor, action, values))


def rows_look(
    *, actor: Actor, declared: List, action: Action, rows: Sequence[UUID], values: Mapping[str, str]
) -> Mapping[str, Any]:
    """What `action` would do to these rows, as its own preview tells it; nothing is changed. Refused as `rows_act`."""
    authorise(actor, action.code)
    if action.look is None:
        raise errors.BadRequest
    if len(rows) > DIRECT:
        raise TooManyRows
    visible = set(declared.source(actor).filter(pk__in=rows).values_list("pk", flat=True))
    if len(visible) < len(set(rows)):
        raise errors.NotFound
    return action.look(actor=actor, ids=list(dict.fromkeys(rows)), **_read(actor, action, values))


def rows_enqueue(
    *, actor: Actor, declared: List, action: Action, selection: Selection, values: Mapping[str, str], expected: int
) -> UUID:
    """Queue the job that does `action` to more rows than a reply can wait for; returns its run."""
    authorise(actor, action.code)
    _read(actor, action, values)  # What the service could not read shall fail here, not in the job.
    chosen = selection.matching or Chosen()
    return jobs.enqueue(
        job_name(declared),
        actor=actor,
        args={
            "action": action.name,
            "query": chosen.narrowing_query(),
            "ids": [str(each) for each in selection.ids],
            "values": dict(values),
            # Rows made after this moment were not among those that were counted and confirmed.
            "until": str(ids.uuid7()),
            "expected": expected,
        },
    )


def job_name(declared: List) -> str:
    """The job that does a list's actions to many rows."""
    room, _dot, noun = declared.name.partition(".")
    return f"{room}.bulk_{noun}"


def run_bulk(declared: List, run: Run) -> Mapping[str, Any]:
    """Work of the job: batches by id, from the cursor on. Each asks for the actor's rights again, as they are then."""
    actor, args = context.actor(), run.args
    action = declared.action(str(args["action"]))
    if action is None:
        raise errors.Invalid(_("This version has no such action any more. Select the rows again."))
    selection = Selection(
        tuple(UUID(each) for each in args["ids"]), None if args["ids"] else declared.parse(str(args["query"]))
    )
    state: dict[str, Any] = run.cursor or {"after": None, "done": 0, "skipped": 0, "reasons": {}}
    run.phase(str(action.label))
    more = True
    while more:
        with run.batch():
            rows = _rows(declared, actor, selection).filter(pk__lt=UUID(str(args["until"]))).order_by("id")
            if state["after"]:
                rows = rows.filter(pk__gt=UUID(state["after"]))
            part = list(rows.values_list("pk", flat=True)[:DIRECT])
            if part:
                outcome = rows_act(actor=actor, declared=declared, action=action, rows=part, values=args["values"])
                state = _counted(state, outcome, part[-1])
            run.cursor = state
            run.progress(state["done"] + state["skipped"], max(int(args["expected"]), state["done"] + state["skipped"]))
            more = len(part) == DIRECT
    for reason, times in sorted(state["reasons"].items(), key=lambda item: -item[1]):
        run.log(_("Left alone: %(count)s. %(reason)s") % {"count": f"{times:,}", "reason": reason})
    return {"done": state["done"], "skipped": state["skipped"]}


def _counted(state: Mapping[str, Any], outcome: Outcome, last: UUID) -> dict[str, Any]:
    reasons = dict(state["reasons"])
    for _id, reason in outcome.skipped:
        reasons[reason] = reasons.get(reason, 0) + 1
    return {
        "after": str(last),
        "done": state["done"] + len(outcome.done),
        "skipped": state["skipped"] + len(outcome.skipped),
        "reasons": reasons,
    }


def _rows(declared: List, actor: Actor, selection: Selection) -> Any:
    if selection.matching is not None:
        return declared.rows(actor, selection.matching)
    return declared.source(actor).filter(pk__in=selection.ids)


def _read(actor: Actor, action: Action, values: Mapping[str, str]) -> dict[str, object]:
    """What the action's fields become for its service; `Invalid` names what is missing or not offered."""
    found: dict[str, object] = {}
    wrong: dict[str, list[str]] = {}
    for each in action.fields:
        text = values.get(each.name, "").replace("\0", "").strip()
        if each.options is not None and text and text not in {value for value, _label in each.options(actor)}:
            wrong[each.name] = [_("Choose one of the offered values.")]
        elif each.required and not text:
            wrong[each.name] = [_("It is missing.")]
        elif len(text) > each.limit:
            wrong[each.name] = [_("It is longer than %(limit)s characters.") % {"limit": each.limit}]
        elif text:
            found[each.name] = each.read(text)
    if wrong:
        raise errors.Invalid(fields=wrong)
    return found


def undo_offer(declared: List, action: Action, actor: Actor, outcome: Outcome, values: Mapping[str, str]) -> str:
    """A token by which this person, for ten minutes, can undo what was done; "" where nothing can be."""
    if not action.inverse or not outcome.done:
        return ""
    told = {
        "list": declared.name,
        "do": action.inverse,
        "by": str(actor.id),
        "in": str(actor.organisation_id),
        "until": int((clock.now() + UNDO_FOR).timestamp()),
        "values": dict(values),
    }
    body = orjson.dumps(told) + b"\n" + b"".join(each.bytes for each in outcome.done)
    text = urlsafe_b64encode(body).decode("ascii")
    return f"{text}.{crypto.signature(_PURPOSE, text)}"


def rows_undo(*, actor: Actor, declared: List, token: str) -> tuple[Action, Outcome]:
    """Do the inverse to exactly the rows that were changed. `UndoExpired` for a token that is old, somebody else's, of
    another list or not ours."""
    told, rows = _offer(token)
    action = declared.action(str(told.get("do", "")))
    mine = (told.get("list"), told.get("by"), told.get("in")) == (
        declared.name,
        str(actor.id),
        str(actor.organisation_id),
    )
    if action is None or not mine or int(told["until"]) < clock.now().timestamp():
        raise UndoExpired
    return action, rows_act(actor=actor, declared=declared, action=action, rows=rows, values=told["values"])


def _offer(token: str) -> tuple[dict[str, Any], list[UUID]]:
    text, _dot, signature = token.partition(".")
    if not text.isascii() or not compare_digest(signature.encode(), crypto.signature(_PURPOSE, text).encode()):
        raise UndoExpired
    try:
        head, _line, packed = urlsafe_b64decode(text).partition(b"\n")
    except (NotBase64, ValueError) as error:
        raise UndoExpired from error
    return orjson.loads(head), [UUID(bytes=part) for part in _sixteens(packed)]


def _sixteens(packed: bytes) -> Iterator[bytes]:
    return (packed[start : start + 16] for start in range(0, len(packed), 16))
