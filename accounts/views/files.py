"""Files that people download."""

from typing import BinaryIO
from uuid import UUID

from django.http import FileResponse, HttpResponse
from django.utils import timezone

from accounts import avatars
from accounts.models import OwnExport
from portal.kit.errors import NotFound

ARCHIVE, PICTURE = "application/zip", "image/webp"


def copy_file(export: OwnExport, stream: BinaryIO) -> FileResponse:
    """The archive of one's own data as an attachment that nothing on the way keeps."""
    name = f"my-data-{timezone.localtime(export.created_at):%Y-%m-%d}.zip"
    reply = FileResponse(stream, as_attachment=True, filename=name, content_type=ARCHIVE)
    reply["Content-Length"] = str(export.size)
    reply["Cache-Control"] = "no-store"
    return reply


def picture_file(name: UUID, side: int) -> HttpResponse:
    """A picture of somebody, so many pixels wide; `NotFound`. Its name is never used again, so it may be kept for good."""
    try:
        content = avatars.path_of(name, side).read_bytes()
    except FileNotFoundError:
        raise NotFound from None
    reply = HttpResponse(content, content_type=PICTURE)
    reply["Cache-Control"] = "private, max-age=31536000, immutable"
    reply["Content-Disposition"] = "inline"
    # Even if somebody made a browser take it for a page: nothing in it would run.
    reply["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return reply
