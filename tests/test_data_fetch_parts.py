"""The parts of ``data_fetch`` that need no server: headers, records, notes, the registry."""

from __future__ import annotations

import hashlib
import re
import time
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3 import HTTPResponse

from bigimg_lessons.samples.files import REAL_TIFFS
from data_fetch.patience import Manners, Patience
from data_fetch.registry import REAL_DATASETS, Dataset, Pin, RemoteFile
from data_fetch.stored import Note, State, digest, look, note_path, part_path, read_note, write_note
from data_fetch.zenodo import RecordFile, file_path, parse_record

NOW = datetime(2026, 11, 22, 8, 0, 0, tzinfo=UTC)
MD5 = "71449104d017a6056ac1a5fb58754975"

# Retry-After


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("0", 0),
        ("120", 120),
        (" 7 ", 7),
        ("Sun, 22 Nov 2026 08:01:30 GMT", 90),
        ("Sun, 22 Nov 2026 08:01:30 -0000", 90),
        ("Sun, 22 Nov 2026 09:01:30 +0100", 90),
        ("Sun, 22 Nov 2026 07:00:00 GMT", 0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
    ],
)
def test_retry_after(header, seconds, monkeypatch):
    monkeypatch.setattr(time, "time", NOW.timestamp)
    assert asked_pause(header) == seconds


def asked_pause(header):
    """Seconds that an answer with this ``Retry-After`` asks to wait."""
    manners = Manners("host", 6, sleep=lambda _: None, tell=lambda _: None)
    headers = {} if header is None else {"Retry-After": header}
    return Patience(manners).get_retry_after(HTTPResponse(headers=headers))


@given(st.integers(0, 10**4), st.integers(-12, 14))
def test_retry_after_dates_are_read_in_any_time_zone(seconds, hours):
    zone = timezone(timedelta(hours=hours))
    header = format_datetime((NOW + timedelta(seconds=seconds)).astimezone(zone))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", NOW.timestamp)
        pause = asked_pause(header)
    assert pause == seconds


@given(st.text())
def test_retry_after_never_fails(header):
    seconds = asked_pause(header)
    assert seconds is None or seconds >= 0


# Records


def zenodo_form():
    return {
        "metadata": {
            "title": "Big image data",
            "creators": [{"name": "Doe, Jane", "affiliation": "X"}, {"name": "Roe, Richard"}],
            "license": {"id": "cc-by-4.0"},
        },
        "files": [{"key": "a b.h5", "size": 76122, "checksum": f"md5:{MD5}", "links": {}}],
    }


def invenio_form():
    return {
        "metadata": {
            "title": "Big image data",
            "creators": [
                {"person_or_org": {"type": "personal", "name": "Doe, Jane"}},
                {"person_or_org": {"type": "personal", "name": "Roe, Richard"}},
            ],
            "rights": [{"id": "cc-by-4.0", "title": {"en": "Creative Commons"}}],
        },
        "files": {
            "enabled": True,
            "entries": {"a b.h5": {"key": "a b.h5", "size": 76122, "checksum": f"md5:{MD5}"}},
        },
    }


@pytest.mark.parametrize("form", [zenodo_form, invenio_form])
def test_both_forms_of_a_record_say_the_same(form):
    record = parse_record(7, form())
    assert (record.number, record.title) == (7, "Big image data")
    assert record.creators == ("Doe, Jane", "Roe, Richard")
    assert record.licence == "cc-by-4.0"
    assert record.files == {"a b.h5": RecordFile("a b.h5", 76122, f"md5:{MD5}")}


def test_entries_may_be_a_list():
    answer = invenio_form()
    answer["files"]["entries"] = list(answer["files"]["entries"].values())
    assert parse_record(7, answer).file("a b.h5").size == 76122


def test_a_record_may_state_no_licence_and_no_creators():
    answer = zenodo_form()
    del answer["metadata"]["license"], answer["metadata"]["creators"]
    record = parse_record(7, answer)
    assert (record.licence, record.creators) == (None, ())
    assert record.credit() == (
        "Zenodo record 7: 'Big image data', creators not stated; no licence stated: ask its "
        "creators before you pass the files on."
    )


def test_a_licence_of_its_own_is_named_by_its_title():
    answer = invenio_form()
    answer["metadata"]["rights"] = [{"title": {"en": "Ask us"}}, {"id": "cc0-1.0"}]
    assert parse_record(7, answer).licence == "Ask us, cc0-1.0"


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("checksum", MD5, "not like 'md5:0123'"),
        ("checksum", "md5:", "not like 'md5:0123'"),
        ("checksum", "crc17:00", "not like 'md5:0123'"),
        ("checksum", None, "no 'checksum'"),
        ("size", "76122", "no 'size'"),
        ("size", 0, "0 bytes"),
        ("size", -1, "-1 bytes"),
        ("key", None, "no 'key'"),
    ],
)
def test_a_file_that_is_not_described_is_refused(key, value, message):
    answer = zenodo_form()
    answer["files"][0][key] = value
    with pytest.raises(ValueError, match=re.escape(message)):
        parse_record(7, answer)


