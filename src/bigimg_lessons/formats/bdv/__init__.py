"""BigDataViewer's XML/HDF5 in pure Python.

- XML: `spimdata` (what a dataset consists of), `xml_reading` (through `xmltree`, with `legacy`,
  `split` and `loaders` for its older and other forms) and `xml_writing`;
- HDF5: `layout` (names, levels), `source` and `opening` (the open file), `layout_reading` (how a
  setup is stored, with `pixel_types`), `array` (lazy reading, with `selection` and `chunking`);
- both: `paths` and `pairing` (which file belongs to which), `scenes` (which setups form one image),
  `dataset` (all of it, opened);
- for bioio: `reader`, which bioio finds through `plugin`;
- writing: `writer`, with `description`, `position` and `replacing`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bigimg_lessons.formats.bdv.reader import Reader

__all__ = ["Reader"]


def __getattr__(name: str) -> Any:
    """Return the reader: the class itself where bioio is loaded, else a stand-in for it."""
    if name != "Reader":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if "bioio_base.reader" in sys.modules:
        from bigimg_lessons.formats.bdv.reader import Reader

        return Reader
    from bigimg_lessons.formats.bdv.deferred import DeferredReader

    return DeferredReader()
