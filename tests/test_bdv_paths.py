import os

import pytest

from bigimg_lessons.formats.bdv.paths import resolve


def lead(reference, start="/data/set", root="/data/set", allow_outside=False):
    return resolve(reference, start=start, root=root, source="x.xml", allow_outside=allow_outside)


@pytest.mark.parametrize(
    ("reference", "path"),
    [
        ("x.h5", "/data/set/x.h5"),
        ("./sub//x.h5", "/data/set/sub/x.h5"),
        (r"sub\x.h5", "/data/set/sub/x.h5"),
        ("sub/../x.h5", "/data/set/x.h5"),
        (".", "/data/set"),
        ("..x.h5", "/data/set/..x.h5"),
        ("a b&c%20.h5", "/data/set/a b&c%20.h5"),
        ("/data/set/x.h5", "/data/set/x.h5"),
        ("/data/other/../set/x.h5", "/data/set/x.h5"),
        ("file:/data/set/x.h5", "/data/set/x.h5"),
        ("file:///data/set/x.h5", "/data/set/x.h5"),
    ],
)
def test_paths_within_the_folder(reference, path):
    assert lead(reference) == path


@pytest.mark.parametrize(
    ("reference", "path"),
    [
        ("../x.h5", "/data/x.h5"),
        ("sub/../../x.h5", "/data/x.h5"),
        (r"..\x.h5", "/data/x.h5"),
        ("../../../../etc/passwd", "/etc/passwd"),
        ("/etc/passwd", "/etc/passwd"),
        ("/data/settings/x.h5", "/data/settings/x.h5"),
        ("file:///etc/passwd", "/etc/passwd"),
        ("C:/x.h5", "C:/x.h5"),
        (r"C:\a\..\x.h5", "C:/x.h5"),
        ("file:///C:/x.h5", "C:/x.h5"),
        (r"\\server\share\x.h5", "//server/share/x.h5"),
    ],
)
def test_paths_that_leave_the_folder_need_leave(reference, path):
    with pytest.raises(ValueError, match=r"x\.xml points to .* leaves the folder '/data/set'"):
        lead(reference)
    assert lead(reference, allow_outside=True) == path


def test_a_link_may_lead_back_up_within_the_root():
    assert lead("../b/x.h5", start="/data/set/a") == "/data/set/b/x.h5"


def test_the_file_systems_own_root_can_be_the_folder():
    assert lead("../x.h5", start="/", root="/") == "/x.h5"


@pytest.mark.parametrize("reference", ["http://host/x.h5", "s3://bucket/x.h5", "memory://x.h5"])
def test_addresses_are_refused_even_with_leave(reference):
    with pytest.raises(ValueError, match="is an address and not a file"):
        lead(reference, allow_outside=True)


@pytest.mark.parametrize("reference", ["", "file:"])
def test_empty_paths_are_refused(reference):
    with pytest.raises(ValueError, match=r"x\.xml gives an empty path"):
        lead(reference)


def test_folders_on_a_server_work_like_local_ones():
    address = "http://127.0.0.1:80/set"
    assert lead("x.h5", start=address, root=address) == f"{address}/x.h5"
    with pytest.raises(ValueError, match="leaves the folder"):
        lead("../y.h5", start=address, root=address)


@pytest.mark.skipif(os.name != "nt", reason="letter case only vanishes on Windows")
def test_letter_case_makes_no_difference_on_windows():
    assert lead("c:/DATA/x.h5", start="C:/data", root="C:/data") == "c:/DATA/x.h5"
