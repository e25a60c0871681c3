"""Static files: our style sheets are served without comments, everything else as it is."""

from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core.files.base import ContentFile

from portal.kit.static_files import StaticFiles, without_comments


def test_only_comments_go() -> None:
    assert without_comments(b"/* why\nso */\na { color: red; } /* it */ b {}") == b"a { color: red; }  b {}"


def test_what_is_collected_of_ours_has_no_comments_and_others_keep_theirs(tmp_path: Path) -> None:
    storage = StaticFiles(location=str(tmp_path), base_url="/static/")
    sheet = b"/* ours */\n.a { color: red; }\n"
    for name in ("kit/some.css", "admin/some.css", "kit/some.js"):
        storage.save(name, ContentFile(sheet))
    assert (tmp_path / "kit/some.css").read_bytes() == b".a { color: red; }\n"
    assert (tmp_path / "admin/some.css").read_bytes() == sheet
    assert (tmp_path / "kit/some.js").read_bytes() == sheet


@pytest.mark.parametrize("name", ["kit/tokens.css", "kit/ui.css", "kit/admin.css"])
def test_no_text_of_our_sheets_looks_like_a_comment(name: str) -> None:
    found = finders.find(name)
    assert isinstance(found, str)
    sheet = Path(found).read_bytes()
    assert sheet.count(b"/*") == sheet.count(b"*/")
    assert b"url(" not in without_comments(sheet)
    assert without_comments(sheet).count(b"{") == without_comments(sheet).count(b"}")
