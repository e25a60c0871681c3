"""The security page: what is measured, and what somebody should look at."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.urls import reverse
from django.utils import formats
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import security_selectors as selectors
from accounts.models import User
from accounts.presenters.rows import HUES, locked_text
from portal.kit import charts, clock
from portal.kit.context import Actor
from portal.kit.detail import trail_url
from portal.kit.runtime.declare import Setting, less_strict
from portal.kit.templatetags.kit import count

DAYS = 14  # Of the charts.
LATELY = timedelta(hours=24)
MONTH = timedelta(days=30)


def security_page(actor: Actor) -> dict[str, Any]:
    """Everything on the page; twelve queries, whatever the size of the installation."""
    coverage = selectors.coverage()
    lately = selectors.counted(actor, LATELY)
    return {
        "cards": [*_sign_in_cards(lately), *_factor_cards(coverage), *_other_cards()],
        "charts": _charts(actor),
        "locked": [
            _person(
                one.user,
                locked_text(one.until),
                ngettext("%(n)d failure", "%(n)d failures", one.failures),
                one.failures,
            )
            for one in selectors.locked(actor)
        ],
        "without": [_due(user) for user in selectors.without_factor(actor)],
        "dormant": [
            _person(user, "", _("last seen"), 0, when=user.last_seen_at) for user in selectors.dormant_staff(actor)
        ],
        "addresses": _addresses(selectors.failing_addresses(actor, LATELY)),
        "weak": [_weak(one) for one in less_strict()],
        "views": selectors.views(actor, MONTH),
        "views_url": trail_url(code=selectors.VIEWS),
    }


def _weak(one: Setting[Any]) -> dict[str, Any]:
    """A setting that is less strict than the project's default."""
    return {
        "label": one.label,
        "text": one.weakens,
        "value": one.kind.shown(one.value()) or _("None"),
        "default": one.kind.shown(one.shipped()) or _("None"),
        "url": reverse("home:setting", args=[one.code]),
    }


def _card(label: str, value: str, note: str, *, url: str = "", bad: bool = False) -> dict[str, Any]:
    return {"label": label, "value": value, "note": note, "url": url, "bad": bad}


def _sign_in_cards(lately: dict[str, int]) -> list[dict[str, Any]]:
    failed = sum(lately.get(code, 0) for code in selectors.FAILURES)
    locks = selectors.locks_now()
    return [
        _card(
            _("Failed sign-ins"),
            str(count(failed)),
            _("in 24 hours, beside %(n)s that succeeded") % {"n": count(lately.get(selectors.STARTED, 0))},
            url=trail_url(code=selectors.FAILURES[0]),
        ),
        _card(
            _("Locked now"),
            str(count(locks)),
            _("accounts and addresses; %(n)s locks in 24 hours") % {"n": count(lately.get(selectors.LOCKS, 0))},
            url=trail_url(code=selectors.LOCKS),
            bad=locks > 0,
        ),
    ]


def _factor_cards(coverage: selectors.Coverage) -> list[dict[str, Any]]:
    return [
        _card(
            _("Second factor, staff"),
            _share(coverage.staff_with, coverage.staff),
            _("%(with)s of %(all)s; the goal is all")
            % {"with": count(coverage.staff_with), "all": count(coverage.staff)},
            bad=coverage.staff_with < coverage.staff,
        ),
        _card(
            _("Second factor, everybody"),
            _share(coverage.people_with, coverage.people),
            _("%(with)s of %(all)s active people")
            % {"with": count(coverage.people_with), "all": count(coverage.people)},
        ),
        _card(
            _("Past their time"),
            str(count(coverage.overdue)),
            _("need a second factor and have none"),
            bad=coverage.overdue > 0,
        ),
    ]


def _other_cards() -> list[dict[str, Any]]:
    sessions = selectors.sessions_now()
    views = sessions.get("view", 0)
    asleep = selectors.dormant()
    shown = str(count(asleep)) if asleep < selectors.COUNTED else _("over %(n)s") % {"n": count(selectors.COUNTED)}
    return [
        _card(
            _("Sessions"),
            str(count(sessions.get("browser", 0) + sessions.get("token", 0))),
            _("%(n)s of them clients of the API") % {"n": count(sessions.get("token", 0))},
        ),
        _card(
            _("Seen as somebody else"),
            str(count(views)),
            _("administrators in another's console now"),
            url=trail_url(code=selectors.VIEWS),
        ),
        _card(
            _("Dormant"),
            shown,
            _("active accounts not seen for 90 days"),
            url=f"{reverse('accounts:people')}?state=active&sort=seen",
        ),
    ]


def _share(part: int, whole: int) -> str:
    # Rounded down: 100 % is said when nobody is missing.
    return f"{part * 100 // whole} %" if whole else "–"


def _charts(actor: Actor) -> list[dict[str, Any]]:
    failed = selectors.per_day(actor, selectors.FAILURES, DAYS)
    locks = selectors.per_day(actor, [selectors.LOCKS], DAYS)
    return [
        {
            "title": _("Failed sign-ins"),
            "text": _("Wrong passwords and second factors, each of the last 14 days."),
            "sum": sum(number for _day, number in failed),
            "chart": _drawn(failed, _("Failed sign-ins per day"), _("failures")),
        },
        {
            "title": _("Locks"),
            "text": _("Of accounts and addresses after too many failures, each of the last 14 days."),
            "sum": sum(number for _day, number in locks),
            "chart": _drawn(locks, _("Locks per day"), _("locks")),
        },
    ]


def _drawn(days: Sequence[tuple[date, int]], title: str, unit: str) -> SafeString:
    points = [
        charts.Point(formats.date_format(day, "j M"), number, formats.date_format(day, "l, j F Y"))
        for day, number in days
    ]
    return charts.bars(points, title=title, unit=unit)


def _person(user: User, state: str, note: str, number: int, **more: Any) -> dict[str, Any]:
    return {
        "label": str(user),
        "hue": user.pk.int % HUES,
        "url": reverse("accounts:person", args=[user.pk]),
        "state": state,
        "note": note % {"n": number} if number else note,
        **more,
    }


def _due(user: User) -> dict[str, Any]:
    over = user.factor_due_at is not None and user.factor_due_at <= clock.now()
    return _person(
        user,
        _("Time is over") if over else "",
        _("had time until") if over else _("has time until"),
        0,
        when=user.factor_due_at,
        style="date",
    )


def _addresses(found: list[tuple[str, int]]) -> list[dict[str, Any]]:
    most = max((number for _address, number in found), default=1)
    return [
        {
            "label": address,
            "share": number * 100 // most,
            "value": str(count(number)),
            "url": trail_url(code=selectors.FAILURES[0], address=address),
        }
        for address, number in found
    ]
