"""Colours for the channels of an image that has none of its own."""

from __future__ import annotations

_WHITE = "FFFFFF"
_COLOURS = ("00FF00", "FF00FF", "00FFFF", "FFFF00", "FF0000", "0000FF")


def channel_colours(count: int) -> list[str]:
    """Return a colour for each channel: white for a single one, else such as differ.

    Parameters
    ----------
    count
        Number of channels.

    Returns
    -------
    list of str
        Red, green and blue, each in two hexadecimal digits.

    Examples
    --------
    >>> channel_colours(1), channel_colours(2)
    (['FFFFFF'], ['00FF00', 'FF00FF'])
    """
    if count == 1:
        return [_WHITE]
    return [_COLOURS[number % len(_COLOURS)] for number in range(count)]
