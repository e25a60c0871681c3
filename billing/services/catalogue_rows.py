"""What the writes of the catalogue share: checking a row, saving it, archiving it and bringing it back."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar
from uuid import UUID

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit import clock, errors
from portal.kit.record import diff, record
from portal.kit.services import writing
from rbac.tree_rules import check, cleaned, only

_REASONS = {
    "billing_meter_property": ("property", gettext_lazy("Name the property whose values are counted; only then.")),
    "billing_feature_kind": ("meter", gettext_lazy("Only a limit has a meter.")),
    "billing_coupon_off": (
        "amount_off",
        gettext_lazy("Give a share above 0, at most 100, or an amount with a currency."),
    ),
    "billing_coupon_duration": ("repeats", gettext_lazy("Say for how many periods; only where it is for some.")),
    "billing_coupon_redemptions": ("max_redemptions", gettext_lazy("It was redeemed more often than that already.")),
}

T = TypeVar("T", bound=models.Model)


def shown(*, row: models.Model, names: Iterable[str]) -> dict[str, tuple[Any, Any]]:
    """What a new row says, as the trail tells it."""
    return {name: (None, getattr(row, name)) for name in names if getattr(row, name) not in {None, ""}}


def put(*, row: T, names: Iterable[str], event: str) -> T:
    """Check a new row and write it, with its event; `Invalid` with fields, also for a code that is taken."""
    names = tuple(names)
    for name, value in cleaned({name: getattr(row, name) for name in names}).items():
        setattr(row, name, value)
    check(row, names)
    with writing():
        _saved(row, force_insert=True)
        record(event, target=row, changes=shown(row=row, names=names))
    return row


def change(*, model: type[T], key: UUID, values: Mapping[str, Any], editable: Iterable[str], event: str) -> T:
    """Change a row under its lock, with its event; neither without a difference. `Invalid` with fields."""
    only(values, editable)
    clean = cleaned(values)
    with writing():
        row = held(model=model, key=key)
        changes = diff(row, clean)
        if not changes:
            return row
        for name, (_before, after) in changes.items():
            setattr(row, name, after)
        check(row, changes)
        _saved(row, update_fields=list(changes))
        record(event, target=row, changes=changes)
    return row


def set_archived(*, model: type[T], key: UUID, event: str, archived: bool) -> T:
    """Archive a row or bring it back, with its event; none where it is so already."""
    with writing():
        row: Any = held(model=model, key=key)
        before = row.archived_at
        if (before is not None) == archived:
            return row  # type: ignore[no-any-return]
        row.archived_at = clock.now() if archived else None
        row.save(update_fields=["archived_at"])
        record(event, target=row, changes={"archived_at": (before, row.archived_at)})
    return row  # type: ignore[no-any-return]


def held(*, model: type[T], key: UUID) -> T:
    """The row, held until the transaction ends; `NotFound` where there is none."""
    found = model._default_manager.select_for_update(no_key=True).filter(pk=key).first()
    if found is None:
        raise errors.NotFound
    return found


def _saved(row: models.Model, **how: Any) -> None:
    try:
        with transaction.atomic():
            row.save(**how)
    except IntegrityError as error:
        name = str(getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or "")
        if name.endswith("_code_key"):
            raise errors.Invalid(fields={"code": [_("This code is taken. Choose another.")]}) from error
        if name not in _REASONS:
            raise
        field, text = _REASONS[name]
        raise errors.Invalid(fields={field: [str(text)]}) from error
