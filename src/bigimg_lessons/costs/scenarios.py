"""Images and what is done with them: the briefs of the capstone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from bigimg_lessons.costs.design import Design, Triple


@dataclass(frozen=True)
class Use:
    """Something that is done with an image.

    Parameters
    ----------
    name
        Name, as a page shows it.
    box
        Voxels of level 0 that are wanted, along each axis.
    weekly
        How often a week it is done.
    screen
        Pixels (height, width) of the screen on which the box, an XY plane, is shown as a whole.
        The coarsest level that still has a voxel for each pixel is read. ``None`` reads level 0.
    machines
        Number of machines that share the work, each with its own line to the storage.
    """

    name: str
    box: Triple
    weekly: int
    screen: tuple[int, int] | None = None
    machines: int = 1

    @property
    def voxels_per_pixel(self) -> float:
        """Voxels of level 0 for a pixel along Y and X, the plane fitted into the screen."""
        if self.screen is None:
            return 1.0
        return max(self.box[1] / self.screen[0], self.box[2] / self.screen[1])

    def region(self, shape: Triple) -> tuple[tuple[int, int], ...]:
        """Return the part that is read: (start, stop) along each axis of level 0.

        Parameters
        ----------
        shape
            Voxels of the image.
        """
        room = (n - b for n, b in zip(shape, self.box, strict=True))
        # Odd, as most regions do not begin where a chunk does.
        starts = (min(free // 3 | 1, free) for free in room)
        return tuple((start, start + b) for start, b in zip(starts, self.box, strict=True))


@dataclass(frozen=True)
class Scenario:
    """An image and its uses: the brief of an exercise.

    Parameters
    ----------
    name
        Name, as a page shows it.
    brief
        What the image is and what is wanted, as a page shows it.
    shape
        Voxels along each axis.
    dtype
        Type of a voxel.
    voxel_size
        Voxel size along each axis, in micrometres; along T in seconds.
    storage
        A key of `STORAGES`.
    most_files
        Maximum number of files, or objects, that may be stored there.
    uses
        What is done with the image.
    axes
        ``"ZYX"``, or ``"TYX"`` for a time-lapse of planes.
    """

    name: str
    brief: str
    shape: Triple
    dtype: str
    voxel_size: tuple[float, float, float]
    storage: str
    most_files: int
    uses: tuple[Use, ...]
    axes: Literal["ZYX", "TYX"] = "ZYX"

    @property
    def voxels_per_pixel(self) -> float:
        """Voxels of level 0 for a pixel in the widest view; 1 if there is none."""
        return max(use.voxels_per_pixel for use in self.uses)

    @property
    def first_guess(self) -> Design:
        """The image as most software writes it, plane by plane: the first design to improve on."""
        return Design("tiff", (1, *self.shape[1:]))


SCENARIOS: Mapping[str, Scenario] = MappingProxyType(
    {
        "brain": Scenario(
            "A brain for everyone",
            "A mouse brain from a light-sheet microscope, 2 TB, goes to an archive in an object "
            "store. Many people will look at it in viewers, and some will compute on it. The "
            "archive takes 20,000 objects.",
            (6144, 16384, 10240),
            "uint16",
            (2.0, 0.65, 0.65),
            "s3",
            20_000,
            (
                Use("A window of 1920 × 1080 in an XY plane", (1, 1080, 1920), 1500),
                Use("The same window in a YZ plane", (1080, 1920, 1), 100),
                Use("A whole XY plane on the screen", (1, 16384, 10240), 300, (1080, 1920)),
                Use("A cut-out of 64³ around a cell", (64, 64, 64), 5000),
                Use("Analysis of everything, by 16 machines", (6144, 16384, 10240), 1, None, 16),
            ),
        ),
        "em": Scenario(
            "Tissue from all sides",
            "A volume from a focused-ion-beam electron microscope, 275 GB, on the group's file "
            "server. People trace cells in all three slices, and train a network on blocks. The "
            "server's quota is 200,000 files.",
            (4096, 8192, 8192),
            "uint8",
            (0.008, 0.008, 0.008),
            "lan",
            200_000,
            (
                Use("A window of 1920 × 1080 in an XY plane", (1, 1080, 1920), 3000),
                Use("The same window in an XZ plane", (1080, 1, 1920), 3000),
                Use("The same window in a YZ plane", (1080, 1920, 1), 3000),
                Use("A whole XY plane on the screen", (1, 8192, 8192), 500, (1080, 1920)),
                Use("A block of 256³ for training", (256, 256, 256), 2000),
            ),
        ),
        "movie": Scenario(
            "A film on a laptop",
            "2,000 frames of swimming larvae, one plane each, 17 GB, on the SSD of a laptop. "
            "Frames are looked at as a whole, played, and tracked from first to last. The folder "
            "is shared through a service that takes 100,000 files.",
            (2000, 2048, 2048),
            "uint16",
            (0.1, 0.65, 0.65),
            "sata-ssd",
            100_000,
            (
                Use("A frame on the screen", (1, 2048, 2048), 20_000, (1080, 1920)),
                Use("All frames, to track", (2000, 2048, 2048), 5),
            ),
            "TYX",
        ),
        "small": Scenario(
            "A small stack",
            "A confocal stack of 210 MB on the SSD of a laptop. You scroll through it, look at it "
            "from the side now and then, and run a segmentation on all of it.",
            (100, 1024, 1024),
            "uint16",
            (0.5, 0.1, 0.1),
            "sata-ssd",
            100_000,
            (
                Use("An XY plane", (1, 1024, 1024), 500),
                Use("A YZ plane", (100, 1024, 1), 20),
                Use("All of it, to segment", (100, 1024, 1024), 20),
            ),
        ),
    }
)
"""Briefs of the exercise, by a short name. Exercise data: no measured datasets or habits."""
