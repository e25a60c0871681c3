"""Pages by key: forwards and backwards they show every row once, in the order that was asked for."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import RequestFactory

from portal.kit import clock, context, paging
from portal.kit.models import OutboundMessage
from portal.kit.paging import Cursor, Order
from portal.kit.services import writing

Page = paging.Page[OutboundMessage]
HOURS = (5, None, 2, 9, None, 2, 7, 1)  # Since it was sent; some twice, some never.


@pytest.fixture
def mails(db: None) -> list[OutboundMessage]:
    """Eight mails, the oldest first; some were never sent."""
    now = clock.now()
    with context.system("a test"), writing():
        return [
            OutboundMessage.objects.create(
                address="ada@example.org",
                category="job",
                subject=f"Mail {number}",
                text="Text",
                state="queued",
                sent_at=None if hours is None else now - timedelta(hours=hours),
            )
            for number, hours in enumerate(HOURS)
        ]


def _walk(page_at: Callable[[Cursor | None], Page]) -> tuple[list[str], list[str]]:
    """The subjects on the way forwards, and those on the way back from the last page to the first."""
    page, there = page_at(None), []
    while True:
        there.append(page)
        if page.next is None:
            break
        page = page_at(page.next)
    back = [page]
    while page.previous is not None:
        page = page_at(page.previous)
        back.insert(0, page)
    assert [len(one.items) for one in there] == [len(one.items) for one in back] == [3, 3, 2]
    return [row.subject for one in there for row in one.items], [row.subject for one in back for row in one.items]


@pytest.mark.parametrize("descending", [True, False])
def test_pages_by_the_id_go_there_and_back(mails: list[OutboundMessage], *, descending: bool) -> None:
    rows = OutboundMessage.objects.all()
    forwards, backwards = _walk(lambda at: paging.keyset(rows, at, descending=descending, size=3))
    wanted = [mail.subject for mail in mails]
    assert forwards == backwards == (wanted[::-1] if descending else wanted)


@pytest.mark.parametrize("descending", [True, False])
def test_what_is_empty_comes_last_whichever_way_a_page_is_ordered(
    mails: list[OutboundMessage], *, descending: bool
) -> None:
    order = Order(("sent_at",), descending, nullable=True)
    forwards, backwards = _walk(lambda at: paging.keyset(OutboundMessage.objects.all(), at, by=order, size=3))
    sign = -1 if descending else 1
    ranked = sorted(
        mails,
        key=lambda mail: (
            mail.sent_at is None,
            sign * mail.sent_at.timestamp() if mail.sent_at else 0,
            sign * mail.pk.int,
        ),
    )
    assert forwards == backwards == [mail.subject for mail in ranked]


def test_a_page_of_a_request_keeps_what_else_was_asked(mails: list[OutboundMessage]) -> None:
    rows = OutboundMessage.objects.all()
    request = RequestFactory().get("/platform/outbox", {"state": "queued", "cursor": str(Cursor(mails[4].pk))})
    shown = paging.of(request, rows, lambda mail: mail.subject)
    assert shown.items == ["Mail 3", "Mail 2", "Mail 1", "Mail 0"]
    assert shown.next_url is None
    assert shown.previous_url is not None
    assert shown.previous_url.startswith("?state=queued&cursor=")
    again = RequestFactory().get(f"/platform/outbox{shown.previous_url}")
    assert paging.of(again, rows, lambda mail: mail.subject).items == ["Mail 7", "Mail 6", "Mail 5", "Mail 4"]


def test_a_row_that_is_gone_is_no_place_to_go_on_from(mails: list[OutboundMessage]) -> None:
    gone = Cursor(mails[4].pk)
    rows = OutboundMessage.objects.exclude(pk=gone.row_id)
    by_id = paging.keyset(rows, gone, size=3)
    assert [mail.subject for mail in by_id.items] == ["Mail 3", "Mail 2", "Mail 1"], "an id is a place by itself"
    named = paging.keyset(rows, gone, by="queued_at", size=3)
    assert [mail.subject for mail in named.items] == ["Mail 7", "Mail 6", "Mail 5"]