def test_a_digest_in_capitals_is_the_same():
    answer = zenodo_form()
    answer["files"][0]["checksum"] = f"md5:{MD5.upper()}"
    assert parse_record(7, answer).file("a b.h5").checksum == f"md5:{MD5}"


def test_file_names_are_quoted_in_addresses():
    assert file_path(7, "a b#1.h5") == "/records/7/files/a%20b%231.h5?download=1"


# Notes and states


def test_digest_is_that_of_hashlib(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"abc")
    assert digest(path, "md5:?") == "md5:900150983cd24fb0d6963f7d28e17f72"  # RFC 1321, A.5
    assert digest(path, "sha256:?") == f"sha256:{hashlib.sha256(b'abc').hexdigest()}"


@given(
    size=st.integers(0, 10**15),
    licence=st.none() | st.text(),
    etag=st.none() | st.text(),
)
def test_notes_come_back_as_written(tmp_path_factory, size, licence, etag):
    path = tmp_path_factory.mktemp("notes") / "a.tif"
    note = Note(size=size, checksum=f"md5:{MD5}", licence=licence, etag=etag)
    write_note(path, note)
    assert read_note(path) == note
    assert [found.name for found in path.parent.iterdir()] == ["a.tif.note.json"]


def test_states_of_a_file(tmp_path):
    path = tmp_path / "a.tif"
    note = Note(size=3, checksum="md5:900150983cd24fb0d6963f7d28e17f72", licence=None)
    assert look(path).state is State.NOT_THERE
    assert look(path).size is None
    assert not look(path).matches(note.size, note.checksum)

    part_path(path).write_bytes(b"a")
    assert look(path).state is State.NOT_THERE  # nothing says of what it is a part
    write_note(part_path(path), note)
    assert (look(path).state, look(path).bytes_there, look(path).size) == (State.PARTLY, 1, 3)

    path.write_bytes(b"abc")
    assert (look(path).state, look(path).size) == (State.UNCHECKED, 3)
    write_note(path, note)
    assert (look(path).state, look(path).size) == (State.THERE, 3)
    assert look(path).matches(note.size, note.checksum)
    path.write_bytes(b"abd")
    assert look(path).state is State.THERE  # not read
    assert not look(path).matches(note.size, note.checksum)
    path.write_bytes(b"ab")
    assert look(path).state is State.CHANGED
    assert not look(path).matches(note.size, note.checksum)


# The registry


def all_files() -> list[RemoteFile]:
    return [file for dataset in REAL_DATASETS.values() for file in dataset.files]


def test_file_names_are_safe_on_every_system_and_unique():
    names = [file.name for file in all_files()]
    assert len({name.lower() for name in names}) == len(names)
    for name in names:
        assert re.fullmatch(r"[a-z0-9_]+\.(tif|h5|xml)", name)
        assert PureWindowsPath(name).name == name
        # A part and the notes have an ending of their own, which no reader opens as an image.
        path = PureWindowsPath(name)
        assert path.with_name(f"{name}.part").suffix == ".part"


def test_readers_open_a_file_that_comes_after_what_it_refers_to():
    for dataset in REAL_DATASETS.values():
        assert [file.name.endswith(".xml") for file in dataset.files[:-1]] in ([], [False])


def test_names_are_those_that_lessons_know():
    for name, file_name in REAL_TIFFS.items():
        assert [file.name for file in REAL_DATASETS[name].files] == [file_name]
        assert f"BIGIMG_DATASET={name} " in REAL_DATASETS[name].use


def test_datasets_cannot_be_changed():
    with pytest.raises(AttributeError):
        REAL_DATASETS["platy"].record = 1  # type: ignore[misc]
    assert isinstance(REAL_DATASETS["platy"], Dataset)


@pytest.mark.parametrize(
    "checksum",
    [
        "",
        MD5,
        f"md4x:{MD5}",
        f"md5:{MD5[:-1]}",
        f"md5:{MD5}0",
        f"md5:{MD5.upper()}",
        f"sha256:{MD5}",
        "shake_128:",
        "md5:" + "x" * 32,
    ],
)
def test_a_pin_with_a_checksum_that_is_none(checksum):
    with pytest.raises(ValueError, match=r"checksum of a pin is .*give an algorithm and all"):
        Pin(3, checksum)


def test_a_pin_of_an_empty_file():
    with pytest.raises(ValueError, match="size of a pin is 0: give the bytes"):
        Pin(0, f"md5:{MD5}")


def test_part_and_note_lie_beside_the_file(tmp_path):
    assert part_path(tmp_path / "a.tif") == tmp_path / "a.tif.part"
    assert note_path(tmp_path / "a.tif") == tmp_path / "a.tif.note.json"
