"""Changing settings: one, several, back to the default, back to an earlier value."""

from collections.abc import Mapping
from typing import Any, Literal

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit import clock, errors
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.mode import state
from portal.kit.models.settings import REASON_LIMIT, SettingValue, SettingVersion
from portal.kit.record import record
from portal.kit.runtime import declare
from portal.kit.runtime.declare import Setting
from portal.kit.runtime.kinds import Refused
from portal.kit.services import writing

PERMISSION = "settings:update"
How = Literal["changed", "reset", "reverted"]


class SettingFixed(errors.Conflict):
    """The environment says what it is."""

    code = "kit.setting_fixed"
    title = gettext_lazy("This setting is set in the environment")
    default_detail = gettext_lazy("Change the variable where the portal is started. Nothing was changed.")


class SettingMoved(errors.Conflict):
    """Somebody changed it since it was looked at."""

    code = "kit.setting_moved"
    title = gettext_lazy("Somebody changed this setting meanwhile")
    default_detail = gettext_lazy("Look at its present value, then change it again. Nothing was changed.")


def declared(code: str) -> Setting[Any]:
    """The setting of that code, or `NotFound`."""
    found = declare.find(code)
    if found is None:
        raise errors.NotFound
    return found


def understood(one: Setting[Any], sent: object, *, field: str = "value") -> Any:
    """The value that `sent` (JSON) stands for, or `Invalid` with the reason beside `field`."""
    try:
        return one.kind.read(sent)
    except Refused as error:
        raise errors.Invalid(fields={field: [str(error)]}) from error


def setting_change(
    *, actor: Actor, code: str, value: object, reason: str = "", number: int | None = None
) -> SettingValue:
    """Keep `value` (JSON) for a setting; it holds on every process within two seconds.

    `number`: the version that was looked at; `SettingMoved` when it is not the newest any more. Events
    `kit.setting.changed`, or `kit.setting.weakened` where the change lowers security, which takes a reason. Errors:
    `Forbidden`, `NotFound`, `Invalid` (fields `value`, `reason`), `SettingFixed`. A value that holds already changes nothing.
    """
    authorise(actor, PERMISSION)
    one = declared(code)
    return _put(actor, one, understood(one, value), reason, "changed", number=number)


def settings_change(*, actor: Actor, values: Mapping[str, object], reason: str = "") -> list[SettingValue]:
    """Change several at once, all of them or none. As `setting_change`; fields of `Invalid` are the codes."""
    authorise(actor, PERMISSION)
    wrong: dict[str, list[str]] = {}
    found: list[tuple[Setting[Any], Any]] = []
    for code, sent in values.items():
        one = declare.find(code)
        try:
            if one is None:
                raise Refused(_("There is no such setting."))
            found.append((one, one.kind.read(sent)))
        except Refused as error:
            wrong[code] = [str(error)]
    if wrong:
        raise errors.Invalid(fields=wrong)
    with writing(), transaction.atomic():
        return [_put(actor, one, value, reason, "changed") for one, value in found]


def setting_reset(*, actor: Actor, code: str, reason: str = "", number: int | None = None) -> SettingValue:
    """Let a setting have its default again. Events and errors as of `setting_change`."""
    authorise(actor, PERMISSION)
    return _put(actor, declared(code), _DEFAULT, reason, "reset", number=number)


def setting_revert(*, actor: Actor, code: str, to: int, reason: str = "") -> SettingValue:
    """Take up the value of an earlier version again, as a new version. Events and errors as of `setting_change`;
    `Invalid` when the value of then is not allowed any more."""
    authorise(actor, PERMISSION)
    one = declared(code)
    version = _version(code, to)
    value = _DEFAULT if version.value is None else understood(one, version.value)
    return _put(actor, one, value, reason, "reverted", to=to)


def value_then(one: Setting[Any], number: int) -> Any:
    """The value of a version of a setting; `NotFound` for none, `Invalid` when the value is not allowed any more."""
    version = _version(one.code, number)
    return one.installed() if version.value is None else understood(one, version.value)


def _version(code: str, number: int) -> SettingVersion:
    found = SettingVersion.objects.get_queryset().filter(code=code, number=number).first()
    if found is None:
        raise errors.NotFound
    return found


_DEFAULT: Any = object()


def _put(
    actor: Actor,
    one: Setting[Any],
    value: Any,
    reason: str,
    how: How,
    *,
    number: int | None = None,
    to: int | None = None,
) -> SettingValue:
    after = one.installed() if value is _DEFAULT else value
    kept = None if value is _DEFAULT else one.kind.kept(value)
    if one.fixed:
        raise SettingFixed(_fixed(one))
    with writing():
        row, newest = _held(one.code)
        # What is kept is what is compared, not what this process knows of it.
        before = one.installed() if row is None or row.value is None else _known(one, row.value)
        if number is not None and number != (row.number if row else 0):
            raise SettingMoved
        if row is not None and row.value == kept:
            return row
        lowers = one.lowers(before, after)
        _explained(reason, needed=lowers)
        made = SettingVersion.objects.create(
            number=newest + 1,
            code=one.code,
            value=kept,
            reason=reason.strip(),
            reverted_to=to,
            changed_by_id=actor.id if actor.kind == "person" else None,
        )
        row = _kept(row, made)
        record(
            "kit.setting.weakened" if lowers else "kit.setting.changed",
            target=row,
            changes={"value": (one.kind.kept(before), one.kind.kept(after))},
            reason=made.reason,
            data={"code": one.code, "number": made.number, "how": how},
        )
        # Now for what follows in this transaction, and after it for what was read by others meanwhile.
        state.forget()
        transaction.on_commit(state.forget)
    return row


def _fixed(one: Setting[Any]) -> str:
    return _("%(variable)s is set where the portal is started; change it there. Nothing was changed.") % {
        "variable": one.variable
    }


def _held(code: str) -> tuple[SettingValue | None, int]:
    """The row, and the newest number. Changes queue here, so a number is never seen before a smaller one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('kit.setting'))")
    newest = SettingVersion.objects.get_queryset().order_by("-number").values_list("number", flat=True).first()
    return SettingValue.objects.get_queryset().filter(code=code).first(), newest or 0


def _kept(row: SettingValue | None, made: SettingVersion) -> SettingValue:
    if row is None:
        return SettingValue.objects.create(code=made.code, value=made.value, number=made.number, changed_at=clock.now())
    row.value, row.number, row.changed_at = made.value, made.number, made.changed_at
    row.save(update_fields=["value", "number", "changed_at"])
    return row


def _known(one: Setting[Any], raw: object) -> Any:
    """A value that is not allowed any more is not in force either."""
    try:
        return one.kind.read(raw)
    except Refused:
        return one.installed()


def _explained(reason: str, *, needed: bool) -> None:
    if needed and not reason.strip():
        raise errors.Invalid(fields={"reason": [_("Say why: this makes the installation less safe.")]})
    if len(reason.strip()) > REASON_LIMIT:
        raise errors.Invalid(fields={"reason": [_("Write at most %(limit)d characters.") % {"limit": REASON_LIMIT}]})
