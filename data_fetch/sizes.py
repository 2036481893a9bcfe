"""Bytes written for people."""

from __future__ import annotations


def format_bytes(count: int) -> str:
    """Write a number of bytes in decimal units, as Zenodo and disks state them.

    Parameters
    ----------
    count
        Bytes, 0 or more.

    Returns
    -------
    str
        Such as ``"512 bytes"``, ``"1.1 kB"``, ``"4.0 GB"``: one digit after the point, 1 kB being
        1000 bytes.
    """
    if count < 1000:
        return f"{count} bytes"
    amount = float(count)
    for unit in ("kB", "MB", "GB"):
        amount /= 1000
        if amount < 999.95:  # what "%.1f" would round up to 1000.0
            return f"{amount:.1f} {unit}"
    return f"{amount / 1000:.1f} TB"
