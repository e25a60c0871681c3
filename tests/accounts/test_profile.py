"""One's own profile: what one may change, and pictures, which are never what was sent."""

import struct
import zlib
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image
from pytest_django import Settings

from accounts import avatars
from accounts.models import User
from accounts.services import erasure, profiles
from portal.kit import clock, context, errors
from portal.kit.models import OutboundMessage
from portal.kit.notes import note_add
from tests.accounts.helpers import denials, events, sealed, text_of
from tests.factories import World, actor_of, person

Browser = Callable[[User], Client]
SCRIPT = b"<script>alert(1)</script>"
GPS = 0x8825
pytestmark = pytest.mark.usefixtures("uploads")


@pytest.fixture
def uploads(settings: Settings, tmp_path: Path) -> Path:
    """A folder of uploads of the test's own."""
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def _picture(kind: str = "JPEG", size: tuple[int, int] = (400, 300), **more: Any) -> bytes:
    file = BytesIO()
    picture = Image.new("RGB", size, (200, 30, 30))
    picture.paste((30, 30, 200), (0, 0, size[0] // 2, size[1]))
    picture.save(file, kind, **more)
    return file.getvalue()


def _send(client: Client, content: bytes, name: str = "me.jpg", kind: str = "image/jpeg") -> Any:
    return client.post("/me/avatar", {"picture": SimpleUploadedFile(name, content, content_type=kind)})


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(width: int, height: int, rows: int) -> bytes:
    """A PNG that says it is `width` by `height`, and holds `rows` of it."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = zlib.compress((b"\0" + b"\0" * width) * rows)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def test_name_and_user_name_are_changed_and_told(world: World, browser_of: Browser) -> None:
    client = browser_of(world.clerk)
    before = world.clerk.username
    assert client.post("/me", {"name": " Ada King ", "username": "Ada.King"})["Location"] == "/me"
    world.clerk.refresh_from_db()
    assert (world.clerk.name, world.clerk.username) == ("Ada King", "ada.king")
    (event,) = events("accounts.user.updated")
    assert sealed(event)["changes"] == {"name": ["Clerk", "Ada King"], "username": [before, "ada.king"]}
    (mail,) = OutboundMessage.objects.filter(person_id=world.clerk.pk)
    assert before in mail.text
    assert "ada.king" in mail.text
    client.post("/me", {"name": "Ada King", "username": "ada.king"})
    assert len(events("accounts.user.updated")) == 1


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"name": "", "username": "fine"}, "name"),
        ({"name": "x" * 121, "username": "fine"}, "name"),
        ({"name": "Ada\u202eevil", "username": "fine"}, "name"),
        ({"name": "Ada", "username": "not fine"}, "username"),
        ({"name": "Ada", "username": "-ada"}, "username"),
        ({"name": "Ada", "username": "адa"}, "username"),
        ({"name": "Ada", "username": "x" * 61}, "username"),
    ],
)
def test_a_bad_name_is_refused_beside_its_field(
    world: World, browser_of: Browser, sent: dict[str, str], field: str
) -> None:
    before = (world.clerk.name, world.clerk.username)
    reply = browser_of(world.clerk).post("/me", sent)
    assert reply.status_code == 422
    assert reply.context["form"].errors.keys() == {field}
    world.clerk.refresh_from_db()
    assert (world.clerk.name, world.clerk.username) == before
    assert events("accounts.user.updated") == []
    assert not OutboundMessage.objects.exists()


def test_a_taken_user_name_is_refused(world: World, browser_of: Browser) -> None:
    reply = browser_of(world.clerk).post("/me", {"name": "Clerk", "username": world.admin.username.upper()})
    assert reply.status_code == 422
    assert "Somebody has this already" in text_of(reply)
    assert events("accounts.user.updated") == []


def test_nothing_else_is_set_on_the_way(world: World, browser_of: Browser) -> None:
    client = browser_of(world.clerk)
    hostile = {"email": "evil@example.com", "is_root": "1", "kind": "service", "id": str(world.root.pk), "avatar": "x"}
    client.post("/me", {"name": "Other", "username": world.clerk.username, **hostile})
    email = world.clerk.email
    world.clerk.refresh_from_db()
    assert (world.clerk.name, world.clerk.email, world.clerk.is_root) == ("Other", email, False)
    assert (world.clerk.kind, world.clerk.avatar) == ("person", None)
    with context.acting(actor_of(world.clerk)), pytest.raises(errors.Invalid) as refused:
        profiles.profile_update(actor=actor_of(world.clerk), values={"name": "X", "is_root": "1", "email": "a@b.c"})
    assert refused.value.fields.keys() == {"is_root", "email"}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_becomes_two_squares(world: World, browser_of: Browser, uploads: Path, kind: str) -> None:
    client = browser_of(world.clerk)
    assert _send(client, _picture(kind)).status_code == 302
    world.clerk.refresh_from_db()
    (event,) = events("accounts.user.updated")
    assert event.changes == {"avatar": [False, True]}
    for side in avatars.SIZES:
        reply = client.get(f"/avatars/{world.clerk.avatar}/{side}")
        assert (reply.status_code, reply["Content-Type"]) == (200, "image/webp")
        with Image.open(BytesIO(reply.content)) as found:
            assert (found.format, found.size) == ("WEBP", (side, side))
    assert len(_files(uploads)) == 2
    assert {path.stat().st_mode & 0o777 for path in _files(uploads)} == {0o600}


def test_a_picture_is_for_the_signed_in_alone_and_kept_by_browsers_for_good(world: World, browser_of: Browser) -> None:
    _send(browser_of(world.clerk), _picture())
    world.clerk.refresh_from_db()
    url = f"/avatars/{world.clerk.avatar}/64"
    assert Client().get(url).status_code == 302
    reply = browser_of(world.stranger).get(url)
    assert reply["Cache-Control"] == "private, max-age=31536000, immutable"
    assert reply["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert reply["X-Content-Type-Options"] == "nosniff"
    for other in ("65", "0064", "-64", "64.webp", "9999999999"):
        assert browser_of(world.stranger).get(f"/avatars/{world.clerk.avatar}/{other}").status_code == 404


def test_what_a_camera_wrote_and_what_hides_behind_a_picture_do_not_come_along(
    world: World, browser_of: Browser, uploads: Path
) -> None:
    exif = Image.Exif()
    exif[0x010F] = "SecretCameraMaker"
    exif[GPS] = {1: "N", 2: (48.0, 12.0, 30.0), 3: "E", 4: (16.0, 22.0, 10.0)}
    content = _picture(exif=exif.tobytes(), comment=b"SecretComment", icc_profile=b"SecretProfile" * 20)
    with Image.open(BytesIO(content)) as sent:
        assert sent.getexif().get_ifd(GPS)[1] == "N"
    assert _send(browser_of(world.clerk), content + SCRIPT).status_code == 302
    for path in _files(uploads):
        kept = path.read_bytes()
        assert not any(secret in kept for secret in (b"Secret", b"<script", b"EXIF", b"XMP ", b"ICCP"))
        with Image.open(path) as found:
            assert dict(found.getexif()) == {}
            assert not found.info.keys() & {"exif", "icc_profile", "xmp", "comment"}


def test_a_picture_on_its_side_is_turned_as_the_camera_says(world: World, uploads: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # Turn it by 90 degrees: what is left comes to the top.
    content = _picture(size=(400, 400), exif=exif.tobytes())
    with Image.open(BytesIO(avatars.drawn(BytesIO(content))[256])) as found:
        top, bottom = found.getpixel((128, 40)), found.getpixel((128, 216))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert top[2] > 150 > top[0]
    assert bottom[0] > 150 > bottom[2]


HTML = b"<!DOCTYPE html><html><body>" + SCRIPT + b"</body></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="100" height="100">' + SCRIPT + b"</svg>"
GIF_BOMB = b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + b"\x80\0\0\0\0\0\xff\xff\xff" + b",\0\0\0\0" * 40 + b";"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no picture"),
        (b"\0" * 5_000_001, "larger than 5 MB"),
        (HTML, "no picture"),
        (SVG, "no picture"),
        (GIF_BOMB, "no picture"),
        (_picture("GIF"), "no picture"),
        (_picture("TIFF"), "no picture"),
        (_picture("BMP"), "no picture"),
        (b"\xff\xd8\xff\xe0" + HTML, "no picture"),
        (_picture()[:900], "no picture"),
        (_picture("PNG")[:200], "no picture"),
        (_png(50_000, 50_000, 1), "25 megapixels"),
        (_png(20_000, 40, 1), "25 megapixels"),
        (_picture(size=(31, 400)), "32 by 32"),
        (b"%PDF-1.7\n", "no picture"),
        (b"RIFF\xff\xff\xff\xffWEBPVP8X" + b"\xff" * 40, "25 megapixels"),
        (b"RIFF\x20\0\0\0WEBPVP8 " + b"\xff" * 40, "no picture"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)}-{value[:8]!r}",
)
def test_what_is_no_picture_is_refused_and_nothing_is_kept(
    world: World, browser_of: Browser, uploads: Path, content: bytes, words: str
) -> None:
    reply = _send(browser_of(world.clerk), content, "me.png", "image/png")
    assert reply.status_code == 422
    assert words in text_of(reply)
    world.clerk.refresh_from_db()
    assert world.clerk.avatar is None
    assert _files(uploads) == []
    assert events("accounts.user.updated") == []


def test_a_page_that_is_a_picture_too_is_only_a_picture_afterwards(
    world: World, browser_of: Browser, uploads: Path
) -> None:
    polyglot = _picture(comment=b"--><!DOCTYPE html>" + SCRIPT + b"<!--")
    assert b"<script" in polyglot
    assert _send(browser_of(world.clerk), polyglot, "page.html", "text/html").status_code == 302
    assert all(path.read_bytes().startswith(b"RIFF") for path in _files(uploads))
    assert not any(b"script" in path.read_bytes() for path in _files(uploads))


def test_a_new_picture_takes_the_place_of_the_former_one(
    world: World, browser_of: Browser, uploads: Path, django_capture_on_commit_callbacks: Any
) -> None:
    client = browser_of(world.clerk)
    _send(client, _picture())
    world.clerk.refresh_from_db()
    former = world.clerk.avatar
    with django_capture_on_commit_callbacks(execute=True):
        _send(client, _picture("PNG"))
    world.clerk.refresh_from_db()
    assert world.clerk.avatar != former
    assert len(_files(uploads)) == 2
    assert client.get(f"/avatars/{former}/64").status_code == 404
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post("/me/avatar", {"do": "remove"})["Location"] == "/me"
    world.clerk.refresh_from_db()
    assert (world.clerk.avatar, _files(uploads)) == (None, [])
    client.post("/me/avatar", {"do": "remove"})
    assert [event.changes["avatar"] for event in events("accounts.user.updated")] == [
        [False, True],
        [True, True],
        [True, False],
    ]


def test_a_change_that_fails_leaves_no_file(world: World, uploads: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **values: Any) -> None:
        raise RuntimeError("the trail cannot be written")

    monkeypatch.setattr(profiles, "record", fail)
    with context.acting(actor_of(world.clerk)), pytest.raises(RuntimeError):
        profiles.avatar_set(actor=actor_of(world.clerk), picture=BytesIO(_picture()))
    assert _files(uploads) == []


def test_pictures_that_nobody_has_are_swept_after_a_day(world: World, browser_of: Browser, uploads: Path) -> None:
    _send(browser_of(world.clerk), _picture())
    avatars.keep(avatars.drawn(BytesIO(_picture())))
    (uploads / "avatars" / "ab").mkdir(exist_ok=True)
    (uploads / "avatars" / "ab" / "foreign.webp").write_bytes(b"x")
    assert profiles.avatars_sweep() == 0
    with clock.at(clock.now() + timedelta(days=1, minutes=1)):
        assert profiles.avatars_sweep() == 1
    world.clerk.refresh_from_db()
    assert world.clerk.avatar is not None
    assert avatars.path_of(world.clerk.avatar, 64).exists()
    assert len(_files(uploads)) == 3


def test_an_erased_person_takes_the_picture_along(
    world: World, browser_of: Browser, uploads: Path, django_capture_on_commit_callbacks: Any
) -> None:
    _send(browser_of(world.clerk), _picture())
    with django_capture_on_commit_callbacks(execute=True), context.acting(actor_of(world.admin)):
        erasure.user_anonymise(actor=actor_of(world.admin), user=world.clerk)
    world.clerk.refresh_from_db()
    assert (world.clerk.avatar, world.clerk.preferences, _files(uploads)) == (None, {}, [])


def test_pictures_stand_in_the_header_lists_heads_and_notes(world: World, browser_of: Browser) -> None:
    _send(browser_of(world.admin), _picture())
    world.admin.refresh_from_db()
    client = browser_of(world.admin)
    source = f'<img src="/avatars/{world.admin.avatar}/'
    assert client.get("/").content.decode().count(f"{source}64") == 2
    assert client.get("/platform/people").content.decode().count(f"{source}64") == 3
    assert f"{source}256" in client.get(f"/platform/people/{world.admin.pk}").content.decode()
    with context.acting(actor_of(world.admin)):
        note_add(actor=actor_of(world.admin), target=world.clerk, code="user:update", text="Seen.")
    assert client.get(f"/platform/people/{world.clerk.pk}?tab=notes").content.decode().count(f"{source}64") == 3


def test_a_picture_costs_no_query_but_that_of_the_identity(world: World, browser_of: Browser) -> None:
    client = browser_of(world.clerk)
    _send(client, _picture())
    world.clerk.refresh_from_db()
    client.get(f"/avatars/{world.clerk.avatar}/64")
    with CaptureQueriesContext(connection) as queries:
        assert client.get(f"/avatars/{world.clerk.avatar}/64").status_code == 200
    assert len(queries) == 1


def test_the_profile_says_where_one_belongs(world: World, browser_of: Browser) -> None:
    page = text_of(browser_of(world.manager).get("/me"))
    for words in (world.manager.email, "Manager", "You belong to no organisation."):
        assert words in page
    assert Client().get("/me")["Location"].startswith("/sign-in")
    assert denials() == []


def test_the_account_menu_leads_to_ones_own_affairs(world: World, browser_of: Browser) -> None:
    page = browser_of(world.stranger).get("/me").content.decode()
    header = page[page.index("<header") : page.index("</header>")]
    for where in ("/me", "/me/password", "/me/preferences", "/me/organisations"):
        assert f'class="item" href="{where}"' in header
    assert "Sign out" in header


def test_an_inactive_person_has_no_profile(browser_of: Browser, db: None) -> None:
    assert browser_of(person("Gone", is_active=False)).get("/me")["Location"] == "/inactive"
