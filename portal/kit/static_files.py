"""Static files as they are served: hashed and compressed by WhiteNoise, our style sheets without what only their authors read."""

import re
from typing import Any

from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

OURS = "kit/"
_COMMENT = re.compile(rb"/\*.*?\*/\n?", re.DOTALL)


def without_comments(sheet: bytes) -> bytes:
    """A style sheet of ours; no text or address in it may hold the signs of a comment."""
    return _COMMENT.sub(b"", sheet)


class StaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Comments are a sixteenth of the style sheet that every page waits for."""

    def _save(self, name: str, content: Any) -> Any:
        if name.startswith(OURS) and name.endswith(".css"):
            content.seek(0)
            content = ContentFile(without_comments(content.read()), name=name)
        return super()._save(name, content)
