"""Where in the book something stands: the ids by which its pages' headings are linked."""

from __future__ import annotations

import re
import unicodedata


def heading_anchor(heading: str) -> str:
    """Work out the id of a heading in the built page.

    The rule is that of ``docutils.nodes.make_id``: letters without their accents, in lower case,
    and a hyphen in place of what is neither a letter nor a digit. An id starts with a letter.
    Letters that are more than an accented one, such as ß, are left out here, while docutils
    spells them out (sz): headings that are linked have none.

    Parameters
    ----------
    heading
        The heading as it is read, without ``#`` and backticks.

    Returns
    -------
    str
        The id; empty if no letter of the heading is left.

    Examples
    --------
    >>> heading_anchor("One YZ slice"), heading_anchor("1. Überblick: 64³ voxels")
    ('one-yz-slice', 'uberblick-643-voxels')
    """
    plain = unicodedata.normalize("NFKD", heading.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", " ".join(plain.split())).lstrip("-0123456789").rstrip("-")
