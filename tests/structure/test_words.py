"""All user text goes through gettext: no template shows a word that could not be translated."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*.html"))
NAMES = {"Steward", "CSV", "UTF", "SHA"}  # Names are not translated.
TRANSLATED = re.compile(r"\{%-?\s*blocktranslate\b.*?\{%-?\s*endblocktranslate\s*-?%\}", re.DOTALL)
COMMENT = re.compile(r"\{%-?\s*comment\b.*?\{%-?\s*endcomment\s*-?%\}|\{#.*?#\}|<!--.*?-->", re.DOTALL)
CODE = re.compile(r"<(code|pre|kbd|style|script)\b.*?</\1>", re.DOTALL)
TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
ELEMENT = re.compile(r"<[^>]*>", re.DOTALL)
ATTRIBUTE = re.compile(
    r"\b(?:aria-label|title|placeholder|alt|data-(?:light|dark|system|fresh|lost))=(\"[^\"]*\"|'[^']*')"
)
WORD = re.compile(r"[A-Za-z]{2,}")


def _without_template_code(text: str) -> str:
    return TAG.sub(" ", TRANSLATED.sub(" ", COMMENT.sub(" ", text)))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_shows_only_words_that_can_be_translated(path: Path) -> None:
    text = _without_template_code(path.read_text("utf-8"))
    attributes = [value.strip("\"'") for value in ATTRIBUTE.findall(text)]
    shown = " ".join([ELEMENT.sub(" ", CODE.sub(" ", text)), *attributes])
    shown = re.sub(r"&\w+;", " ", shown)
    assert [word for word in WORD.findall(shown) if word not in NAMES] == []


def test_the_sweep_finds_a_bare_word() -> None:
    assert WORD.findall(ELEMENT.sub(" ", _without_template_code("<p>{% translate 'Fine' %} Bare {{ value }}</p>"))) == [
        "Bare"
    ]
