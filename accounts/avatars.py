"""Pictures of people: what is taken, and how it is made safe. Whatever comes in, two small WebP squares come out.

The file is judged by what it holds, never by its name or its announced type. It is decoded by the decoders of three
formats alone, within bounds that are checked before a pixel is unpacked, and drawn anew: what a camera wrote into it
(where, when, with what), colour profiles, text and anything hidden behind the picture do not come along.
"""

import os
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import IO
from uuid import UUID

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps, UnidentifiedImageError

from portal.kit import errors, ids

MAX_BYTES = 5_000_000
MAX_PIXELS = 25_000_000  # 100 MB unpacked; telephones make 12.
MAX_SIDE = 12_000
MIN_SIDE = 32
SIZES = (256, 64)
FORMATS = ("JPEG", "PNG", "WEBP")
QUALITY = 82
FOLDER = "avatars"
BRAND_FOLDER = "brand"
PAPER = (255, 255, 255)  # Behind what is transparent.
# What the decoders raise on files that were made to break them.
_BROKEN = (OSError, ValueError, SyntaxError, EOFError, OverflowError, MemoryError, TypeError, KeyError, IndexError)

TOO_LARGE = _("The file is larger than 5 MB. Choose a smaller picture.")
NO_PICTURE = _("This is no picture that can be read. Choose a JPEG, PNG or WebP file.")
TOO_MANY_PIXELS = _("The picture has more than 25 megapixels. Choose a smaller one.")
TOO_SMALL = _("The picture is smaller than 32 by 32 pixels. Choose a larger one.")


def drawn(stream: IO[bytes]) -> Mapping[int, bytes]:
    """The picture as square WebP files, by their side in pixels. `Invalid` (field `picture`) for what is none, is too
    large or too small."""
    data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise _refused(TOO_LARGE)
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as found:
            _measure(found)
            found.verify()
        # Verifying uses a picture up; it is opened again to be read.
        with Image.open(BytesIO(data), formats=FORMATS) as found:
            return _squares(found)
    except Image.DecompressionBombError as error:
        raise _refused(TOO_MANY_PIXELS) from error
    except (UnidentifiedImageError, *_BROKEN) as error:
        raise _refused(NO_PICTURE) from error


def _measure(found: Image.Image) -> None:
    """Hold the announced size against the bounds; nothing is unpacked yet."""
    width, height = found.size
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise _refused(TOO_MANY_PIXELS)
    if min(width, height) < MIN_SIDE:
        raise _refused(TOO_SMALL)


def _squares(found: Image.Image) -> Mapping[int, bytes]:
    largest = max(SIZES)
    # A large JPEG is read at a fraction of its size, as far as that is still enough.
    found.draft("RGB", (largest * 2, largest * 2))
    picture = ImageOps.exif_transpose(found).convert("RGBA")
    square = ImageOps.fit(picture, (largest, largest), Image.Resampling.LANCZOS)
    # Onto paper of our own: of the picture that came, nothing but its colours goes on.
    paper = Image.new("RGB", square.size, PAPER)
    paper.paste(square, mask=square.getchannel("A"))
    made = {}
    for size in SIZES:
        file = BytesIO()
        paper.resize((size, size), Image.Resampling.LANCZOS).save(file, "WEBP", quality=QUALITY, method=4)
        made[size] = file.getvalue()
    return made


def _refused(text: str | Promise) -> errors.Invalid:
    return errors.Invalid(fields={"picture": [str(text)]})


def keep(files: Mapping[int, bytes], folder: str = FOLDER) -> UUID:
    """Write the files of a new picture among the uploads; its name, which is never used again.

    `folder`: that of people, or that of the installation's own marks (`BRAND_FOLDER`), which no tidying empties."""
    name = ids.uuid7()
    for size, content in files.items():
        path = path_of(name, size, folder)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    return name


def path_of(name: UUID, size: int, folder: str = FOLDER) -> Path:
    """Where one size of a picture lies."""
    return Path(settings.MEDIA_ROOT) / folder / name.hex[-2:] / f"{name.hex}-{size}.webp"


def remove(name: UUID, folder: str = FOLDER) -> None:
    """Remove the files of a picture; no matter whether they are there."""
    for size in SIZES:
        path_of(name, size, folder).unlink(missing_ok=True)


def lying_about(older_than: float) -> set[UUID]:
    """The names of the pictures among the uploads that were written before a moment (seconds since the epoch)."""
    found = set()
    for path in (Path(settings.MEDIA_ROOT) / FOLDER).glob("??/*.webp"):
        try:
            if path.stat().st_mtime < older_than:
                found.add(UUID(path.name.partition("-")[0]))
        except (FileNotFoundError, ValueError):
            continue  # Gone meanwhile, or not ours.
    return found
