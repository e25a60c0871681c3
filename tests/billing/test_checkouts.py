"""Nobody waits for a provider with a transaction open: what is written stays, and what dies in between is settled later."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db.transaction import TransactionManagementError, atomic

from audit.models import Event
from billing.models import Invoice, Payment
from billing.providers.base import ProviderAway, ProviderRefused
from billing.providers.sandbox import SandboxProvider
from billing.services import reconciling
from billing.services.payment_links import payment_link_create
from portal.kit import clock, context
from portal.kit.postgres.base import Wall, ours
from portal.kit.services import step_out, writing
from tests.accounts.organisation_world import House, make_house
from tests.billing.document_world import buyer, final, fresh
from tests.billing.payment_world import provider
from tests.factories import signed_in

pytestmark = pytest.mark.usefixtures("own_database", "quiet_broker")


@pytest.fixture
def house() -> House:
    """An organisation that pays by the sandbox."""
    provider()
    return make_house("Payer")


def _asked(monkeypatch: pytest.MonkeyPatch, name: str, answer: Callable[..., Any]) -> list[bool]:
    """Let `answer` stand for a call of the provider; whether a transaction was open each time that it came."""
    seen: list[bool] = []

    def call(*args: Any, **values: Any) -> Any:
        seen.append(ours()._in_atomic_block)
        return answer(*args, **values)

    monkeypatch.setattr(SandboxProvider, name, call)
    return seen


def _stored(database: dict[str, str]) -> list[tuple[str, str]]:
    """What another connection sees of payments: what was committed."""
    with psycopg.connect(database["DATABASE_OWNER_URL"]) as other:
        rows = other.execute("SELECT state, checkout_ref FROM billing_payment").fetchall()
    return [(str(state), str(ref)) for state, ref in rows]


def _pay(house: House, invoice: Invoice) -> Any:
    client = signed_in(house.owner)
    client.raise_request_exception = False
    return client.post(house.url(f"billing/invoices/{invoice.pk}/pay"))


def test_a_payment_is_committed_before_its_provider_is_asked_and_noted_after(
    house: House, own_database: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before: list[tuple[str, str]] = []
    real = SandboxProvider.checkout_start

    def answer(self: SandboxProvider, order: Any) -> Any:
        before.extend(_stored(own_database))
        return real(self, order)

    seen = _asked(monkeypatch, "checkout_start", answer)
    back = _asked(monkeypatch, "payment_fetch", SandboxProvider.payment_fetch)
    setup = _asked(monkeypatch, "setup_start", SandboxProvider.setup_start)
    invoice = final(buyer(where=house.organisation), 20_00)
    assert _pay(house, invoice).status_code == 302
    payment = Payment.objects.get()
    assert (seen, before) == ([False], [("created", "")])
    assert _stored(own_database) == [("created", payment.checkout_ref)]
    assert payment.checkout_ref
    client = signed_in(house.owner)
    assert client.get(house.url(f"billing/payments/{payment.pk}/return")).status_code == 302
    assert client.post(house.url("billing/methods")).status_code == 302
    with context.system("a test") as current:
        link = payment_link_create(actor=current.actor, invoice=invoice)
    payer = signed_in(make_house("Friend").owner)
    payer.get("/" + link.split("/", 3)[3])
    assert payer.post("/pay/start").status_code == 302
    key = Payment.objects.latest("id").pk
    assert payer.get(f"/pay/back/{key}").status_code == 302
    assert (seen, back, setup) == ([False, False], [False, False], [False])


def test_a_server_that_dies_while_it_asks_leaves_a_payment_that_the_night_closes(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any) -> Any:
        raise SystemError("killed")

    def away(*_: Any) -> Any:
        raise ProviderAway

    invoice = final(buyer(where=house.organisation), 20_00)
    for answer, status in ((killed, 500), (away, 503)):
        _asked(monkeypatch, "checkout_start", answer)
        assert _pay(house, invoice).status_code == status
    assert [(row.state, row.checkout_ref) for row in Payment.objects.all()] == [("created", "")] * 2
    account = provider()
    with context.system("a test") as current:
        soon = reconciling.unopened_close(actor=current.actor, account=account, at=clock.now())
        later = clock.now() + timedelta(hours=2)
        closed = reconciling.unopened_close(actor=current.actor, account=account, at=later)
        again = reconciling.unopened_close(actor=current.actor, account=account, at=later)
    assert (soon, closed, again) == (0, 2, 0)
    assert set(Payment.objects.values_list("state", "failure_code")) == {("failed", "not_opened")}
    assert Event.objects.filter(code="billing.payment.failed").count() == 2
    assert (fresh(invoice).due, fresh(invoice).state) == (20_00, "open")


def test_what_the_provider_refuses_has_failed_and_the_page_says_why(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: Any) -> Any:
        raise ProviderRefused("This currency is not switched on.")

    _asked(monkeypatch, "checkout_start", refuses)
    invoice = final(buyer(where=house.organisation), 20_00)
    reply = _pay(house, invoice)
    assert reply.status_code == 422
    assert "This currency is not switched on." in reply.content.decode()
    assert list(Payment.objects.values_list("state", "failure_code")) == [("failed", "refused")]
    assert fresh(invoice).due == 20_00


def test_stepping_out_commits_what_a_request_wrote_and_nothing_else() -> None:
    with context.system("a test"), writing(), pytest.raises(RuntimeError, match="write door"):
        step_out()
    later = ours().transaction_later(Wall(None, True))
    later.of_request = True
    with later:
        step_out()  # Nothing was asked for yet.
        assert later.waiting
        Payment.objects.exists()
        assert ours()._in_atomic_block
        step_out()
        assert (later.waiting, ours()._in_atomic_block) == (True, False)
        assert not Payment.objects.exists()  # In a new one, behind the same wall.
        assert ours().wall_now()[0] == "steward_platform"
        with atomic(), pytest.raises(TransactionManagementError):
            step_out()
