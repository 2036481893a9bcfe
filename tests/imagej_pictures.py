"""Take the pictures of ImageJ in the tabs of lessons: ``uv run python -m tests.imagej_pictures``.

It makes the lessons' sample volume, which is synthetic, goes through the steps of the tabs in
ImageJ, writes ``book/figures/imagej_*.webp``, and prints ImageJ's version. The pictures' captions
in the notebooks and ``book/checked_tabs.toml`` name that, and the date. It needs Linux and
``apt install imagej xvfb openbox x11-xserver-utils xdotool imagemagick``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bigimg_lessons.samples.files import sample_tiff
from tests.imagej import missing, run_macro, screen

FIGURES = Path(__file__).parents[1] / "book" / "figures"
BACKGROUND = "#a9b4bf"

OPEN_WHOLE = "open(path);"
OPEN_VIRTUAL = 'run("TIFF Virtual Stack...", "open=[" + path + "]");'
SHOW_PLANE_100 = 'setSlice(101); run("Set... ", "zoom=25"); setLocation(20, 130);'
ORTHOGONAL = 'doCommand("Orthogonal Views"); while (nImages < 3) wait(100);'
SPOIL = 'setVoxelSize(0.04, 0.04, 0.04, "um");'
PROPERTIES = """
doCommand("Properties...");
wait(4000);
exec("xdotool", "search", "--name", "^synthetic_.*tif$", "windowmove", "300", "130");
"""
MEMORY = """
call("java.lang.System.gc");
doCommand("Monitor Memory...");
wait(4000);
exec("xdotool", "search", "--name", "^Memory$", "windowmove", "20", "470");
"""
# A window is painted some time after it is there. The window of ImageJ itself lies above y = 110.
SHOT = f"""
exec("xsetroot", "-solid", "{BACKGROUND}");
wait(4000);
exec("import", "-window", "root", "-crop", "1280x790+0+110", "+repage", picture);
answer = getVersion();
"""

# What each picture shows, from left to right.
PICTURES = {
    "imagej_properties": [OPEN_WHOLE + SHOW_PLANE_100 + PROPERTIES],
    "imagej_orthogonal": [
        OPEN_WHOLE + SHOW_PLANE_100 + ORTHOGONAL,
        OPEN_WHOLE + SPOIL + SHOW_PLANE_100 + ORTHOGONAL,
    ],
    "imagej_virtual": [
        OPEN_WHOLE + SHOW_PLANE_100 + MEMORY,
        OPEN_VIRTUAL + SHOW_PLANE_100 + MEMORY,
    ],
}


def take(name: str, folder: Path, display: str) -> str:
    """Take one picture, side by side of its parts, and return the version of ImageJ."""
    path, parts = sample_tiff(), []
    for number, steps in enumerate(PICTURES[name]):
        parts.append(str(folder / f"{name}_{number}.png"))
        given = f'path = "{path}"; picture = "{parts[-1]}";\n'
        version = run_macro(f"{given}{steps}{SHOT}", folder, display)
    frame = ["-bordercolor", BACKGROUND, "-trim", "-border", "12", "+repage"]
    joined = ["-background", BACKGROUND, "+append", "-quality", "50", str(FIGURES / f"{name}.webp")]
    subprocess.run(["convert", *parts, *frame, *joined], check=True)
    return version


def main() -> int:
    """Take all pictures; return the exit code."""
    lacking = missing("openbox", "xsetroot", "xdotool", "import", "convert")
    if lacking:
        sys.stderr.write(f"Not found: {', '.join(lacking)}.\n")
        return 1
    with (
        tempfile.TemporaryDirectory() as folder,
        screen() as display,
        # Its frames have the windows' titles.
        subprocess.Popen(["openbox"], env={**os.environ, "DISPLAY": display}) as frames,
    ):
        for name in PICTURES:
            version = take(name, Path(folder), display)
            sys.stdout.write(f"{name}.webp: ImageJ {version}\n")
        frames.terminate()
    return 0


if __name__ == "__main__":
    sys.exit(main())
