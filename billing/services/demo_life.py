"""A buyer's time in the demonstration, told in one go: from one moment at which something happens to the next, by the same
services that do it on any day. What falls due does so as if time had passed, and the work that is asked for is done here.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Min

from billing import demo_story as story
from billing.clock_steps import run_steps
from billing.models import DunningRun, Invoice, LegalEntity, Subscription
from billing.services.demo_acts import Buying, act_do
from billing.services.demo_hooks import hooks_answer
from billing.services.demo_world import BANK, account_named, buyer_ensure
from billing.services.payments import payment_record
from portal.kit import clock, context, ids, jobs, registry
from portal.kit.context import Actor, Context
from portal.kit.jobs import Again, Asked
from portal.kit.services import writing

# What is done here and now. All else that is asked for (mails, webhooks of others) is for the queue, as ever.
OWN = (
    "billing.collect_invoice",
    "billing.send_refund",
    "billing.deliver_sandbox_webhook",
    "billing.process_provider_event",
)
SOON = timedelta(minutes=2)  # Later than what falls due: a job looks every few minutes.
REASON = "demonstration"


def buyer_live(*, actor: Actor, place: int, entity: LegalEntity, begin: datetime, until: datetime) -> bool:
    """Let the buyer at a place of the story live from `begin` to `until`; False where there is nothing to tell (it is told
    already, its organisation is gone, or its time has not come).

    One transaction, so that nobody sees a half-told year and no worker of today takes it up at a moment that has passed.
    """
    buyer = story.BUYERS[place]
    acts = story.acts_of(place, (until - begin) / timedelta(days=1))
    if not acts or Subscription.objects.filter(customer__organisation__slug=buyer.slug).exists():
        return False
    with (
        writing(),
        jobs.kept(*OWN) as waiting,
        context.use(Context(actor=actor, source="job", reason=REASON, platform=True)),
    ):
        with clock.at(begin + timedelta(days=acts[0].at)):
            made = buyer_ensure(actor=actor, buyer=buyer, entity=entity)
        if made is None:
            return False
        _Life(Buying(actor, made[1], made[0], begin), waiting, acts, until).run()
    return True


class _Life:
    """Where a buyer's time stands: what it will do, and what is asked for and not done yet."""

    def __init__(self, buying: Buying, waiting: list[Asked], acts: list[story.Act], until: datetime) -> None:
        self.buying, self.waiting, self.acts, self.until = buying, waiting, acts, until
        self.owed: list[Invoice] = []
        self.falls_due = False

    def run(self) -> None:
        """All of it, moment by moment; each is later than the one before."""
        last = datetime.min.replace(tzinfo=self.until.tzinfo)
        while (moment := self._next()) is not None:
            at = max(moment, last + SOON)
            if at >= self.until:
                return
            with clock.at(at):
                self._happen(at)
            last = at

    def _next(self) -> datetime | None:
        """The next moment at which anything is to be done."""
        customer = self.buying.customer
        renewed = Subscription.objects.filter(customer=customer, halted_at=None).aggregate(at=Min("next_at"))["at"]
        reminded = list(DunningRun.objects.filter(customer=customer, ended_at=None))
        self.owed = self._open()
        due = [renewed, *(row.next_at for row in reminded)]
        due += [] if reminded else [invoice.due_at for invoice in self.owed]
        found = [at + SOON for at in due if at is not None]
        found += [at for invoice in self.owed if (at := self._paid_at(invoice)) is not None]
        found += [one.run_at for one in self.waiting]
        acts = [self._moment(act) for act in self.acts[:1]]
        self.falls_due = min([*found, *acts], default=None) in found
        return min([*found, *acts], default=None)

    def _moment(self, act: story.Act) -> datetime:
        return self.buying.begin + timedelta(days=act.at)

    def _open(self) -> list[Invoice]:
        rows = Invoice.objects.filter(customer=self.buying.customer, state=Invoice.State.OPEN, due__gt=0)
        return list(rows.select_related("customer__test_clock", "entity").order_by("issued_at", "id"))

    def _paid_at(self, invoice: Invoice) -> datetime | None:
        """When who has no card transfers what an invoice says: mostly in time, at times late."""
        if self.buying.has_card or invoice.issued_at is None:
            return None
        day = (invoice.issued_at - self.buying.begin).days
        late = story.chance(self.buying.customer.name, day, below=20)
        return invoice.issued_at + timedelta(days=3 + late % 11 if late else 27, hours=late)

    def _happen(self, at: datetime) -> None:
        while self.acts and self._moment(self.acts[0]) <= at:
            act_do(buying=self.buying, act=self.acts.pop(0))
            self._work(at)
        if self.falls_due:
            self._time(at)
        hooks_answer(organisation_id=self.buying.customer.organisation_id, begin=self.buying.begin)

    def _time(self, at: datetime) -> None:
        """What happens by itself, and the transfers of who pays by bank."""
        run_steps(self.buying.staff, self.buying.customer)
        for invoice in self._open():
            paid = self._paid_at(invoice)
            if paid is not None and paid <= at:
                payment_record(
                    actor=self.buying.staff,
                    customer=self.buying.customer,
                    amount=invoice.due,
                    account=account_named(BANK),
                    key=f"demo:{invoice.pk}",
                    reference=invoice.number or "",
                    invoice=invoice,
                )
        self._work(at)

    def _work(self, at: datetime) -> None:
        work_do(waiting=self.waiting, at=at)


def work_do(*, waiting: list[Asked], at: datetime) -> None:
    """Do what is asked for and due, by the functions of the jobs; what is to wait comes again. Part of a story told."""
    while due := [one for one in waiting if one.run_at <= at]:
        asked = due[0]
        waiting.remove(asked)
        job = registry.jobs.get(asked.name)
        acting = Context(actor=asked.actor, source="job", reason=REASON, platform=True)
        try:
            with context.use(acting):
                job.function(_Here(asked.args))
        except Again as again:
            jobs.keep(asked.name, actor=asked.actor, args=asked.args, key=asked.key, run_at=at + again.wait)


class _Here:
    """What a job's function works with where its work is a part of this transaction."""

    def __init__(self, args: Mapping[str, Any]) -> None:
        self.id: UUID = ids.uuid7()
        self.args = args
        self.cursor: Any = None

    def phase(self, text: str) -> None:
        """Nobody watches."""

    def log(self, text: str) -> None:
        """Nobody reads it."""

    def progress(self, done: int, total: int | None) -> None:
        """Nobody watches."""

    def batch(self) -> AbstractContextManager[None]:
        """A part of the one transaction."""
        return writing()
