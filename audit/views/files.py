"""Files of the trail."""

from typing import BinaryIO

from django.http import FileResponse
from django.utils import timezone

from audit.models import Export

KINDS = {Export.Format.CSV: "text/csv; charset=utf-8", Export.Format.JSON_LINES: "application/jsonl"}


def export_file(export: Export, stream: BinaryIO) -> FileResponse:
    """The whole file of an export as an attachment."""
    name = f"audit-{timezone.localtime(export.created_at):%Y%m%d-%H%M%S}.{export.format}"
    reply = FileResponse(stream, as_attachment=True, filename=name, content_type=KINDS[Export.Format(export.format)])
    reply["Content-Length"] = str(export.size)
    return reply
