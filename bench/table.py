"""Rows of the table: a median, its ratio to the reference of the same rounds, and whether the bound holds."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median


@dataclass(frozen=True)
class Bound:
    """What a ratio must keep: at least (`>=`) or at most (`<=`) `limit`; `aim` is where it should go."""

    sign: str
    limit: float
    aim: float | None = None

    def holds(self, ratio: float) -> bool:
        """Whether `ratio` keeps the bound."""
        return ratio >= self.limit if self.sign == ">=" else ratio <= self.limit

    def __str__(self) -> str:
        aim = "" if self.aim is None else f", aim {self.aim:g}"
        return f"{self.sign} {self.limit:g}{aim}"


@dataclass
class Row:
    """One line of the table. `values` and `reference` are of the same rounds, in `unit`; so are `cpu`, in microseconds."""

    name: str
    unit: str
    values: Sequence[float]
    reference: Sequence[float]
    bound: Bound | None = None
    cpu: Sequence[float] = ()
    cpu_reference: Sequence[float] = ()
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        """Median of the ratios of the rounds: what disturbs a round disturbs both sides of it."""
        return median(ratios(self.values, self.reference))

    @property
    def cpu_ratio(self) -> float | None:
        """The same for processor time, turned so that more is better, as with requests per second."""
        return median(ratios(self.cpu_reference, self.cpu)) if self.cpu else None

    @property
    def spread(self) -> str:
        """Lowest and highest ratio of the rounds."""
        all_ratios = ratios(self.values, self.reference)
        return f"{min(all_ratios):.2f}-{max(all_ratios):.2f}"

    @property
    def verdict(self) -> str:
        """`holds` or `BROKEN`; empty where nothing is promised."""
        if self.bound is None:
            return ""
        return "holds" if self.bound.holds(self.ratio) else "BROKEN"


def ratios(values: Sequence[float], reference: Sequence[float]) -> list[float]:
    """The ratio of each round."""
    return [value / base for value, base in zip(values, reference, strict=True)]


HEADINGS = ("what", "median", "ratio", "bound", "verdict", "spread", "CPU us", "CPU ratio", "further")


def cells(row: Row) -> tuple[str, ...]:
    """The texts of a line."""
    return (
        row.name,
        f"{median(row.values):,.4g} {row.unit}"
        if median(row.values) < 1000
        else f"{median(row.values):,.0f} {row.unit}",
        f"{row.ratio:.2f}",
        str(row.bound or ""),
        row.verdict,
        row.spread,
        f"{median(row.cpu):,.0f}" if row.cpu else "",
        f"{row.cpu_ratio:.2f}" if row.cpu_ratio is not None else "",
        ", ".join(f"{name} {text}" for name, text in row.extra.items()),
    )


def markdown(rows: Sequence[Row]) -> str:
    """The table as Markdown that also reads well in a terminal."""
    lines = [HEADINGS, *map(cells, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    text = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    text.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(text)
