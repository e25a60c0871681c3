"""Jobs over people."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.services import asks, imports, invitations, key_warnings, member_mails, own_data, privacy, profiles
from portal.kit import context
from portal.kit.errors import Conflict
from portal.kit.registry import Job, Run, Schedule, jobs, schedules


def import_people(run: Run) -> Mapping[str, Any]:
    """Put a confirmed import in: one batch, all of it or nothing. Idempotent by the import's own state."""
    run.phase(_("Creating people"))
    with run.batch():
        created = imports.import_apply(actor=context.actor(), import_id=UUID(str(run.args["import_id"])))
        run.progress(created, created)
        run.log(_("Created: %(count)s people.") % {"count": f"{created:,}"})
    return {"created": created}


jobs.add(Job(imports.JOB, gettext_lazy("Import people"), import_people, permission="user:admin"))


def answer_ask(run: Run) -> Mapping[str, Any]:
    """Answer what somebody without a session asked for. Idempotent: the row of the question goes with its answer."""
    with run.batch():
        answered = asks.ask_answer(ask_id=UUID(str(run.args["ask"])))
        run.progress(1, 1)
    return {"answered": int(answered)}


def send_invitations(run: Run) -> Mapping[str, Any]:
    """Write the mails of invitations that were made many at once. Idempotent: an invitation has been sent or waits."""
    sent, total = int(run.cursor or 0), int(run.args["number"])
    while True:
        with run.batch():
            some = invitations.invitations_send(organisation_id=UUID(str(run.args["organisation"])))
            sent += some
            run.cursor = sent
            run.progress(min(sent, total), total)
        if not some:
            return {"sent": sent}


jobs.add(Job(asks.JOB, gettext_lazy("Answer a request from the sign-in page"), answer_ask, permission="user:admin"))
jobs.add(Job(invitations.JOB, gettext_lazy("Send invitations"), send_invitations, permission="organisation:admin"))


def warn_keys(run: Run) -> Mapping[str, Any]:
    """Tell the owners of keys that end within 30 and within 7 days, once each. Idempotent: a key that was told of is
    left out; each batch commits by itself."""
    told = 0
    while True:
        with run.batch():
            batch = key_warnings.keys_warn(actor=context.actor())
            told += batch
            run.progress(told, None)
        if batch < key_warnings.BATCH:
            break
    run.log(_("Told of: %(count)s keys.") % {"count": f"{told:,}"})
    return {"warned": told}


WARN_KEYS = "accounts.warn_keys"
jobs.add(Job(WARN_KEYS, gettext_lazy("Tell owners of keys that end soon"), warn_keys, permission="job:admin"))
schedules.add(Schedule(WARN_KEYS, gettext_lazy("Tell owners of keys that end soon"), WARN_KEYS, "10 7 * * *"))


def export_own_data(run: Run) -> Mapping[str, Any]:
    """Write the copy of one person's data (see `own_data.own_export_write`). Begins anew when repeated, offers once."""
    return own_data.own_export_write(run=run)


def tidy_own_data(run: Run) -> Mapping[str, Any]:
    """Remove expired copies with their files, and pictures that nobody has. Harmless when repeated."""
    with run.batch():
        copies, pictures = own_data.own_exports_tidy(), profiles.avatars_sweep()
    run.log(_("Removed: %(copies)s copies, %(pictures)s pictures.") % {"copies": copies, "pictures": pictures})
    return {"copies": copies, "pictures": pictures}


def erase_leaving(run: Run) -> Mapping[str, Any]:
    """Mail those whose account goes within two days, and erase those whose time is over, each in a batch of its own.

    Idempotent: who is erased or has called it off is not found again.
    """
    with run.batch():
        warned = privacy.deletions_warn()
    erased = held = 0
    for person in privacy.deletions_due():
        try:
            with run.batch():
                erased += privacy.deletion_do(actor=context.actor(), person=person)
        except Conflict as why:
            with run.batch():
                privacy.deletion_put_off(person=person, why=why)
            held += 1
    run.log(
        _("Erased: %(erased)s. Put off: %(held)s. Warned: %(warned)s.")
        % {"erased": erased, "held": held, "warned": warned}
    )
    return {"erased": erased, "held": held, "warned": warned}


TIDY, ERASE = "accounts.tidy_own_data", "accounts.erase_leaving"
jobs.add(Job(own_data.JOB, gettext_lazy("Copy of a person’s data"), export_own_data, permission="user:admin"))
jobs.add(Job(TIDY, gettext_lazy("Remove copies of people’s data"), tidy_own_data, permission="user:admin"))
jobs.add(Job(ERASE, gettext_lazy("Delete accounts whose time is over"), erase_leaving, permission="user:admin"))
schedules.add(Schedule(TIDY, gettext_lazy("Remove copies of people’s data"), TIDY, "25 * * * *"))
schedules.add(Schedule(ERASE, gettext_lazy("Delete accounts whose time is over"), ERASE, "35 * * * *"))


def tell_members(run: Run) -> Mapping[str, Any]:
    """Write the mails about what became of an organisation: one batch of members after the other, each once."""
    state = run.cursor or {"after": None, "told": 0}
    run.phase(_("Telling the members"))
    going = True
    while going:
        with run.batch():
            after, told = member_mails.members_tell(
                organisation_id=UUID(str(run.args["organisation"])),
                state=str(run.args["state"]),
                by=str(run.args["by"]),
                after=UUID(state["after"]) if state["after"] else None,
            )
            going = after is not None
            state = {"after": str(after) if after else None, "told": state["told"] + told}
            run.cursor = state
            run.progress(state["told"], None)
    return {"told": state["told"]}


jobs.add(Job(member_mails.JOB, gettext_lazy("Tell the members"), tell_members, permission="organisation:read"))
