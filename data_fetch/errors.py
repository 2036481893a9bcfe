"""Errors that a user of ``python -m data_fetch`` can put right."""

from __future__ import annotations


class FetchError(Exception):
    """Data could not be fetched; the message is one sentence for the user."""
