"""The order in which the files of tests are run.

One process runs all tests of a file. Where a file that takes a minute or two begins when the others
are about to end, its process works on alone: so those come first, and the short ones fill the gaps.
"""

from __future__ import annotations

LONG = (
    "02_store_in_pieces.ipynb",
    "test_memory_limit.py",
    "test_lessons_at_once.py",
    "test_zoom_viewer_bad_servers.py",
    "test_build_imports.py",
    "test_lessons_again.py",
    "test_fault_interrupts.py",
    "03_look_inside_bdv_hdf5.ipynb",
    "04_build_a_resolution_pyramid.ipynb",
    "01_open_without_loading.ipynb",
    "test_bdv_imports.py",
    "test_fault_places.py",
    "test_fault_processes.py",
    "test_build_pyramid.py",
    "test_lesson_memory.py",
    "test_bdv_writer.py",
    "test_anywidget_host.py",
    "test_quiz_lab.py",
    "test_instruments_lab.py",
    "test_sources.py",
    "test_site_images.py",
    # Those of the built book.
    "test_accessibility_page.py",
    "test_page_budgets.py",
    "test_reader_progress_page.py",
    "test_fetch_experiment_page.py",
    "test_links_land.py",
    "test_site.py",
    "test_print_page.py",
    "test_zoom_viewer_page.py",
    "test_quiz_page.py",
    "test_chunk_explorer_page.py",
    "test_assessment_page.py",
)
"""Files that cost 10 s of a processor or more, or as long a wait, the longest first."""

_PLACES = {name: place for place, name in enumerate(LONG)}


def turn(name: str, *, of_the_site: bool) -> tuple[int, int]:
    """Return by what to sort a file: long ones, those of the built book, and all others.

    Parameters
    ----------
    name
        Of the file.
    of_the_site
        Whether it needs the book, which is built while the first files run.
    """
    group = 1 if of_the_site else 0 if name in _PLACES else 2
    return group, _PLACES.get(name, len(_PLACES))
