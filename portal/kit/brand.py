"""The colours of an installation: one accent, from which everything that is tinted is derived so that it can be read.

All ratios are those of WCAG 2.2 (1.4.3): words in the accent on every surface, and on buttons of it, have at least 4.5 to
1, light and dark; at least 7 to 1 for whoever asks for more contrast. Pure arithmetic; nothing is kept.
"""

import re
from collections.abc import Iterable
from colorsys import hls_to_rgb, rgb_to_hls
from dataclasses import dataclass
from functools import lru_cache

AA = 4.5
AAA = 7.0
OWN = "#0b6b5d"  # The accent of static/kit/tokens.css.
_FORM = re.compile(r"#[0-9a-f]{6}\Z")
_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)
# Surfaces of static/kit/tokens.css that words in the accent stand on: the darkest light ones, and the lightest dark ones.
_LIGHT = ((255, 255, 255), (246, 247, 249), (240, 242, 245))
_DARK_PANEL = (20, 26, 34)
_DARK = (_DARK_PANEL, (27, 35, 45), (26, 33, 43))
_STEPS = 50
_Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Shades:
    """Each a pair: on light surfaces, on dark ones."""

    accent: tuple[str, str]
    hover: tuple[str, str]
    ink: tuple[str, str]
    soft: tuple[str, str]
    line: tuple[str, str]
    strong: tuple[str, str]


# Made by hand, in static/kit/tokens.css.
_OWN = Shades(
    accent=(OWN, "#4fc3ae"),
    hover=("#09594d", "#6fd3c0"),
    ink=("#ffffff", "#05231e"),
    soft=("#e3f2ef", "#12302b"),
    line=("#9fd0c6", "#2a5f55"),
    strong=("#064a40", "#7fe3d0"),
)


def is_colour(text: str) -> bool:
    """Whether it is written as #rrggbb, in lower case."""
    return _FORM.match(text) is not None


def readability(text: str) -> float:
    """The lowest contrast that words in this colour have on our light surfaces, white words on it included."""
    return _lowest(_parsed(text), _LIGHT)


@lru_cache(maxsize=64)
def shades(text: str) -> Shades:
    """Everything that follows from an accent that is readable."""
    if text == OWN:
        return _OWN
    light = _parsed(text)
    dark = _lit(light, _DARK, AAA)
    ink = _mixed(light, _BLACK, 0.75)
    return Shades(
        accent=(_written(light), _written(dark)),
        hover=(_written(_mixed(light, _BLACK, 0.18)), _written(_mixed(dark, _WHITE, 0.25))),
        ink=(_written(_WHITE), _written(ink if _ratio(ink, dark) >= AA else _BLACK)),
        soft=(_soft(light, _WHITE), _soft(dark, _DARK_PANEL)),
        line=(_written(_mixed(light, _WHITE, 0.6)), _written(_mixed(dark, _DARK_PANEL, 0.6))),
        strong=(_written(_towards(light, _BLACK, _LIGHT, 8.5)), _written(_lit(light, _DARK, 10.5))),
    )


def style(text: str, where: str = ":is(:root, .sample)") -> str:
    """The style sheet that puts an accent over the tokens; the rules for more contrast come out on top as in those."""
    made = shades(text)
    pairs = {
        "--accent": made.accent,
        "--accent-2": made.hover,
        "--accent-ink": made.ink,
        "--accent-soft": made.soft,
        "--accent-line": made.line,
    }
    plain = "".join(f"{name}:light-dark({light},{dark});" for name, (light, dark) in pairs.items())
    strong = (
        f"--accent:light-dark({made.strong[0]},{made.strong[1]});--accent-2:var(--accent);--accent-line:var(--accent);"
    )
    return (
        f"{where}{{{plain}}}\n"
        f"@media (prefers-contrast:more){{{where}:not([data-contrast=normal]){{{strong}}}}}\n"
        f"{where}[data-contrast=more]{{{strong}}}\n"
    )


def _soft(colour: _Colour, ground: _Colour) -> str:
    """A tint of the ground on which words in the colour can still be read."""
    for share in (0.88, 0.9, 0.92, 0.94, 0.96):
        tint = _mixed(colour, ground, share)
        if _ratio(colour, tint) >= AA:
            return _written(tint)
    return _written(ground)


def _towards(colour: _Colour, end: _Colour, grounds: Iterable[_Colour], least: float) -> _Colour:
    """The colour, moved towards `end` as little as it takes to be read on every ground."""
    known = tuple(grounds)
    for step in range(_STEPS + 1):
        moved = _mixed(colour, end, step / _STEPS)
        if _lowest(moved, known) >= least:
            return moved
    return end


def _lit(colour: _Colour, grounds: Iterable[_Colour], least: float) -> _Colour:
    """The colour, made lighter in its own hue as little as it takes to be read on every ground."""
    known = tuple(grounds)
    hue, lightness, saturation = rgb_to_hls(*(value / 255 for value in colour))
    for step in range(_STEPS + 1):
        parts = hls_to_rgb(hue, lightness + (1 - lightness) * step / _STEPS, min(saturation, 0.75))
        red, green, blue = (round(part * 255) for part in parts)
        if _lowest((red, green, blue), known) >= least:
            return red, green, blue
    return _WHITE


def _lowest(colour: _Colour, grounds: Iterable[_Colour]) -> float:
    return min(_ratio(colour, ground) for ground in grounds)


def _ratio(one: _Colour, other: _Colour) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: _Colour) -> float:
    parts = [(value / 255 / 12.92 if value <= 10 else ((value / 255 + 0.055) / 1.055) ** 2.4) for value in colour]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def _mixed(one: _Colour, other: _Colour, share: float) -> _Colour:
    mixed = [round(mine + (its - mine) * share) for mine, its in zip(one, other, strict=True)]
    return mixed[0], mixed[1], mixed[2]


def _parsed(text: str) -> _Colour:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def _written(colour: _Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
