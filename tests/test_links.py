import asyncio
import doctest
import heapq
import math
import threading
import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bigimg_lessons.measure.network
from bigimg_lessons.measure.network import Line, Link


def ends_by_hand(transfers, bandwidth):
    """When each ``(start, size)`` ends: exact fractions, one event after the other."""
    left = {}
    waiting = sorted((Fraction(start), number) for number, (start, _) in enumerate(transfers))
    ends = {}
    now = Fraction(0)
    while waiting or left:
        share = Fraction(bandwidth) / max(1, len(left))
        until = [waiting[0][0]] if waiting else []
        if left:
            until.append(now + min(left.values()) / share)
        step = max(Fraction(0), min(until) - now)
        now += step
        left = {number: size - step * share for number, size in left.items()}
        for number in [number for number, size in left.items() if size <= 0]:
            ends[number] = now
            del left[number]
        while waiting and waiting[0][0] <= now:
            _, number = heapq.heappop(waiting)
            left[number] = Fraction(transfers[number][1])
    return [float(ends[number]) for number in range(len(transfers))]


some_transfers = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 30)), min_size=1, max_size=8)


@given(some_transfers, st.sampled_from([1, 3, 10]))
def test_transfers_share_the_line_evenly(transfers, bandwidth):
    line = Line(bandwidth)
    numbers = [line.add(start, size) for start, size in transfers]
    expected = ends_by_hand(transfers, bandwidth)
    assert [line.end(number) for number in numbers] == pytest.approx(expected)
    for now in range(0, 400, 7):  # looking in between changes nothing
        line.run(now)
    assert [line.end(number) for number in numbers] == pytest.approx(expected)


@given(some_transfers, st.integers(0, 10))
def test_another_transfer_only_delays(transfers, size):
    line = Line(2.0)
    numbers = [line.add(start, size) for start, size in transfers]
    alone = [line.end(number) for number in numbers]
    line.add(5, size)
    assert all(line.end(n) >= end - 1e-9 * end for n, end in zip(numbers, alone, strict=True))


def test_transfers_by_hand():
    line = Line(100.0)
    long, short, late = line.add(0, 100), line.add(0.5, 25), line.add(3, 200)
    # Half a second alone, half a second shared, then alone again.
    assert line.end(short) == pytest.approx(1.0)
    assert line.end(long) == pytest.approx(1.25)
    assert line.end(late) == pytest.approx(5.0)
    line.run(1.1)
    assert line.end(short) == pytest.approx(1.0)
    line.forget(short)
    # A start in the past counts as now.
    assert line.end(line.add(0, 0)) == pytest.approx(1.1)


def test_an_infinite_bandwidth_takes_no_time():
    line = Line(math.inf)
    first, second = line.add(2.0, 10**12), line.add(2.0, 1)
    line.run(1.0)
    assert (line.end(first), line.end(second)) == (2.0, 2.0)
    line.run(3.0)
    assert (line.end(first), line.end(second)) == (2.0, 2.0)


@given(
    st.integers(1, 60),
    st.integers(1, 12),
    st.integers(0, 10**7),
    st.floats(0, 1),
    st.floats(1e3, 1e9),
)
def test_rounds_of_equal_requests_take_exactly_what_the_cost_model_says(
    requests, concurrency, size, latency, bandwidth
):
    line = Line(bandwidth)
    seconds = 0.0
    for first in range(0, requests, concurrency):
        numbers = [
            line.add(seconds + latency, size)
            for _ in range(first, min(first + concurrency, requests))
        ]
        seconds = max(line.end(number) for number in numbers)
        line.run(seconds)
    expected = math.ceil(requests / concurrency) * latency + requests * size / bandwidth
    assert seconds == pytest.approx(expected)


def seconds_of(action):
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def in_threads(link, sizes):
    threads = [threading.Thread(target=link.wait, args=(size,)) for size in sizes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_request_waits_for_latency_and_bytes():
    link = Link(latency=0.05, bandwidth=1e6)
    assert seconds_of(lambda: link.wait(20_000)) >= 0.07


def test_requests_wait_at_the_same_time_but_share_the_line():
    link = Link(latency=0.1, bandwidth=1e6)
    # After each other they would take 10 s.
    assert 0.1 + 0.1 <= seconds_of(lambda: in_threads(link, [1_000] * 100)) < 5


def test_asynchronous_requests_wait_at_the_same_time_but_share_the_line():
    link = Link(latency=0.1, bandwidth=1e6)

    async def read():
        await asyncio.gather(*(link.wait_async(1_000) for _ in range(100)))

    # After each other they would take 10 s.
    assert 0.1 + 0.1 <= seconds_of(lambda: asyncio.run(read())) < 5


def test_asynchronous_waiting_lets_others_run():
    others_ran = threading.Event()

    class Held(Link):
        """A link whose waiting ends when others have run."""

        def wait(self, size, *, since=None):
            assert others_ran.wait(60)

    async def read():
        waiting = asyncio.create_task(Held().wait_async(0))
        await asyncio.sleep(0)
        others_ran.set()
        await waiting

    asyncio.run(read())


def test_time_already_spent_counts():
    link = Link(latency=300)
    assert seconds_of(lambda: link.wait(0, since=time.perf_counter() - 300)) < 240


def test_short_waits_are_no_ticks_of_a_coarse_timer():
    # Those of 15.6 ms, as some timers of Windows have, would leave none that is shorter.
    link = Link(latency=0.002)

    async def read():
        waits = []
        for _ in range(100):
            begun = time.perf_counter()
            await link.wait_async(0)
            waits.append(time.perf_counter() - begun)
        return sorted(waits)

    waits = asyncio.run(read())
    assert waits[0] >= 0.002
    assert waits[10] < 0.015  # where the computer is busy, most may take longer


def test_a_link_without_limits_does_not_wait():
    assert seconds_of(lambda: Link().wait(10**12)) < 240


def test_it_remembers_nothing_of_requests_that_are_over():
    link = Link(latency=0.001, bandwidth=1e8)
    in_threads(link, [1000] * 20)
    line = link._line
    assert (line._ended, line._under_way, line._coming) == ({}, [], [])


@pytest.mark.parametrize(
    ("figures", "message"),
    [
        ({"latency": -1}, r"latency is -1: give seconds, 0 or more"),
        ({"latency": math.nan}, r"latency is nan: give seconds"),
        ({"latency": math.inf}, r"latency is inf: give seconds"),
        ({"bandwidth": 0}, r"bandwidth is 0: give bytes per second, above 0"),
        ({"bandwidth": math.nan}, r"bandwidth is nan: give bytes per second"),
    ],
)
def test_a_link_that_makes_no_sense_is_refused(figures, message):
    with pytest.raises(ValueError, match=message):
        Link(**figures)


def test_it_tells_its_figures():
    link = Link(latency=0.02, bandwidth=50e6)
    assert (link.latency, link.bandwidth) == (0.02, 50e6)
    assert repr(link) == "Link(latency=0.02, bandwidth=50000000.0)"


def test_examples_in_the_documentation_are_right():
    ran = doctest.testmod(bigimg_lessons.measure.network)
    assert ran.attempted > 2
    assert ran.failed == 0
