# /// script
# requires-python = ">=3.11"
# dependencies = ["neuroglancer", "playwright", "aiohttp", "numpy", "pillow"]
# ///
"""Neuroglancer in headless Chromium: does a plane look as its voxels are? Prints JSON.

Takes the path of an image, its format, the path of a file with the plane (x, y of channel 0 as
``.npy``, y first), the plane's number and the path of Chromium. Python's neuroglancer brings the
viewer's own scripts along. The image comes from a web server that answers ranges and sends CORS
headers. A voxel is a pixel of the screen, and its grey is its value over 4096.
"""

import asyncio
import importlib.metadata
import json
import sys
import threading
from pathlib import Path

import neuroglancer
import numpy as np
from aiohttp import web
from playwright.sync_api import sync_playwright

SCHEMES = {"ome-zarr-0.4": "|zarr2:", "ozx": "|zip:|zarr3:"}
SHADER = "void main() { emitGrayscale(toNormalized(getDataValue()) * 65535.0 / 4096.0); }"
SIZES = {"z": 0.5, "y": 0.25, "x": 0.125}
"""In µm, of the image that it is asked about."""
EDGE = 2
GRAPHICS = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


def serve(folder):
    """Serve a folder to this machine, in a thread; return its address."""

    async def allow(_, response):
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Allow-Headers"] = "Range"

    async def preflight(_):
        return web.Response()

    async def start():
        app = web.Application()
        app.on_response_prepare.append(allow)
        app.router.add_route("OPTIONS", "/{path:.*}", preflight)
        app.router.add_static("/", folder)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return runner.addresses[0][1]

    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    return f"http://127.0.0.1:{asyncio.run_coroutine_threadsafe(start(), loop).result(20)}"


def shown(viewer, plane, number):
    """Say how well the viewer, which a page shows by now, took the image."""
    stated = viewer.state.dimensions
    if stated is None or not {"x", "y", "z"} <= set(stated.names):
        return "no"
    sizes = {name: stated[name].scale * 1e6 for name in "zyx"}
    with viewer.txn() as state:
        state.display_dimensions = ["x", "y", "z"]
        # Places are those of OME-Zarr: a voxel lies around a whole number.
        middle = {"z": number, "y": (plane.shape[0] - 1) / 2, "x": (plane.shape[1] - 1) / 2}
        state.position = [middle[name] for name in stated.names]
        state.layers["image"].local_position = [0]  # of the channels
        state.cross_section_scale = 1
    tall = round(sizes["y"] / sizes["x"])  # pixels of the screen for each voxel along y
    # Without the outermost voxels, over which a frame is drawn.
    expected = np.repeat(plane[EDGE:-EDGE, EDGE:-EDGE], tall, axis=0) / 4096 * 255
    size = [plane.shape[1], tall * plane.shape[0]]
    grey = viewer.screenshot(size=size).screenshot.image_pixels[..., 0].astype(float)
    parts = np.lib.stride_tricks.sliding_window_view(grey, expected.shape)
    if not any(np.abs(part - expected).max() <= 1 for row in parts for part in row):
        return "other voxels"
    right = all(abs(sizes[name] - size) < 1e-6 for name, size in SIZES.items())
    return "yes" if right else "wrong voxel size"


def main(path, file_format, plane_path, number, chromium):
    plane = np.load(plane_path)
    path = Path(path)
    source = f"{serve(path.parent)}/{path.name}{'' if file_format == 'ozx' else '/'}"
    source += SCHEMES.get(file_format, "|zarr3:")
    neuroglancer.set_server_bind_address("127.0.0.1")
    viewer = neuroglancer.Viewer()
    with viewer.txn() as state:
        state.layers["image"] = neuroglancer.ImageLayer(source=source, shader=SHADER)
        state.layout = "xy"
        state.show_axis_lines = False
        state.show_scale_bar = False
        state.cross_section_background_color = "#000000"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=GRAPHICS)
        page = browser.new_page(viewport={"width": 800, "height": 800})
        page.goto(viewer.get_viewer_url())
        for _ in range(100):  # until it has read the metadata, or 20 s
            page.wait_for_timeout(200)
            if viewer.state.dimensions is not None and len(viewer.state.dimensions.names):
                break
        opens = shown(viewer, plane, int(number))
        browser.close()
    version = importlib.metadata.version("neuroglancer")
    print(json.dumps({"version": version, "opens": opens}))


main(*sys.argv[1:])
