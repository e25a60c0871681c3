"""The editor of a draft: its terms, one of its prices with tiers, and what it gives. Amounts are typed in major units."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.forms.catalogue import as_number, code_field, currency_field
from billing.models import Feature, Meter, PlanVersion, Price
from billing.plan_drafts import EntitlementDraft, PriceDraft, VersionDraft
from billing.pricing import Tier
from portal.kit.errors import Invalid
from portal.kit.forms import Form, Segmented
from portal.kit.money import exponent, parsed

SPARE_TIERS = 3
EXACT: dict[str, Any] = {"max_digits": 27, "decimal_places": 12, "required": False, "min_value": 0}


def _choice(label: Any, choices: Any, help_text: Any = "", widget: Any = None) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=choices, help_text=help_text, widget=widget)


class TermsForm(Form):
    """How often a plan is billed, how parts are counted, what follows changes and late payments; and the least that a
    full period costs, by currency."""

    interval_count = forms.IntegerField(label=gettext_lazy("Every"), min_value=1, max_value=366)
    interval_unit = _choice(gettext_lazy("Interval"), PlanVersion.Unit.choices)
    billing = _choice(
        gettext_lazy("Billed"),
        PlanVersion.Billing.choices,
        gettext_lazy("Use is always billed when its period is over."),
        Segmented,
    )
    anchor = _choice(gettext_lazy("Periods begin on the"), PlanVersion.AnchorKind.choices)
    proration = _choice(
        gettext_lazy("Parts of a period are counted in"),
        PlanVersion.Proration.choices,
        gettext_lazy("Against the whole period; each line is rounded once."),
    )
    fixed_days = forms.TypedChoiceField(
        label=gettext_lazy("Length of a month"),
        required=False,
        choices=[("", gettext_lazy("As the calendar has it")), ("30", gettext_lazy("Always 30 days"))],
        coerce=int,
        empty_value=None,
    )
    trial_days = forms.IntegerField(label=gettext_lazy("Days of trial"), min_value=0, max_value=730)
    on_upgrade = _choice(gettext_lazy("A dearer plan starts"), PlanVersion.Change.choices, "", Segmented)
    on_downgrade = _choice(gettext_lazy("A cheaper plan starts"), PlanVersion.Change.choices, "", Segmented)
    first_payment = forms.BooleanField(
        label=gettext_lazy("It begins with its first payment"),
        required=False,
        help_text=gettext_lazy("What is not paid within 23 hours closes by itself, and nothing is owed."),
    )
    retries = forms.CharField(
        label=gettext_lazy("Charge again after days"),
        required=False,
        max_length=100,
        help_text=gettext_lazy("Days after the due date, with commas: 1, 3, 7, 14."),
    )
    warn = forms.IntegerField(label=gettext_lazy("Warn after days"), required=False, min_value=0, max_value=365)
    restrict = forms.IntegerField(label=gettext_lazy("Restrict after days"), required=False, min_value=0, max_value=365)
    suspend = forms.IntegerField(label=gettext_lazy("Suspend after days"), required=False, min_value=0, max_value=365)

    def __init__(self, *args: Any, draft: VersionDraft, **kwargs: Any) -> None:
        kwargs["initial"] = self._initial(draft)
        super().__init__(*args, **kwargs)
        self.minimums = [f"minimum_{currency}" for currency in draft.currencies]
        for currency in draft.currencies:
            self.fields[f"minimum_{currency}"] = forms.DecimalField(
                label=_("At least, in %(currency)s") % {"currency": currency},
                required=False,
                min_value=0,
                max_digits=16,
                decimal_places=exponent(currency),
                help_text=gettext_lazy("For a full period, fixed prices and use together."),
            )

    @staticmethod
    def _initial(draft: VersionDraft) -> dict[str, Any]:
        dunning = draft.terms["dunning"]
        days = {stage["do"]: stage["day"] for stage in dunning["stages"]}
        least = {
            f"minimum_{currency}": as_number(Decimal(amount).scaleb(-exponent(currency)))
            for currency, amount in draft.minimums.items()
        }
        retries = ", ".join(str(day) for day in dunning["retries"])
        first = dunning.get("first_payment", False)
        return {**draft.terms, "retries": retries, "first_payment": first, **days, **least}

    def clean_retries(self) -> list[int]:
        """Days, in order."""
        parts = [part.strip() for part in str(self.cleaned_data["retries"]).split(",") if part.strip()]
        if not all(part.isdecimal() and len(part) < 4 for part in parts):
            raise forms.ValidationError(_("Write whole days with commas between them: 1, 3, 7, 14."))
        return sorted({int(part) for part in parts})

    def changed_draft(self, draft: VersionDraft) -> VersionDraft:
        """The draft with what was sent."""
        sent = self.cleaned_data
        stages = [{"day": sent[do], "do": do} for do in ("warn", "restrict", "suspend") if sent[do] is not None]
        names = set(draft.terms) - {"dunning"}
        terms = {name: sent[name] for name in sorted(names)}
        least = {
            currency: parsed(sent[f"minimum_{currency}"], currency).amount
            for currency in draft.currencies
            if sent.get(f"minimum_{currency}")
        }
        terms["dunning"] = {"retries": sent["retries"], "stages": sorted(stages, key=lambda one: one["day"])}
        if sent["first_payment"]:
            terms["dunning"]["first_payment"] = True
        return VersionDraft(terms, draft.prices, least, draft.entitlements)


class PriceForm(Form):
    """One line of a draft in one currency. Rows of tiers that are left empty do not count."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=80, help_text=gettext_lazy("As invoices and cards call it.")
    )
    code = code_field(help_text=gettext_lazy("The same code in each currency is the same line."))
    currency = currency_field()
    model = forms.ChoiceField(label=gettext_lazy("Computed as"), choices=Price.Pricing.choices)
    amount = forms.DecimalField(
        label=gettext_lazy("Amount"),
        **EXACT,
        help_text=gettext_lazy(
            "The fee; or of each seat, unit, package, or event of a percentage. In tiers: leave it."
        ),
    )
    package_size = forms.DecimalField(
        label=gettext_lazy("Units in a package"), required=False, min_value=0, max_digits=24, decimal_places=6
    )
    free_units = forms.DecimalField(
        label=gettext_lazy("Free units"), required=False, min_value=0, max_digits=24, decimal_places=6
    )
    percent = forms.DecimalField(
        label=gettext_lazy("Percent"), required=False, min_value=0, max_value=100, decimal_places=4
    )
    free_amount = forms.DecimalField(label=gettext_lazy("Amount that is free"), **EXACT)
    charge_zero = forms.BooleanField(
        label=gettext_lazy("Charge the flat fee of the first tier without any use"), required=False, initial=True
    )

    def __init__(self, *args: Any, meters: Sequence[Meter], price: PriceDraft | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {} if price is None else price_values(price))
        super().__init__(*args, **kwargs)
        self.fields["meter"] = forms.ChoiceField(
            label=gettext_lazy("For"),
            required=False,
            choices=[("", gettext_lazy("Seats of the subscription")), *((row.code, row.name) for row in meters)],
            help_text=gettext_lazy("What is counted. With a meter it is billed when the period is over."),
        )
        self.rows = max(6, len(price.tiers) + SPARE_TIERS if price else 0)
        for row in range(self.rows):
            number = {"n": row + 1}
            self.fields[f"up_to_{row}"] = forms.DecimalField(
                label=_("Tier %(n)d, up to") % number, required=False, min_value=0, max_digits=24, decimal_places=6
            )
            self.fields[f"unit_{row}"] = forms.DecimalField(label=_("Tier %(n)d, per unit") % number, **EXACT)
            self.fields[f"flat_{row}"] = forms.DecimalField(label=_("Tier %(n)d, flat") % number, **EXACT)

    def main(self) -> list[BoundField]:
        """The fields above the tiers."""
        names = ("name", "code", "currency", "model", "meter", "amount", "package_size", "free_units", "percent")
        return [self[name] for name in (*names, "free_amount")]

    def tier_rows(self) -> list[list[BoundField]]:
        """The rows of the table of tiers."""
        return [[self[f"{name}_{row}"] for name in ("up_to", "unit", "flat")] for row in range(self.rows)]

    def draft(self) -> PriceDraft:
        """The price that was sent, in exact minor units."""
        sent = self.cleaned_data
        places = exponent(sent["currency"])

        def minor(value: Decimal | None) -> Decimal:
            return (value or Decimal(0)).scaleb(places)

        tiered = sent["model"] in {"graduated", "volume"}
        return PriceDraft(
            code=sent["code"],
            name=sent["name"],
            currency=sent["currency"],
            model=sent["model"],
            meter=sent["meter"],
            unit_amount=Decimal(0) if tiered else minor(sent["amount"]),
            tiers=self._tiers(minor) if tiered else (),
            package_size=sent["package_size"] if sent["model"] == "package" else None,
            free_units=(sent["free_units"] or Decimal(0)) if sent["model"] == "package" else Decimal(0),
            percent=(sent["percent"] or Decimal(0)) if sent["model"] == "percentage" else None,
            free_amount=minor(sent["free_amount"]) if sent["model"] == "percentage" else Decimal(0),
            charge_zero=sent["charge_zero"],
        )

    def _tiers(self, minor: Any) -> tuple[Tier, ...]:
        found = []
        for row in range(self.rows):
            end, unit, flat = (self.cleaned_data[f"{name}_{row}"] for name in ("up_to", "unit", "flat"))
            if (end, unit, flat) != (None, None, None):
                found.append(Tier(end, minor(unit), minor(flat)))
        return tuple(found)


