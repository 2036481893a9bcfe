"""Measuring what reading costs: bytes, requests, seconds and memory."""
