"""What a system of the staff does with invoices over the API."""

import json
from typing import Any

import pytest
from django.test import Client

from billing.models import CreditNote
from tests.billing.api_world import eur
from tests.billing.document_world import buyer, final, fresh
from tests.factories import make_world, signed_in

pytestmark = pytest.mark.django_db


def _post(client: Client, path: str, body: Any = None, **headers: str) -> Any:
    return client.post(f"/api/v1/{path}", data=json.dumps(body or {}), content_type="application/json", headers=headers)


def test_a_one_off_invoice_is_drafted_finalised_credited_and_given_up() -> None:
    world = make_world()
    admin = signed_in(world.admin)
    customer = buyer("19")
    made = _post(
        admin, "invoices", {"customer_id": str(customer.pk), "lines": [{"description": "Setup", "amount": eur(100)}]}
    )
    assert (made.status_code, made.json()["state"], made.json()["total"]) == (201, "draft", eur(119))
    path = f"invoices/{made.json()['id']}"
    final_one = _post(admin, f"{path}/finalise")
    assert (final_one.json()["state"], final_one.json()["due"]) == ("open", eur(119))
    assert _post(admin, f"{path}/finalise").json()["code"] == "billing.invoice_final"
    assert admin.delete(f"/api/v1/{path}").status_code == 409
    body = {"amount": eur(19), "to": "open", "reason": "Late"}
    note = _post(admin, f"{path}/credit-notes", body)
    assert (note.status_code, note.json()["total"]) == (201, eur(19))
    assert _post(admin, f"{path}/credit-notes", body | {"amount": eur(101)}).json()["code"] == "billing.more_than_left"
    assert _post(admin, f"{path}/void").json()["code"] == "billing.invoice_settled"
    assert _post(admin, f"{path}/uncollectible").json()["state"] == "uncollectible"
    assert CreditNote.objects.count() == 1


def test_who_may_only_read_moves_nothing() -> None:
    world = make_world()
    manager = signed_in(world.manager)
    made = final(buyer(), 100)
    for act in ("finalise", "void", "uncollectible", "credit-notes"):
        assert _post(manager, f"invoices/{made.pk}/{act}", {"to": "open", "reason": "x"}).status_code == 403
    assert (fresh(made).state, CreditNote.objects.count()) == ("open", 0)


def test_k01_an_invoice_that_is_paid_void_or_a_draft_is_not_moved_over_the_api() -> None:
    admin = signed_in(make_world().admin)
    made = final(buyer(), 100)
    assert _post(admin, f"invoices/{made.pk}/void").json()["due"] == eur(0)
    for act in ("finalise", "void", "uncollectible"):
        assert _post(admin, f"invoices/{made.pk}/{act}").status_code == 409
    assert fresh(made).state == "void"