def price_values(price: PriceDraft) -> dict[str, Any]:
    """What the form of a price shows first."""
    places = exponent(price.currency)

    def major(value: Any) -> str:
        return as_number(Decimal(value).scaleb(-places))

    tiers: dict[str, Any] = {}
    for row, tier in enumerate(price.tiers):
        tiers[f"up_to_{row}"] = as_number(Decimal(str(tier.up_to))) if tier.up_to is not None else ""
        tiers[f"unit_{row}"], tiers[f"flat_{row}"] = major(tier.unit_amount), major(tier.flat_amount)
    return {
        "name": price.name,
        "code": price.code,
        "currency": price.currency,
        "model": price.model,
        "meter": price.meter,
        "amount": "" if price.tiers else major(price.unit_amount),
        "package_size": as_number(price.package_size),
        "free_units": as_number(price.free_units) if price.package_size is not None else "",
        "percent": as_number(price.percent),
        "free_amount": major(price.free_amount) if price.percent is not None else "",
        "charge_zero": price.charge_zero,
        **tiers,
    }


def price_refused(form: PriceForm, error: Invalid, place: int) -> None:
    """Put the reasons of a service beside the fields of the price that stands at `place`; others above the form."""
    renamed = {"unit_amount": "amount"}
    for path, texts in error.fields.items():
        name = path.removeprefix(f"prices.{place}.")
        name = renamed.get(name, name)
        form.add_error(name if name in form.fields else None, [str(text) for text in texts])


