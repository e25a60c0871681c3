"""Settings as their pages show them."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from django.http import QueryDict
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit import brand, preferences, registry
from portal.kit.context import Actor
from portal.kit.decision import can
from portal.kit.models.settings import SettingVersion
from portal.kit.runtime.declare import Setting, Told
from portal.kit.runtime.selectors import Shown
from portal.kit.settings import BRAND_ACCENT, BRAND_LOGO, BRAND_NAME, MAIL_FOOTER, SUPPORT
from portal.kit.templatetags.kit_brand import accent_style, own_mark

SOURCES = {
    "environment": gettext_lazy("Environment"),
    "database": gettext_lazy("Set here"),
    "default": gettext_lazy("Default"),
}
VIEWS = (
    ("", gettext_lazy("All")),
    ("set", gettext_lazy("Set here")),
    ("env", gettext_lazy("Environment")),
    ("weak", gettext_lazy("Less strict")),
)
# What can be set while the portal runs, and has a page of its own: by the name of its navigation entry.
ELSEWHERE = (
    (
        "schedules",
        gettext_lazy("Schedules and retention"),
        gettext_lazy("When jobs run, and how long each clean-up keeps what."),
    ),
    ("cleanups", gettext_lazy("Clean-ups"), gettext_lazy("How many rows would go, before they go.")),
    ("maintenance", gettext_lazy("Maintenance mode"), gettext_lazy("Hold up changes, or everything.")),
    ("announcements", gettext_lazy("Announcements"), gettext_lazy("What everybody is told on every page.")),
)
BRANDING = frozenset(one.code for one in (BRAND_NAME, BRAND_LOGO, BRAND_ACCENT, SUPPORT, MAIL_FOOTER))


def row_of(one: Shown) -> dict[str, Any]:
    """A setting as the list and its own page show it."""
    declared = one.declared
    return {
        "code": declared.code,
        "label": declared.label,
        "help": declared.help,
        "value": shown(declared, one.value),
        "default": shown(declared, one.default),
        "source": SOURCES[one.source],
        "source_key": one.source,
        "variable": declared.variable,
        "weak": one.weak,
        "weakens": declared.weakens,
        "number": one.number,
        "swatch": bool(one.value) and declared is BRAND_ACCENT,
        "by": str(one.last.changed_by) if one.last and one.last.changed_by else _("a command on the machine"),
        "at": one.last.changed_at if one.last else None,
        "url": reverse("home:setting", args=[declared.code]),
    }


def shown(declared: Setting[Any], value: Any) -> str:
    """A value in words; nothing is said to be nothing."""
    return declared.kind.shown(value) or _("None")


def groups_of(rows: Sequence[Shown], question: str, view: str) -> list[dict[str, Any]]:
    """The groups with the settings that fit what was searched for."""
    kept = [one for one in rows if _in_view(one, view) and _fits(one, question)]
    return [
        {"name": group.name, "label": group.label, "text": group.text, "rows": [row_of(one) for one in members]}
        for group, members in ((key, list(found)) for key, found in groupby(kept, lambda one: one.declared.group))
    ]


def _in_view(one: Shown, view: str) -> bool:
    if view == "weak":
        return one.weak
    return {"set": one.source == "database", "env": one.source == "environment"}.get(view, True)


def _fits(one: Shown, question: str) -> bool:
    declared = one.declared
    said = " ".join(map(str, (declared.code, declared.label, declared.help, declared.variable, declared.group.label)))
    return all(word in said.lower() for word in question.lower().split())


def tabs_of(rows: Sequence[Shown], view: str, question: str) -> list[dict[str, Any]]:
    """The views of the list, each with its number."""
    found = []
    for key, label in VIEWS:
        query = QueryDict(mutable=True)
        query.update({name: value for name, value in (("view", key), ("q", question)) if value})
        number = sum(_in_view(one, key) for one in rows)
        url = reverse("home:settings") + (f"?{query.urlencode()}" if query else "")
        found.append({"label": label, "url": url, "current": key == view, "count": number})
    return found


def elsewhere(actor: Actor) -> list[dict[str, Any]]:
    """The pages of what is set elsewhere, as far as `actor` may open them."""
    found: list[dict[str, Any]] = []
    for name, label, text in ELSEWHERE:
        item = registry.menu.get(name) if name in registry.menu else None
        if item is not None and can(actor, item.permission):
            found.append({"label": label, "text": text, "url": item.url, "icon": item.icon})
    if can(actor, "role:admin"):
        why = _("Whether the developer role counts in production, and until when.")
        url = reverse("accounts:developer_role")
        found.insert(0, {"label": _("Developer role"), "text": why, "url": url, "icon": "key"})
    return found


def version_row(declared: Setting[Any], one: SettingVersion, newest: int, may: bool) -> dict[str, Any]:
    """A change in the history of a setting."""
    if one.value is None:
        value = _("Default")
    else:
        try:
            value = shown(declared, declared.kind.read(one.value))
        except ValueError:
            value = str(one.value)[:100]
    back = may and one.number != newest and not declared.fixed
    return {
        "number": one.number,
        "value": value,
        "by": str(one.changed_by) if one.changed_by else _("a command on the machine"),
        "at": one.changed_at,
        "reason": one.reason,
        "reverted_to": one.reverted_to,
        "back_url": f"{reverse('home:setting', args=[declared.code])}?to={one.number}" if back else "",
    }


def preview_of(declared: Setting[Any], before: Any, after: Any) -> dict[str, Any]:
    """What a value would mean."""
    told: list[Told] = list(declared.consequence(after)) if declared.consequence is not None else []
    return {
        "before": shown(declared, before),
        "after": shown(declared, after),
        "same": before == after,
        "lowers": declared.lowers(before, after),
        "weakens": declared.weakens,
        "told": told,
        "sample": brand_sample(declared, after) if declared.code in BRANDING else "",
    }


def brand_sample(declared: Setting[Any], after: Any) -> SafeString:
    """A piece of a page and of a mail as they would look, light and dark."""
    values = {one.code: one.value() for one in (BRAND_NAME, BRAND_LOGO, BRAND_ACCENT, SUPPORT, MAIL_FOOTER)}
    values[declared.code] = after
    name = values[BRAND_NAME.code]
    query = QueryDict(mutable=True)
    query.update({"code": declared.code, "value": str(after)})
    clothes = [
        preferences.attributes(preferences.of({"theme": theme, "contrast": "normal"}), whole=True)
        for theme in ("light", "dark")
    ]
    made = {
        "name": name,
        "mark": own_mark(name, values[BRAND_LOGO.code]),
        "style": accent_style(values[BRAND_ACCENT.code] or brand.OWN, sample=True),
        "support": values[SUPPORT.code],
        "footer": values[MAIL_FOOTER.code],
        "clothes": clothes,
        "mail_url": f"{reverse('home:settings_sample_mail')}?{query.urlencode()}",
    }
    return SafeString(render_to_string("home/_brand_sample.html", made))
