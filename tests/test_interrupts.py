"""Signals wait, and are not lost."""

import signal
import threading

import pytest

from bigimg_lessons.saving.interrupts import interrupts_wait


@pytest.fixture(autouse=True)
def ctrl_c_is_heeded():
    """As in a terminal; a process that a shell starts in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def signals_come(*numbers, then=None):
    """Let signals come in a block in which they wait; return what was done after they came."""
    done = []
    try:
        with interrupts_wait():
            for number in numbers:
                signal.raise_signal(number)
            done.append("all of it")
            if then is not None:
                raise then
    except BaseException as error:
        return done, error
    return done, None


def test_ctrl_c_waits_until_the_block_is_left():
    done, error = signals_come(signal.SIGINT)
    assert done == ["all of it"]
    assert isinstance(error, KeyboardInterrupt)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_every_signal_gets_to_whoever_waits_for_it():
    came = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: came.append(number))
    try:
        _, error = signals_come(signal.SIGINT, signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert came == [signal.SIGTERM]
    assert isinstance(error, KeyboardInterrupt)


def test_an_error_in_the_block_does_not_lose_them():
    _, error = signals_come(signal.SIGINT, then=ValueError("something else"))
    assert isinstance(error, KeyboardInterrupt)
    assert isinstance(error.__context__, ValueError)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_what_is_ignored_stays_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interrupts_wait():
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


def test_another_thread_has_nothing_to_wait_for():
    seen = []

    def run():
        with interrupts_wait():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]
