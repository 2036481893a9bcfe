"""Numbers of bytes, and times, written for people, in one way everywhere.

Binary units (1 KiB = 1024 bytes) count what lies in memory, in chunks and in the files made of
them; decimal units (1 kB = 1000 bytes) count what networks, makers of disks and data archives
count so. ``widgets/js/kit/text.js`` writes the same in a page; ``tests/text_cases.json`` holds
both to it.
"""

from __future__ import annotations

_BINARY = ("KiB", "MiB", "GiB", "TiB", "PiB")
_DECIMAL = ("kB", "MB", "GB", "TB", "PB")


def format_bytes(count: int, *, decimal: bool = False) -> str:
    """Write a number of bytes as people read it.

    Parameters
    ----------
    count
        Number of bytes, zero or more.
    decimal
        Whether to use decimal units (1 kB = 1000 bytes), as networks, makers of disks and data
        archives do, instead of binary ones (1 KiB = 1024 bytes).

    Returns
    -------
    str
        Below 1 KiB, or 1 kB, the exact number, else three significant digits with its unit.

    Examples
    --------
    >>> format_bytes(496), format_bytes(65536), format_bytes(268_435_456)
    ('496 bytes', '64.0 KiB', '256 MiB')
    >>> format_bytes(268_435_456, decimal=True)
    '268 MB'
    """
    step = 1000 if decimal else 1024
    if count < step:
        return f"{count} byte" if count == 1 else f"{count} bytes"
    value = float(count)
    units = _DECIMAL if decimal else _BINARY
    for unit in units:
        value /= step
        # 999.5 rather than 1000: what would be rounded up to four digits takes the next unit.
        if value < 999.5 or unit == units[-1]:
            break
    digits = 3 - (value >= 0.9995) - (value >= 9.995) - (value >= 99.95)
    return f"{value:.{digits}f} {unit}"


_TIMES = (
    (1e-3, 1e-6, "µs"),
    (1.0, 1e-3, "ms"),
    (120.0, 1.0, "s"),
    (7200.0, 60.0, "min"),
    (172_800.0, 3600.0, "h"),
    (63_115_200.0, 86_400.0, "days"),
)
_YEAR = 31_557_600.0


def format_seconds(seconds: float) -> str:
    """Write a time as people read it.

    Parameters
    ----------
    seconds
        Seconds, zero or more.

    Returns
    -------
    str
        Up to three significant digits, in the unit that people would choose.

    Examples
    --------
    >>> format_seconds(0.0125), format_seconds(5400), format_seconds(10**6)
    ('12.5 ms', '90 min', '11.6 days')
    """
    size, unit = next(
        ((size, unit) for below, size, unit in _TIMES if seconds < below), (_YEAR, "years")
    )
    value = seconds / size
    digits = 3 - (value >= 0.9995) - (value >= 9.995) - (value >= 99.95)
    text = f"{value:,.{digits}f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} {unit}"
