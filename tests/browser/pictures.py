"""Takes the pictures of the documentation anew, of the furnished installation: `python -m pytest -n 0 tests/browser/pictures.py`.

No test of the suite by its name; each picture is looked at by whoever takes it. They have few colours, so a palette keeps them small.
"""

from dataclasses import dataclass
from io import BytesIO

import pytest
from PIL import Image

from docs.markdown import ROOT
from tests.browser.conftest import Gallery, OpenBrowser
from tests.browser.looks import Look, nobody

IMAGES = ROOT / "docs" / "images"
MOST_BYTES = 200_000


@dataclass(frozen=True)
class Picture:
    """A look that is kept as a file."""

    look: Look
    width: int = 1440
    height: int = 900
    dark: bool = False


PICTURES = {
    "people-light": Picture(Look("/platform/people")),
    "people-dark": Picture(Look("/platform/people"), dark=True),
    "people-390": Picture(Look("/platform/people"), width=390, height=844),
    "person-light": Picture(Look("/platform/people/{}?tab=access", lambda all_: all_.rooms.owner.pk)),
    "sign-in-light": Picture(Look("/sign-in", who=nobody)),
    "organisation-light": Picture(Look("/o/lindenfeld-research/", who=lambda all_: all_.rooms.owner)),
    "timeline-light": Picture(Look("/platform/audit")),
    "errors-light": Picture(Look("/docs/errors?q=backup")),
    "figures-dark": Picture(Look("/platform/kpis"), dark=True),
    "customer-light": Picture(Look("/platform/customers/{}", lambda all_: all_.books["customer"])),
    "backups-light": Picture(Look("/platform/backups")),
    "job-dark": Picture(Look("/platform/jobs/{}", lambda all_: next(iter(all_.runs.values()))), dark=True),
}


@pytest.mark.browser
@pytest.mark.parametrize("name", PICTURES)
def test_take(name: str, gallery: Gallery, open_browser: OpenBrowser) -> None:
    picture = PICTURES[name]
    look = picture.look
    user = look.who(gallery.furnished)
    token = gallery.token_of(user) if user else ""
    tab = open_browser(gallery.url, token=token, width=picture.width, height=picture.height, dark=picture.dark)
    tab.open(look.path.format(look.about(gallery.furnished)), status=look.status)
    look.act(tab)
    tab.page.wait_for_load_state("networkidle")
    taken = Image.open(BytesIO(tab.page.screenshot(animations="disabled")))
    target = IMAGES / f"{name}.png"
    # 192 colours keep the letters' edges; the alpha of a screenshot says nothing.
    taken.convert("RGB").quantize(192, dither=Image.Dither.NONE).save(target, optimize=True)
    assert target.stat().st_size < MOST_BYTES
