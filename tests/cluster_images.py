"""What images are built with on clusters of tests, and how they are compared."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import zarr

OPTIONS: dict[str, Any] = {
    "voxel_size": (1, 1, 1), "unit": "µm", "chunk_shape": (16, 16, 16), "progress": False,
    "memory_limit": 8 * 2**20,
}  # fmt: skip


def digests(path: Path) -> dict[str, str]:
    """Return the SHA-256 of the decoded voxels of each level."""
    group = zarr.open_group(path, mode="r")
    return {
        name: hashlib.sha256(np.ascontiguousarray(np.asarray(level[...])).tobytes()).hexdigest()
        for name, level in sorted(group.arrays())
    }


def names(folder: Path) -> list[str]:
    """Return the names of all that is in a folder."""
    return sorted(path.name for path in folder.iterdir())
