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
    return int(restored.execute("DELETE FROM accounts_session").rowcount)


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


proofs.add(Proof("accounts.sign_in", _("The root administrator can sign in"), _sign_in))
aftercare.add(Aftercare("accounts.sessions", _("Sessions of the backup's time are ended"), _sessions_end))
aftercare.add(Aftercare("accounts.erasures", _("Erased people stay erased"), _erased_since, after=_erase_again))
