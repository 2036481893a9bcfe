"""The order in which the files of tests are run.

One process runs all tests of a file. Where a file that takes a minute or two begins when the others
are about to end, its process works on alone: so those come first, and the short ones fill the gaps.
"""

from __future__ import annotations

LONG = (
    "02_store_in_pieces.ipynb",
    "test_memory_limit.py",
    "test_lessons_at_once.py",
    "test_cluster_kills.py",
    "test_zoom_viewer_bad_servers.py",
    "test_build_imports.py",
    "test_tool_tabs.py",
    "test_file_report_page.py",
    "test_lessons_again.py",
    "test_fault_interrupts.py",
    "test_cluster_building.py",
    "06b_many_hands.ipynb",
    "test_object_pyramids.py",
    "test_cluster_cancelling.py",
    "test_sources.py",
    "test_exercises.py",
    "test_lines_in_order.py",
    "test_standalone_page.py",
    "03_look_inside_bdv_hdf5.ipynb",
    "04_build_a_resolution_pyramid.ipynb",
    "01_open_without_loading.ipynb",
    "05_compare_file_formats.ipynb",
    "06a_far_away.ipynb",
    "test_cluster_objects.py",
    "test_lesson_many_hands.py",
    "test_bdv_fuzz.py",
    "test_slides_page.py",
    "test_planner_page.py",
    "test_sample_files.py",
    "test_bdv_imports.py",
    "test_fault_places.py",
    "test_fault_processes.py",
    "test_build_pyramid.py",
    "test_lesson_memory.py",
    "test_bdv_writer.py",
    "test_chunk_predictions.py",
    "test_bdv_array.py",
    "test_bdv_bioformats.py",
    "test_imaris.py",
    "test_pack.py",
    "test_image_reads.py",
    "test_anywidget_host.py",
    "test_quiz_lab.py",
    "test_instruments_lab.py",
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
    "test_lesson_pages_page.py",
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
