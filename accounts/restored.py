"""What people and sessions need of a restored database."""

from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import identify_hasher
from django.utils.translation import gettext_lazy as _

from accounts.errors import Erased
from accounts.models import User
from accounts.services.erasure import user_anonymise
from portal.kit import context, crypto, ids
from portal.kit.registry import Aftercare, Proof, aftercare, proofs

_SESSION = """
INSERT INTO accounts_session (id, digest, user_id, created_at, seen_at, idle, expires_at, ends_at, agent)
VALUES (%s, %s, %s, now(), now(), interval '1 minute', now() + interval '1 minute', now() + interval '1 minute', '')
"""


def _sign_in(app: Any) -> str:
    row = app.execute("SELECT id, password FROM accounts_user WHERE is_root").fetchone()
    assert row is not None, "There is no root administrator, so nobody could let the others in."  # noqa: S101
    person, password = row
    try:
        known = identify_hasher(password).decode(password)
    except (ValueError, KeyError, AssertionError) as error:
        raise AssertionError("The root administrator's password cannot be verified by this version.") from error
    token = crypto.token()
    app.execute(_SESSION, [ids.uuid7(), crypto.digest(token), person])
    found = app.execute(
        "SELECT u.is_active FROM accounts_session s JOIN accounts_user u ON u.id = s.user_id WHERE s.digest = %s",
        [crypto.digest(token)],
    ).fetchone()
    assert found == (True,), "A session of the root administrator cannot be opened."  # noqa: S101
    return str(known["algorithm"])


def _sessions_end(restored: Any, live: Any) -> int:
    """Sessions that ended since the backup would be open again: everybody signs in anew."""
    restored.execute("DELETE FROM accounts_pending_sign_in")
    return int(restored.execute("DELETE FROM accounts_session").rowcount)


def _codes_stay_used(restored: Any, live: Any) -> int:
    """Recovery codes that were used, or replaced by newer ones, since the backup would be good once more."""
    if live is None or live.execute("SELECT to_regclass('accounts_recovery_code')").fetchone() == (None,):
        return 0
    good = [row[0] for row in live.execute("SELECT id FROM accounts_recovery_code WHERE used_at IS NULL").fetchall()]
    spent = "UPDATE accounts_recovery_code SET used_at = now() WHERE used_at IS NULL AND NOT id = ANY(%s)"
    return int(restored.execute(spent, [good]).rowcount)


_LINKS = (
    "DELETE FROM accounts_link WHERE used_at IS NULL",
    "DELETE FROM accounts_registration WHERE used_at IS NULL",
    "UPDATE accounts_address_change SET ended_at = now() WHERE ended_at IS NULL",
    "DELETE FROM accounts_ask",
)


def _links_end(restored: Any, live: Any) -> int:
    """Links that were used or replaced since the backup would be good again: whoever waits for one asks anew."""
    return sum(int(restored.execute(statement).rowcount) for statement in _LINKS)


def _erased_since(restored: Any, live: Any) -> list[str]:
    """People who are erased in the live database and would come back."""
    if live is None:
        return []
    erased = [row[0] for row in live.execute("SELECT id FROM accounts_user WHERE erased_at IS NOT NULL").fetchall()]
    rows = restored.execute("SELECT id FROM accounts_user WHERE id = ANY(%s) AND erased_at IS NULL", [erased])
    return [str(row[0]) for row in rows.fetchall()]


def _erase_again(people: list[str]) -> str:
    with context.system("erased before; a restored backup had brought the person back") as current:
        done = 0
        for person in map(UUID, people):
            user = User.objects.filter(pk=person).first()
            if user is None:
                continue
            try:
                user_anonymise(actor=current.actor, user=user, reason=current.reason)
                done += 1
            except Erased:
                continue
    return f"{done} people who had been erased since the backup were erased again." if people else ""


def _leaving_as_live(restored: Any, live: Any) -> int:
    """Whoever called the deletion off since the backup must not be deleted by it, and whoever asked since still is."""
    if live is None:
        return 0
    rows = live.execute("SELECT id, leaving_at FROM accounts_user WHERE leaving_at IS NOT NULL").fetchall()
    restored.execute(
        "UPDATE accounts_user SET leaving_at = NULL, leaving_warned_at = NULL WHERE leaving_at IS NOT NULL"
    )
    for person, due in rows:
        restored.execute(
            "UPDATE accounts_user SET leaving_at = %s WHERE id = %s AND NOT is_root AND erased_at IS NULL",
            [due, person],
        )
    return len(rows)


proofs.add(Proof("accounts.sign_in", _("The root administrator can sign in"), _sign_in))
aftercare.add(Aftercare("accounts.sessions", _("Sessions of the backup's time are ended"), _sessions_end))
aftercare.add(Aftercare("accounts.recovery_codes", _("Spent recovery codes stay spent"), _codes_stay_used))
aftercare.add(Aftercare("accounts.leaving", _("Who called the own deletion off since stays"), _leaving_as_live))
aftercare.add(Aftercare("accounts.erasures", _("Erased people stay erased"), _erased_since, after=_erase_again))
aftercare.add(Aftercare("accounts.links", _("Mailed links of the backup's time open nothing"), _links_end))
