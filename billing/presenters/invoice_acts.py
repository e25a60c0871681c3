"""What one actor may do with an invoice, as buttons and dialogs of its page."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from billing.forms.invoices import NoteForm, WriteOffForm
from billing.forms.payments import RecordForm
from billing.models import Invoice
from billing.presenters.payments import plain_amount
from billing.selectors import payments as payment_selectors
from portal.kit.context import Actor
from portal.kit.decision import can
from portal.kit.ids import uuid7

FIRST = frozenset({"finalise", "discard", "record", "note"})  # The others stand behind "More".
Acts = list[dict[str, Any]]


def actions_of(actor: Actor, invoice: Invoice) -> tuple[Acts, Acts, Acts]:
    """Buttons, those behind "More", and dialogs of an invoice's page for staff."""
    pdf = {"label": _("PDF"), "icon": "download", "url": reverse("billing:invoice_pdf", args=[invoice.pk])}
    dialogs = _by_hand(actor, invoice)
    if can(actor, "invoice:admin"):
        dialogs += [*_dialogs(invoice), *_money(invoice)]
    dialogs = [dialog for dialog in dialogs if invoice.state in dialog.pop("states")]
    buttons: Acts = [
        {"label": dialog["label"], "icon": dialog["glyph"], "dialog": dialog["id"], "tone": dialog.get("button", "")}
        for dialog in dialogs
    ]
    for dialog in dialogs:
        dialog["url"] = reverse(f"billing:invoice_{dialog['id']}", args=[invoice.pk])
    first = [one for one in buttons if one["dialog"] in FIRST]
    return [pdf, *first], [one for one in buttons if one not in first], dialogs


def _by_hand(actor: Actor, invoice: Invoice) -> Acts:
    """Writing down a transfer, where there is an account for it."""
    if invoice.due <= 0 or not can(actor, "payment:admin"):
        return []
    accounts = payment_selectors.accounts_by_hand(actor, invoice.sandbox)
    if not accounts:
        return []
    return [
        {
            "id": "record",
            "states": {"open", "paid", "uncollectible"},
            "label": _("Record payment"),
            "title": _("Record a payment of %(number)s") % {"number": invoice},
            "text": _("Money that came by transfer or in cash. What is above the due amount becomes credit."),
            "confirm_label": _("Record payment"),
            "tone": "primary",
            "glyph": "card",
            "hidden": [("key", str(uuid7()))],
            "form": RecordForm(
                initial={"amount": plain_amount(invoice.due, invoice.currency)}, accounts=accounts, auto_id="record_%s"
            ),
        }
    ]


def _money(invoice: Invoice) -> Acts:
    name = {"number": str(invoice)}
    final = {"open", "paid", "uncollectible"}
    return [
        {
            "id": "write_off",
            "states": {"open", "paid"} if invoice.due > 0 else set(),
            "label": _("Write off a rest"),
            "title": _("Write off a rest of %(number)s?") % name,
            "text": _("It becomes a bad debt and is asked for no more."),
            "confirm_label": _("Write off"),
            "glyph": "edit",
            "hidden": [("key", str(uuid7()))],
            "form": WriteOffForm(
                initial={"amount": plain_amount(invoice.due, invoice.currency)}, auto_id="write_off_%s"
            ),
        },
        {
            "id": "link",
            "states": final,
            "label": _("Make payment link"),
            "title": _("Make a payment link?"),
            "text": _("Whoever has it sees the invoice and can pay it. It ends after 180 days."),
            "confirm_label": _("Make link"),
            "tone": "primary",
            "glyph": "globe",
        },
        {
            "id": "unlink",
            "states": final,
            "label": _("End payment links"),
            "title": _("End every link to %(number)s?") % name,
            "text": _("Links in mails that were sent end too. People who sign in still see the invoice."),
            "confirm_label": _("End links"),
            "glyph": "power",
        },
    ]


def _dialogs(invoice: Invoice) -> list[dict[str, Any]]:
    name = {"number": str(invoice)}
    return [
        {
            "id": "finalise",
            "states": {"draft"},
            "label": _("Finalise"),
            "title": _("Finalise this invoice?"),
            "text": _("It gets its number, is posted and mailed to the customer. It can not be changed afterwards."),
            "confirm_label": _("Finalise"),
            "tone": "primary",
            "button": "primary",
            "glyph": "check",
        },
        {
            "id": "discard",
            "states": {"draft"},
            "label": _("Throw away"),
            "title": _("Throw this draft away?"),
            "text": _("It was never sent to anybody and has no number."),
            "confirm_label": _("Throw away"),
            "glyph": "trash",
        },
        {
            "id": "note",
            "states": {"open", "paid", "uncollectible"},
            "label": _("Credit note"),
            "title": _("Credit part of %(number)s?") % name,
            "text": _("A credit note with a number of its own is issued and mailed; it can not be taken back."),
            "confirm_label": _("Issue credit note"),
            "tone": "primary",
            "glyph": "edit",
            "form": NoteForm(auto_id="note_%s"),
        },
        {
            "id": "uncollectible",
            "states": {"open"},
            "label": _("Give up"),
            "title": _("Give %(number)s up as uncollectible?") % name,
            "text": _("What is due becomes a bad debt. The customer can still pay it."),
            "confirm_label": _("Give up"),
            "glyph": "power",
        },
        {
            "id": "void",
            "states": {"open", "uncollectible"},
            "button": "danger",
            "label": _("Void"),
            "title": _("Make %(number)s void?") % name,
            "text": _("Its postings are reversed and its number stays used. This can not be undone."),
            "confirm_label": _("Make void"),
            "glyph": "power",
        },
    ]
