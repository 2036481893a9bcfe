"""Setups that are parts of other setups, which BigStitcher calls split images.

Its loader ``split.viewerimgloader`` holds the loader of a whole dataset, and says of each setup
which setup of that dataset it is cut out of, and where. The rules follow multiview-reconstruction's
``XmlIoSplitViewerImgLoader`` (elements; both ends of the interval belong to it) and
``SplitViewerSetupImgLoader`` (levels).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bigimg_lessons.formats.bdv.spimdata import SetupPart
from bigimg_lessons.formats.bdv.xmltree import MAX_ID, Node

FORMAT = "split.viewerimgloader"
"""Name of the loader."""


def read_parts(loader: Node) -> Iterator[SetupPart]:
    """Read for each setup which part of which stored setup it is.

    Parameters
    ----------
    loader
        The element ``<ImageLoader>``.

    Yields
    ------
    SetupPart
        One for each setup.

    Raises
    ------
    ValueError
        If something is missing or makes no sense.
    """
    for node in loader.child("SetupIds").children("SetupIdDefinition"):
        low, high = _corner(node.child("min")), _corner(node.child("max"))
        if any(last < first for first, last in zip(low, high, strict=True)):
            raise node.error(f"ends at {high} before it begins at {low} (z, y, x)")
        yield SetupPart(
            id=node.child("NewId").integer(),
            stored=node.child("OldId").integer(),
            start=low,
            stop=(high[0] + 1, high[1] + 1, high[2] + 1),
        )


def _corner(node: Node) -> tuple[int, int, int]:
    """Read x, y, z; they turn to z, y, x."""
    words = node.own_text.split()
    values = [int(word) for word in words if re.fullmatch(r"[0-9]{1,10}", word)]
    if len(words) != 3 or len(values) != 3 or max(values) >= MAX_ID:
        raise node.error(f"should hold three whole numbers; its text is {node.own_text!r}")
    return (values[2], values[1], values[0])
