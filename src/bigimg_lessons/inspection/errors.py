"""The one error of an inspection: a sentence that names the file, what is wrong and what to do."""

from __future__ import annotations


class InspectionError(ValueError):
    """The file cannot be described, for the reason that the message states."""


class NoImageError(InspectionError):
    """An array is in order, and has no axes or no elements, so that it is no image."""


class LimitError(InspectionError):
    """More would have to be read than an inspection may read; what was read before is right."""
