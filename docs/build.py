"""`make docs`: the Markdown of this project as HTML in build/docs, with every link checked.

A broken link (a file that is not there, a heading that is not in it) is named, and the build fails.
"""

import re
import shutil
import sys
from pathlib import Path
from urllib.parse import urlsplit

from docs.markdown import ROOT, anchor, anchors, links, pages
from docs.site import page_html, placed

__all__ = ["ROOT", "anchor", "anchors", "broken_links", "build", "pages"]
OUTPUT = ROOT / "build" / "docs"
_START = '<!doctype html><meta charset="utf-8"><title>Steward</title><meta http-equiv="refresh" content="0; url=docs/index.html">'


def broken_links() -> list[str]:
    """`page: link` for each link that leads nowhere; addresses elsewhere are not followed, but have to be addresses."""
    return [f"{page.relative_to(ROOT)}: {link}" for page in pages() for link in links(page) if not _leads(page, link)]


def _leads(page: Path, link: str) -> bool:
    if re.match(r"[a-z]+:", link):
        parts = urlsplit(link)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and " " not in link
    name, _, fragment = link.partition("#")
    target = (page.parent / name).resolve() if name else page
    if not target.exists() or not target.is_relative_to(ROOT):
        return False
    return not fragment or (target.suffix == ".md" and fragment in anchors(target))


def build() -> list[Path]:
    """Write every page as HTML, with the pictures and files that they link to; returns the pages that were written."""
    shutil.rmtree(OUTPUT, ignore_errors=True)
    (OUTPUT / "docs").mkdir(parents=True)
    shutil.copy(ROOT / "static" / "kit" / "tokens.css", OUTPUT)
    shutil.copy(ROOT / "docs" / "docs.css", OUTPUT)
    (OUTPUT / "index.html").write_text(_START, "utf-8")
    written = []
    for page in pages():
        target = OUTPUT / placed(page)
        target.write_text(page_html(page), "utf-8")
        written.append(target)
        for link in links(page):
            _bring(page, link.partition("#")[0])
    return written


def _bring(page: Path, name: str) -> None:
    source = (page.parent / name).resolve()
    if name and ":" not in name and source.is_file() and source.suffix != ".md":
        target = OUTPUT / source.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)


def main() -> int:
    """Build and check; 1 when a link is broken."""
    broken = broken_links()
    for line in broken:
        sys.stderr.write(f"Broken link: {line}\n")
    written = build()
    sys.stdout.write(f"{len(written)} pages in {OUTPUT}\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
