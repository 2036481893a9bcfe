"""What all tests share: their order, compiled modules, one build of the book, one Node process."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator

import psutil
import pytest
from hypothesis import HealthCheck, settings
from nbval.plugin import IPyNbCell

from tests.node import Node
from tests.running_order import turn
from tests.site_build import SiteBuild

# How long an example takes is a matter of what else the computer does.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_configure(config: pytest.Config) -> None:
    """Heed Ctrl-C, let what tests start heed it, and compile each module once."""
    # A shell starts background jobs deaf to Ctrl-C.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # Where Python may not write beside modules, each of the hundreds of processes that tests start
    # would compile all that it imports, which takes longer than to run it.
    if sys.dont_write_bytecode and hasattr(config, "cache"):
        sys.pycache_prefix = str(config.cache.mkdir("bytecode"))
        sys.dont_write_bytecode = False
        os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_xdist_auto_num_workers() -> int:
    """Two processes more than there are processors: many tests wait for browsers and programs."""
    return (os.cpu_count() or 1) + 2


def _site_files(items: list[pytest.Item]) -> set[object]:
    """Files with a test of the built book; one process runs all tests of a file."""
    return {item.path for item in items if "site_folder" in getattr(item, "fixturenames", ())}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Be patient with kernels, and let all processes come to their end together."""
    for item in items:
        if isinstance(item, IPyNbCell):
            item.output_timeout = 300  # seconds until a kernel has said all, on a busy computer
    site = _site_files(items)
    items.sort(key=lambda item: turn(item.path.name, of_the_site=item.path in site))


@pytest.fixture(scope="session", autouse=True)
def site_build(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SiteBuild]:
    """The session's one build of the book, started where it is needed by whoever tests first."""
    process = os.environ.get("PYTEST_XDIST_WORKER", "")  # empty: there is only this one
    base = tmp_path_factory.getbasetemp()
    build = SiteBuild((base.parent if process else base) / "built-site")
    wanted = bool(_site_files(request.session.items)) and "BIGIMG_SITE" not in os.environ
    if wanted:
        build.start()  # a process that is given no test would never come here, so none is chosen
    yield build
    build.end(now=bool(request.session.shouldstop or request.session.shouldfail))


@pytest.fixture(scope="session")
def node() -> Iterator[Node]:
    """A Node process that evaluates functions of front-end modules."""
    process = Node()
    yield process
    process.close()


@pytest.fixture
def no_handle_stays_open() -> Iterator[None]:
    """Fail if the test leaves an HDF5 file open."""

    def handles() -> list[str]:
        return [file.path for file in psutil.Process().open_files() if ".h5" in file.path]

    yield
    for _ in range(100):  # where dask failed, its other threads may still be reading
        if not handles():
            break
        time.sleep(0.02)
    assert not handles()