@dataclass(frozen=True)
class Gift:
    """A feature in the form of what a version gives: its fields, drawn as one row."""

    feature: Feature
    given: BoundField
    soft: BoundField | None
    hard: BoundField | None


class GivesForm(Form):
    """What a version gives: each feature by a box, limits by two numbers."""

    def __init__(self, *args: Any, features: Sequence[Feature], draft: VersionDraft, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.features = list(features)
        known = {one.feature: one for one in draft.entitlements}
        for feature in self.features:
            one = known.get(feature.code)
            self.fields[f"given_{feature.pk}"] = forms.BooleanField(
                label=feature.name, required=False, initial=one is not None
            )
            if feature.kind != Feature.Kind.LIMIT:
                continue
            for name, label, value in (
                ("soft", _("%(name)s: people are told above"), one.soft_limit if one else None),
                ("hard", _("%(name)s: refused above"), one.hard_limit if one else None),
            ):
                self.fields[f"{name}_{feature.pk}"] = forms.IntegerField(
                    label=label % {"name": feature.name},
                    required=False,
                    min_value=0,
                    max_value=2**63 - 1,
                    initial=value,
                )

    def rows(self) -> list[Gift]:
        """The features with their fields."""
        found = []
        for feature in self.features:
            names = [f"{name}_{feature.pk}" for name in ("soft", "hard")]
            soft, hard = (self[name] if name in self.fields else None for name in names)
            found.append(Gift(feature, self[f"given_{feature.pk}"], soft, hard))
        return found

    def entitlements(self) -> list[EntitlementDraft]:
        """What was sent."""
        sent = self.cleaned_data
        return [
            EntitlementDraft(feature.code, sent.get(f"soft_{feature.pk}"), sent.get(f"hard_{feature.pk}"))
            for feature in self.features
            if sent[f"given_{feature.pk}"]
        ]
