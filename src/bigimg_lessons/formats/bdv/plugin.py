"""What bioio asks first: which files this package may be able to read, and with which reader.

bioio loads this module whenever an image is opened, whatever its format. So it imports the
reader, and with it h5py, only when a file needs it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import bioio_base.reader_metadata

if TYPE_CHECKING:
    from bigimg_lessons.formats.bdv.reader import Reader

__all__ = ["ReaderMetadata"]


class ReaderMetadata(bioio_base.reader_metadata.ReaderMetadata):
    """What bioio asks a plugin: which files it may be able to read, and with which reader."""

    @staticmethod
    def get_supported_extensions() -> list[str]:
        """Return the endings of file names; whether the content fits, the reader decides."""
        return ["xml", "h5"]

    @staticmethod
    def get_reader() -> type[Reader]:  # type: ignore[override]  # bioio_base says it is an instance
        """Return the reader's class."""
        from bigimg_lessons.formats.bdv.reader import Reader

        return Reader
