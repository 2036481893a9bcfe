"""What came out of many runs with faults."""

from __future__ import annotations

from dataclasses import dataclass, field, fields


@dataclass
class Figures:
    """Counts over runs, and a sentence for each fault that was found.

    Parameters
    ----------
    runs
        How often a fault was tried.
    struck
        Runs that ended early by it, with an error, an interrupt or a kill.
    old, new
        Runs after which that stood, whole.
    aside
        Runs after which nothing stood that opens, and the old lay whole where it may lie.
    lost, mixed, leftovers, errors
        Runs after which the old image was nowhere; something stood that is neither; something lay
        beside that nobody named; or something else was not as it should be.
    reports
        What was found in those.
    skipped
        Why nothing could be run.
    """

    runs: int = 0
    struck: int = 0
    old: int = 0
    new: int = 0
    aside: int = 0
    lost: int = 0
    mixed: int = 0
    leftovers: int = 0
    errors: int = 0
    reports: list[str] = field(default_factory=list)
    skipped: str = ""

    def report(self, kind: str, text: str) -> None:
        """Count a fault, and keep what it was."""
        setattr(self, kind, getattr(self, kind) + 1)
        self.reports.append(f"{kind}: {text}")

    def counts(self) -> dict[str, int]:
        """Return all counts by name."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.type == "int"}
