"""The Markdown of the pages: which pages there are, what stands in them, where their links lead."""

import html
import itertools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

ROOT = Path(__file__).resolve().parent.parent
INDEX = ROOT / "docs" / "index.md"
TOP = tuple(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"))
# What a fenced block may be, and how it is coloured. `text` is shown as it stands.
LANGUAGES = {
    "sh": "bash",
    "python": "python",
    "json": "json",
    "yaml": "yaml",
    "sql": "postgresql",
    "http": "http",
    "html": "html+django",
    "csv": "text",
    "text": "text",
}
_ANCHOR = re.compile(r'<a id="([^"]+)">')


def _coloured(code: str, language: str, _attributes: str) -> str:
    if LANGUAGES.get(language, "text") == "text":
        return html.escape(code)
    return str(highlight(code, get_lexer_by_name(LANGUAGES[language]), HtmlFormatter(nowrap=True)))


PARSER = MarkdownIt("commonmark", {"highlight": _coloured}).enable("table")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page: its language, text and line, and the comment `<!-- ... -->` right before it."""

    page: Path
    line: int
    language: str
    text: str
    note: str

    @property
    def name(self) -> str:
        """Where it stands."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def pages() -> list[Path]:
    """Every page: the top files and docs/."""
    return [*TOP, *sorted((ROOT / "docs").glob("*.md"))]


@cache
def tokens_of(page: Path) -> list[Token]:
    """What a page is made of; every heading has its id."""
    found = PARSER.parse(page.read_text("utf-8"))
    seen: Counter[str] = Counter()
    for token, text in itertools.pairwise(found):
        if token.type == "heading_open":
            name = anchor(text.content)
            token.attrSet("id", f"{name}-{seen[name]}" if seen[name] else name)
            seen[name] += 1
    return found


def anchor(heading: str) -> str:
    """The id of a heading, as code hosts make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def headings(page: Path) -> list[tuple[int, str, str]]:
    """Level, id and text of each heading."""
    return [
        (int(token.tag[1]), str(token.attrGet("id")), text.content)
        for token, text in itertools.pairwise(tokens_of(page))
        if token.type == "heading_open"
    ]


def title(page: Path) -> str:
    """The first heading."""
    return next((text for _level, _id, text in headings(page)), page.stem)


def anchors(page: Path) -> set[str]:
    """What a link may name behind `#`: headings, and places that are marked in the text."""
    return {name for _level, name, _text in headings(page)} | set(_ANCHOR.findall(page.read_text("utf-8")))


def links(page: Path) -> Iterator[str]:
    """Addresses of links and pictures."""
    for token in tokens_of(page):
        for child in token.children or []:
            name = {"link_open": "href", "image": "src"}.get(child.type)
            if name and isinstance(value := child.attrGet(name), str):
                yield value


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page."""
    before: Token | None = None
    for token in tokens_of(page):
        if token.type == "fence":
            note = re.fullmatch(r"<!--\s*(.*?)\s*-->", before.content.strip(), re.S) if before is not None else None
            said = note.group(1) if note is not None and before is not None and before.type == "html_block" else ""
            yield Block(page, (token.map or [0])[0] + 1, token.info.strip(), token.content, said)
        before = token
