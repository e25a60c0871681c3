"""What providers told, who is reminded, and the providers' accounts, as pages of staff show them."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from billing.document_facts import due_on
from billing.models import DunningRun, ProviderAccount, ProviderEvent
from billing.presenters.payments import TONES, money
from portal.kit.context import Actor

# What is masked in the raw view of a webhook: people's data and whatever opens something.
_SECRET = re.compile(r"secret|token|key|signature|password|email|contact|phone|address|name|card|vpa|bank", re.I)
_PLAIN = frozenset({"idempotency_key"})


@dataclass(frozen=True)
class EventRow:
    """One webhook in a list."""

    event: ProviderEvent

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.event.pk)

    @property
    def label(self) -> str:
        """Its kind, in words."""
        return capfirst(re.sub(r"[._]", " ", self.event.kind))

    @property
    def ref(self) -> str:
        """Its kind as the provider writes it, and its id there."""
        return f"{self.event.kind} · {self.event.event_ref}"

    @property
    def url(self) -> str:
        """Its page."""
        return reverse("billing:provider_event", args=[self.event.pk])

    @property
    def hue(self) -> int:
        """Colour of its mark."""
        return self.event.account_id.int % 5

    @property
    def account(self) -> str:
        """Whose it is."""
        return self.event.account.label

    @property
    def state_tone(self) -> str:
        """Tone of the chip."""
        return TONES.get(self.event.state, "")

    @property
    def state_label(self) -> str:
        """Word of the chip."""
        return str(self.event.get_state_display())

    @property
    def received_at(self) -> datetime:
        """When it came."""
        return self.event.received_at


def event_rows(actor: Actor, found: Sequence[ProviderEvent]) -> list[EventRow]:
    """Rows of a list."""
    return [EventRow(row) for row in found]


def event_facts(row: ProviderEvent) -> list[dict[str, Any]]:
    """What is known of a webhook."""
    facts: list[dict[str, Any]] = [
        {"label": _("Status"), "status": {"tone": TONES.get(row.state, ""), "label": row.get_state_display()}},
        {"label": _("Provider"), "value": row.account.label},
        {"label": _("Id at the provider"), "value": row.event_ref, "mono": True},
        {"label": _("Happened"), "when": row.occurred_at, "style": "exact"},
        {"label": _("Received"), "when": row.received_at, "style": "exact"},
        {"label": _("Came again"), "value": row.repeats},
        {"label": _("Tried"), "value": row.attempts},
    ]
    if row.payment_id:
        facts.append(
            {
                "label": _("Payment"),
                "value": _("See the payment"),
                "url": reverse("billing:payment", args=[row.payment_id]),
            }
        )
    if row.error:
        facts.append({"label": _("Why it failed"), "value": row.error})
    return facts


def raw_view(body: bytes) -> str:
    """The body of a webhook for eyes: what opens something or names a person is masked."""
    try:
        return json.dumps(_masked(json.loads(body)), indent=2, ensure_ascii=False)
    except ValueError:
        return _("%(number)s bytes that are not JSON") % {"number": len(body)}


def _masked(value: Any, name: str = "") -> Any:
    if isinstance(value, Mapping):
        return {key: _masked(below, str(key)) for key, below in value.items()}
    if isinstance(value, list):
        return [_masked(below, name) for below in value]
    hidden = _SECRET.search(name) and name not in _PLAIN and isinstance(value, str | int) and value not in ("", None)
    return "•••" if hidden else value


@dataclass(frozen=True)
class DunningRow:
    """One customer that is reminded, in a list."""

    run: DunningRun

    @property
    def id(self) -> str:
        """The run's id."""
        return str(self.run.pk)

    @property
    def label(self) -> str:
        """The customer."""
        return self.run.customer.name

    @property
    def number(self) -> str:
        """The oldest document."""
        return str(self.run.invoice)

    @property
    def url(self) -> str:
        """Its page."""
        return reverse("billing:dunning_run", args=[self.run.pk])

    @property
    def hue(self) -> int:
        """Colour of its mark."""
        return self.run.customer_id.int % 5

    @property
    def due(self) -> str:
        """What is due on that document."""
        return money(max(self.run.invoice.due, 0), self.run.currency)

    @property
    def attempts(self) -> int:
        """Charges that were tried again."""
        return self.run.attempts

    @property
    def stage_tone(self) -> str:
        """Tone of the stage."""
        return TONES.get(self.run.stage, "")

    @property
    def stage_label(self) -> str:
        """Word of the stage."""
        return "" if self.run.stage == DunningRun.Stage.NONE else str(self.run.get_stage_display())

    @property
    def state_tone(self) -> str:
        """Tone of the chip."""
        return TONES.get(self.run.state, "")

    @property
    def state_label(self) -> str:
        """Word of the chip."""
        return str(self.run.get_state_display())

    @property
    def due_on(self) -> date | None:
        """The day by which it was to be paid, as the document says it."""
        return due_on(self.run.invoice)

    @property
    def next_at(self) -> datetime | None:
        """When something follows."""
        return self.run.next_at


def dunning_rows(actor: Actor, found: Sequence[DunningRun]) -> list[DunningRow]:
    """Rows of a list."""
    return [DunningRow(row) for row in found]


def dunning_facts(row: DunningRun) -> list[dict[str, Any]]:
    """What is known of a run."""
    shown_row = DunningRow(row)
    facts: list[dict[str, Any]] = [
        {"label": _("Status"), "status": {"tone": shown_row.state_tone, "label": shown_row.state_label}},
        *(
            [{"label": _("Stage"), "status": {"tone": shown_row.stage_tone, "label": shown_row.stage_label}}]
            if shown_row.stage_label
            else []
        ),
        {"label": _("Oldest document"), "value": shown_row.number},
        {"label": _("Due on it"), "value": shown_row.due},
        {"label": _("Due by"), "when": shown_row.due_on},
        {"label": _("Charges tried again"), "value": row.attempts},
    ]
    if row.next_at is not None:
        facts.append({"label": _("Next step"), "when": row.next_at, "style": "exact"})
    return facts


@dataclass(frozen=True)
class ProviderRow:
    """One account in a list."""

    account: ProviderAccount

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.account.pk)

    @property
    def label(self) -> str:
        """Its name."""
        return self.account.label

    @property
    def second(self) -> str:
        """Whose it is."""
        return str(self.account.get_provider_display())

    @property
    def url(self) -> str:
        """Its page."""
        return reverse("billing:provider_account", args=[self.account.pk])

    @property
    def hue(self) -> int:
        """Colour of its mark."""
        return self.account.pk.int % 5

    @property
    def money_tone(self) -> str:
        """Tone of what money it moves."""
        return "ok" if self.account.live else "info"

    @property
    def money_label(self) -> str:
        """What money it moves."""
        return _("Real money") if self.account.live else _("Test")

    @property
    def state_tone(self) -> str:
        """Tone of the chip."""
        return "ok" if self.account.is_active else ""

    @property
    def state_label(self) -> str:
        """Word of the chip."""
        if not self.account.is_active:
            return _("Off")
        return _("Default") if self.account.is_default else _("In use")

    @property
    def reconciled_at(self) -> datetime | None:
        """When it was compared last."""
        return self.account.reconciled_at


def provider_rows(actor: Actor, found: Sequence[ProviderAccount]) -> list[ProviderRow]:
    """Rows of a list."""
    return [ProviderRow(row) for row in found]
