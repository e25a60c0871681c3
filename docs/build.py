"""`make docs`: the Markdown of this project as HTML in build/docs, with every link checked.

A broken link (a file that is not there, a heading that is not in it) is named, and the build fails.
"""

import html
import itertools
import re
import shutil
import sys
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "build" / "docs"
PAGES = [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")]
_PARSER = MarkdownIt("commonmark").enable("table")
_FRAME = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    '<title>{title}</title><link rel="stylesheet" href="{up}tokens.css"><link rel="stylesheet" href="{up}docs.css"><main>{body}</main>'
)
_STYLE = (
    "body{font:16px/1.6 var(--sans);color:var(--ink);background:var(--page)}main{max-width:76ch;margin:3rem auto;padding:0 1rem}"
    "pre,code{font-family:var(--mono);font-size:.9em}pre{background:var(--sunken);padding:1rem;overflow:auto;border-radius:10px}"
    "table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid var(--line);padding:.4rem .6rem;"
    "text-align:left;vertical-align:top}"
    "a{color:var(--accent)}img{max-width:100%}"
)


def pages() -> list[Path]:
    """Every page: the top files and docs/."""
    return [*PAGES, *sorted((ROOT / "docs").glob("*.md"))]


def anchor(heading: str) -> str:
    """The id of a heading, as code hosts make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def _headings(tokens: list[Token]) -> list[str]:
    return [after.content for token, after in itertools.pairwise(tokens) if token.type == "heading_open"]


def _links(tokens: list[Token]) -> list[str]:
    found: list[str] = []
    for token in tokens:
        for child in token.children or []:
            value = (
                child.attrGet("href")
                if child.type == "link_open"
                else child.attrGet("src")
                if child.type == "image"
                else None
            )
            if isinstance(value, str):
                found.append(value)
    return found


def broken_links() -> list[str]:
    """`page: link` for each link into this project that leads nowhere; addresses elsewhere are not followed."""
    broken = []
    for page in pages():
        for link in _links(_PARSER.parse(page.read_text("utf-8"))):
            if re.match(r"[a-z]+:", link):
                continue
            name, _, fragment = link.partition("#")
            target = (page.parent / name).resolve() if name else page
            headings = (
                _headings(_PARSER.parse(target.read_text("utf-8")))
                if target.suffix == ".md" and target.exists()
                else []
            )
            if not target.exists() or (fragment and target.suffix == ".md" and fragment not in map(anchor, headings)):
                broken.append(f"{page.relative_to(ROOT)}: {link}")
    return broken


def build() -> list[Path]:
    """Write every page as HTML; returns what was written."""
    shutil.rmtree(OUTPUT, ignore_errors=True)
    (OUTPUT / "docs").mkdir(parents=True)
    shutil.copy(ROOT / "static" / "kit" / "tokens.css", OUTPUT / "tokens.css")
    (OUTPUT / "docs.css").write_text(_STYLE, "utf-8")
    if (ROOT / "docs" / "images").exists():
        shutil.copytree(ROOT / "docs" / "images", OUTPUT / "docs" / "images")
    written = []
    for page in pages():
        tokens = _PARSER.parse(page.read_text("utf-8"))
        for token, text in itertools.pairwise(tokens):
            if token.type == "heading_open":
                token.attrSet("id", anchor(text.content))
        body = re.sub(r'(href="[^":]+)\.md(["#])', r"\1.html\2", _PARSER.renderer.render(tokens, _PARSER.options, {}))
        target = (OUTPUT / page.relative_to(ROOT)).with_suffix(".html")
        up = "../" if page.parent != ROOT else ""
        title = html.escape(next(iter(_headings(tokens)), page.stem))
        target.write_text(_FRAME.format(title=title, up=up, body=body), "utf-8")
        written.append(target)
    return written


def main() -> int:
    """Build and check; 1 when a link is broken."""
    written = build()
    broken = broken_links()
    for line in broken:
        sys.stderr.write(f"Broken link: {line}\n")
    sys.stdout.write(f"{len(written)} pages in {OUTPUT.relative_to(ROOT)}\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
