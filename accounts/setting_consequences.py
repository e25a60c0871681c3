"""What a change of a setting would mean for the people there are: shown before it is saved. Reads only."""

from collections.abc import Sequence
from datetime import timedelta

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Session
from accounts.security_selectors import LASTING
from portal.kit import clock
from portal.kit.runtime.declare import Told
from rbac.models import INSTALLATION

SHOWN = 6  # Domains.
_DOMAINS = """
SELECT lower(split_part(email, '@', 2)) AS domain, count(*) FROM accounts_user
WHERE kind = 'person' AND is_active AND right(email, 8) <> '.invalid' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %s
"""
_DUTY = f"""
WITH factor AS MATERIALIZED ({" UNION ".join(LASTING)})
SELECT count(*), count(*) FILTER (WHERE NOT EXISTS (SELECT FROM factor f WHERE f.user_id = u.id))
FROM accounts_user u WHERE u.kind = 'person' AND u.is_active AND (%(everybody)s OR EXISTS (
    SELECT FROM rbac_binding b JOIN rbac_role r ON r.id = b.role_id
    WHERE b.user_id = u.id AND NOT b.is_suspended AND (b.expires_at IS NULL OR b.expires_at > %(now)s)
    AND (b.scope_id = %(installation)s
         OR %(organisations)s AND r.catalogue = 'organisation' AND r.code IN ('owner', 'admin'))))
"""  # noqa: S608 - constants


def registration_told(wanted: str) -> Sequence[Told]:
    """What the page of sign-in offers then."""
    texts = {
        "open": _("The sign-in page offers to make an account, to whoever proves a mail address."),
        "invite-only": _("Only who has an invitation can make an account. Links that were mailed before are dead."),
        "off": _("Nobody can make an account, not with an invitation either. Those who have one can still accept."),
    }
    return [Told(_("Then"), texts.get(wanted, ""), "warn" if wanted == "open" else "info")]


def domains_told(wanted: tuple[str, ...]) -> Sequence[Told]:
    """Which of the domains that people have today would be let in."""
    with connection.cursor() as cursor:
        cursor.execute(_DOMAINS, [SHOWN])
        rows = cursor.fetchall()
    return [
        Told(
            f"@{domain}",
            (_("let in") if allowed else _("kept out"))
            + " · "
            + ngettext("%(n)d person today", "%(n)d people today", number) % {"n": number},
            "ok" if allowed else "bad",
        )
        for domain, number in rows
        for allowed in [not wanted or domain in wanted]
    ]


def duty_told(wanted: str) -> Sequence[Told]:
    """How many people would need a second factor, and how many of them have none."""
    with connection.cursor() as cursor:
        cursor.execute(_DUTY, duty_values(wanted) | {"now": clock.now(), "installation": INSTALLATION})
        needed, without = cursor.fetchone() or (0, 0)
    return [
        Told(_("People who need one"), f"{needed:,}"),
        Told(_("Of them without one"), f"{without:,}", "warn" if without else "ok"),
    ]


def duty_values(wanted: str) -> dict[str, bool]:
    """The parameters of a statement that finds those who need a second factor."""
    return {"everybody": wanted == "everybody", "organisations": wanted != "staff"}


def sessions_told(wanted: timedelta) -> Sequence[Told]:
    """That sessions which are open keep their ends."""
    live = Session.objects.filter(expires_at__gt=clock.now()).count()
    text = ngettext("%(n)d session keeps its own ends.", "%(n)d sessions keep their own ends.", live) % {"n": live}
    return [Told(_("Open now"), text)]
