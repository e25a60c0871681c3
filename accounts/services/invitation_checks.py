"""Which of many addresses can be invited to an organisation, and why the others cannot; the same for preview and act."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext as _

from accounts import rules
from accounts.models import Invitation, Membership, Organisation
from accounts.organisation_guards import authorise_in
from portal.kit import clock, errors
from portal.kit.context import Actor
from rbac.standing import standing_on

LIMIT = 200  # Addresses at once; who invites more does it in parts.
SHOWN = 100  # Characters of what is no address.


@dataclass(frozen=True)
class Refusal:
    """A line that is not invited: it is no address, one to be left alone, or one that an earlier line has."""

    line: int
    value: str
    reason: str
    kind: Literal["wrong", "left", "again"]


@dataclass(frozen=True)
class Checked:
    """The addresses that can be invited, in the order they were written, and the lines that cannot."""

    ready: tuple[str, ...]
    refused: tuple[Refusal, ...]

    def insist(self) -> None:
        """Raise `Invalid` (field `addresses`) when a line is no address, or there is none at all, or too many."""
        wrong = [row.value for row in self.refused if row.kind == "wrong"]
        told = ""
        if wrong:
            told = _("Not an e-mail address: %(named)s") % {"named": ", ".join(wrong[:5])}
        elif not self.ready and not self.refused:
            told = _("Enter at least one e-mail address.")
        elif len(self.ready) > LIMIT:
            told = _("At most %(n)d addresses at once.") % {"n": LIMIT}
        if told:
            raise errors.Invalid(fields={"addresses": [told]})


def invitations_check(*, actor: Actor, organisation: Organisation, addresses: Sequence[str]) -> Checked:
    """What would become of these addresses; nothing is written. Needs `member:create` there.

    `Invalid` (field `addresses`) when there is none, or more than 200.
    """
    authorise_in(actor, "member:create", organisation.pk)
    with standing_on(organisation.pk):
        checked = parted(organisation=organisation, written=addresses)
    if (not checked.ready and not checked.refused) or len(checked.ready) > LIMIT:
        checked.insist()
    return checked


def parted(*, organisation: Organisation, written: Sequence[str]) -> Checked:
    """Part written lines; part of a service that stands in the organisation. Empty lines are nothing."""
    members = _lowered(Membership.objects.filter(organisation=organisation).values_list("user__email", flat=True))
    waiting = Invitation.objects.filter(organisation=organisation, accepted_at=None, revoked_at=None)
    taken = _lowered(waiting.filter(expires_at__gt=clock.now()).values_list("email", flat=True))
    ready: list[str] = []
    refused: list[Refusal] = []
    seen: dict[str, int] = {}
    for line, text in enumerate(written, start=1):
        address = rules.normalised("email", text)
        if not address:
            continue
        key = address.lower()
        if key in seen:
            refused.append(Refusal(line, address[:SHOWN], _("Line %(n)d has it already.") % {"n": seen[key]}, "again"))
            continue
        seen[key] = line
        if code := rules.problem("email", address):
            refused.append(Refusal(line, address[:SHOWN], rules.reason_text(code, "email"), "wrong"))
        elif key in members:
            refused.append(Refusal(line, address, _("Belongs to a member already."), "left"))
        elif key in taken:
            refused.append(Refusal(line, address, _("Has an open invitation; send that one again."), "left"))
        else:
            ready.append(address)
    return Checked(tuple(ready), tuple(refused))


def _lowered(values: Iterable[str]) -> set[str]:
    return {value.lower() for value in values}
