// The zoom viewer's arithmetic, against counts that are made one by one.
import assert from "node:assert/strict";
import test from "node:test";

import { Chunks, beyond } from "../../src/bigimg_lessons/widgets/js/viewer/chunks.js";
import {
  costOf,
  costOfSpan,
  isShowable,
} from "../../src/bigimg_lessons/widgets/js/viewer/costs.js";
import { Counters } from "../../src/bigimg_lessons/widgets/js/viewer/counters.js";
import { areaOf } from "../../src/bigimg_lessons/widgets/js/viewer/drawing.js";
import {
  chunksIn,
  countOf,
  outside,
  spanOf,
} from "../../src/bigimg_lessons/widgets/js/viewer/geometry.js";
import {
  lengthText,
  pixelSizeText,
  roundLength,
} from "../../src/bigimg_lessons/widgets/js/viewer/lengths.js";
import { extremes, greyOf } from "../../src/bigimg_lessons/widgets/js/viewer/pixels.js";
import { Requests } from "../../src/bigimg_lessons/widgets/js/viewer/requests.js";
import {
  approached,
  clamped,
  fit,
  nearestLevel,
  rectangle,
  zoomed,
} from "../../src/bigimg_lessons/widgets/js/viewer/view.js";

// Numbers that look random and are the same each time (a linear congruential generator).
function dice(seed) {
  let state = seed;
  return (below) => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
}
const names = (span) => [...chunksIn(span)].map(String).sort();

test("a span holds the chunks that have pixels in a rectangle", () => {
  const roll = dice(1);
  for (let round = 0; round < 300; round++) {
    const level = {
      shape: [1 + roll(90), 1 + roll(90)],
      chunk: [1 + roll(20), 1 + roll(20)],
      factor: [1 + roll(4), 1 + roll(4)],
      origin: [roll(9) - 4, roll(9) - 4],
    };
    const [top, left] = [roll(200) - 50, roll(200) - 50];
    const area = [top, left, top + 1 + roll(150), left + 1 + roll(150)];
    const touched = [0, 1].map((axis) => {
      const { shape, chunk, factor, origin } = level;
      const found = [];
      for (let n = 0; n * chunk[axis] < shape[axis]; n++) {
        const from = origin[axis] + n * chunk[axis] * factor[axis];
        const to = origin[axis] + Math.min((n + 1) * chunk[axis], shape[axis]) * factor[axis];
        if (from < area[axis + 2] && to > area[axis]) found.push(n);
      }
      return found;
    });
    const expected = touched[0].flatMap((y) => touched[1].map((x) => `${y},${x}`)).sort();
    const span = spanOf(level, area);
    assert.deepEqual(names(span), expected);
    assert.equal(countOf(span), expected.length);
  }
});

test("a span of a huge level is counted and not listed", () => {
  const size = 2 ** 53 - 1;
  const level = { shape: [size, size], chunk: [256, 256], factor: [1, 1], origin: [0, 0] };
  const count = countOf(spanOf(level, [0, 0, size, size]));
  assert.ok(Math.abs(count / (size / 256) ** 2 - 1) < 1e-9);
  assert.equal(isShowable(level, spanOf(level, [0, 0, size, size])), false);
});

test("what is outside of other spans is neither lost nor counted twice", () => {
  const roll = dice(2);
  const any = () => {
    const [top, left] = [roll(12), roll(12)];
    return [top, left, top + 1 + roll(8), left + 1 + roll(8)];
  };
  for (let round = 0; round < 300; round++) {
    const span = any();
    const others = Array.from({ length: roll(5) }, any);
    const taken = new Set(others.flatMap(names));
    const expected = names(span).filter((name) => !taken.has(name));
    assert.deepEqual(outside(span, others).flatMap(names).sort(), expected);
  }
});

const LEVEL = { shape: [300, 500], chunk: [100, 100], factor: [1, 1], origin: [0, 0] };

test("what chunks cost is their stored bytes, or else their pixels", () => {
  const bytes = Array.from({ length: 15 }, (_, n) => 1000 + n);
  const source = { levels: [{ ...LEVEL, bytes }, LEVEL], itemSize: 2 };
  assert.equal(costOf(source, 0, [2, 3]), 1013);
  assert.equal(costOf(source, 1, [2, 3]), 20_000);
  assert.equal(costOfSpan(source, 0, [1, 1, 3, 3]), 1006 + 1007 + 1011 + 1012);
  assert.equal(costOfSpan(source, 1, [1, 1, 3, 3]), 80_000);
});

test("a view is showable up to 4096 chunks and 256 MiB of drawn pixels", () => {
  const tiny = { shape: [1e6, 1e6], chunk: [1, 1], factor: [1, 1], origin: [0, 0] };
  assert.equal(isShowable(tiny, [0, 0, 64, 64]), true);
  assert.equal(isShowable(tiny, [0, 0, 64, 65]), false);
  const large = { ...tiny, chunk: [1024, 1024] };
  assert.equal(isShowable(large, [0, 0, 8, 8]), true);
  assert.equal(isShowable(large, [0, 0, 8, 9]), false);
  assert.equal(isShowable({ ...large, shape: [10, 10] }, [0, 0, 1, 1]), true); // cut at the edge
});

test("counters count each chunk of level 0 once, however views overlap", () => {
  const roll = dice(3);
  const counters = new Counters({ levels: [LEVEL], itemSize: 1 });
  const seen = new Set();
  for (let round = 0; round < 40; round++) {
    const [top, left] = [roll(300), roll(500)];
    const area = [top, left, top + 1 + roll(150), left + 1 + roll(150)];
    counters.see(area);
    for (const name of names(spanOf(LEVEL, area))) seen.add(name);
    assert.equal(counters.spared.requests, seen.size);
    assert.equal(counters.spared.bytes, seen.size * 10_000);
  }
  assert.equal(seen.size, 15);
  assert.ok(counters.seen.length < 16);
});

const FRAME = { size: [2000, 3000], box: [500, 600], density: 2 };

test("a view stays inside the image and between the whole and eight pixels for one", () => {
  assert.equal(fit(FRAME), 0.2);
  const view = (x, y, zoom) => clamped({ x, y, zoom }, FRAME);
  assert.deepEqual(view(0, 0, 1), { x: 300, y: 250, zoom: 1 });
  assert.deepEqual(view(9e9, 9e9, 1), { x: 2700, y: 1750, zoom: 1 });
  assert.deepEqual(view(1000, 700, 1), { x: 1000, y: 700, zoom: 1 });
  assert.deepEqual(view(0, 0, 0.01), { x: 1500, y: 1000, zoom: 0.2 });
  assert.equal(view(0, 0, 99).zoom, 4);
  assert.deepEqual(rectangle(view(0, 0, 1), FRAME), [0, 0, 500, 600]);
  // An image smaller than its frame is in the middle, and may be enlarged until it fits.
  const small = { size: [10, 10], box: [500, 600], density: 1 };
  assert.deepEqual(clamped({ x: 3, y: 9, zoom: 2 }, small), { x: 5, y: 5, zoom: 50 });
});

test("zooming leaves the point under the pointer where it is", () => {
  const before = { x: 1400, y: 900, zoom: 0.5 };
  const point = [-120, 200];
  const under = ({ x, y, zoom }) => [y + point[0] / zoom, x + point[1] / zoom];
  const after = zoomed(before, 3, point, FRAME);
  assert.equal(after.zoom, 1.5);
  under(after).forEach((at, axis) => assert.ok(Math.abs(at - under(before)[axis]) < 1e-9));
  assert.equal(zoomed(before, 1000, point, FRAME).zoom, 4);
  assert.equal(zoomed(before, 1e-3, point, FRAME).zoom, fit(FRAME));
});

test("a view on its way comes nearer each time, keeps one point in place, and arrives", () => {
  const goal = { x: 1000, y: 700, zoom: 2 };
  let shown = { x: 1500, y: 1000, zoom: 0.2 };
  // The point that does not move is where both views have the same position on the screen.
  const fixed = (shown.x * shown.zoom - goal.x * goal.zoom) / (shown.zoom - goal.zoom);
  const onScreen = ({ x, zoom }) => (fixed - x) * zoom;
  const place = onScreen(goal);
  let steps = 0;
  for (; shown !== goal && steps < 200; steps++) {
    const next = approached(shown, goal, 16);
    assert.ok(Math.abs(next.zoom - goal.zoom) < Math.abs(shown.zoom - goal.zoom) || next === goal);
    assert.ok(Math.abs(onScreen(next) - place) < 1e-6);
    shown = next;
  }
  assert.ok(steps > 5 && steps < 60);
});

test("the level is the one nearest in size, or the first coarser one that is not too much", () => {
  const levels = [1, 2, 4, 8].map((n) => ({ factor: [n, n] }));
  const choose = (size, isTooMuch = () => false) => nearestLevel(levels, size, isTooMuch);
  assert.deepEqual(
    [8, 1, 0.6, 0.5, 0.3, 0.26, 0.2, 0.001].map((size) => choose(size)),
    [0, 0, 1, 1, 2, 2, 2, 3],
  );
  assert.equal(choose(2 ** -0.5), 1); // as near to two levels: the coarser one
  assert.equal(
    choose(1, (number) => number < 2),
    2,
  );
  assert.equal(
    choose(1, () => true),
    3,
  );
});

test("neighbouring chunks meet on whole pixels of the screen", () => {
  const level = { shape: [270, 500], chunk: [100, 100], factor: [2, 2], origin: [0.5, 0.5] };
  const view = { x: 321.7, y: 123.4, zoom: 0 };
  const canvas = { width: 777, height: 555 };
  for (const size of [0.37, 1, 2.6]) {
    const area = (row, column) => areaOf(level, [row, column], view, size, canvas);
    for (let row = 0; row < 2; row++)
      for (let column = 0; column < 4; column++) {
        const [x, y, w, h] = area(row, column);
        assert.ok([x, y, w, h].every(Number.isInteger));
        assert.equal(area(row, column + 1)[0], x + w);
        assert.equal(area(row + 1, column)[1], y + h);
      }
  }
  const [, y, , h] = areaOf(level, [2, 0], view, 1, canvas); // 70 of 100 rows are in the image
  assert.equal(y + h, Math.round(0.5 + 540 - 123.4 + 277.5));
});

test("greys lie between the ends of the window", () => {
  assert.deepEqual(
    [9, 10, 110, 210, 211].map((value) => greyOf(value, [10, 210])),
    [0, 0, 128, 255, 255],
  );
  assert.equal(greyOf(Number.NaN, [0, 1]), 0);
  assert.equal(greyOf(5, [5, 5]), 0); // no division by 0
  assert.deepEqual(extremes(Float32Array.of(3, -2, Number.NaN, 7)), [-2, 7]);
  assert.deepEqual(extremes(Uint8Array.of(4, 4)), [4, 5]);
});

const ready = (used, size) => ({ state: "ready", used, size });

test("beyond the limit, those drawn longest ago go, and never what the view needs", () => {
  const entries = new Map([
    ["old", ready(1, 40)],
    ["needed", ready(0, 1000)],
    ["new", ready(3, 40)],
    ["middle", ready(2, 40)],
    ["coming", { state: "loading", used: 0 }],
    ["broken", { state: "failed", used: 0 }],
  ]);
  const wanted = new Set(["needed"]);
  assert.deepEqual(beyond(entries, wanted, 120), []);
  assert.deepEqual(beyond(entries, wanted, 119), ["old"]);
  assert.deepEqual(beyond(entries, wanted, 79), ["middle", "old"]);
  assert.deepEqual(beyond(entries, wanted, 0), ["new", "middle", "old"]);
});

test("what a new view does not need is cancelled; failures stay until they are forgotten", () => {
  const chunks = new Chunks();
  const source = { levels: [LEVEL], itemSize: 1 };
  chunks.want(["0/0/0", "0/0/1", "0/0/2"]);
  const [first, second, third] = [...chunks.wanted].map((key) => chunks.begin(key));
  first.state = "failed";
  chunks.keep(second, null);
  assert.deepEqual(chunks.missing(source, 0, [0, 0, 1, 3]), {
    chunks: [
      [0, 0],
      [0, 2],
    ],
    bytes: 20_000,
  });
  chunks.want([]);
  assert.equal(third.abort.signal.aborted, true);
  assert.deepEqual([...chunks.entries.keys()], ["0/0/0", "0/0/1"]);
  assert.equal(second.isAbsent, true);
  assert.deepEqual(chunks.failed(), [["0/0/0", first]]);
  chunks.forgetFailures();
  assert.deepEqual([...chunks.entries.keys()], ["0/0/1"]);
});

test("six requests are under way at once, in the order of the queue", async () => {
  const ends = [];
  const sent = [];
  const requests = new Requests((item) => {
    sent.push(item);
    return new Promise((end) => ends.push(end));
  });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  requests.replace([1, 2, 3, 4, 5, 6, 7, 8]);
  assert.deepEqual(sent, [1, 2, 3, 4, 5, 6]);
  ends[3]();
  await turn();
  assert.deepEqual(sent.slice(6), [7]);
  requests.replace([20, 21]); // 8 is no longer wanted
  ends[0]();
  ends[1]();
  await turn();
  assert.deepEqual(sent.slice(6), [7, 20, 21]);
  assert.equal(requests.areDone, false);
  for (const end of ends) end();
  await turn();
  assert.equal(requests.areDone, true);
});

test("lengths are written in the unit that people would choose", () => {
  for (const [length, unit, text] of [
    [0.0123456, "µm", "12.3 nm"],
    [0.5, "µm", "0.5 µm"],
    [994, "µm", "994 µm"],
    [1000, "µm", "1 mm"],
    [2500, "nm", "2500 nm"],
    [3, "pixels", "3 pixels"],
  ])
    assert.equal(lengthText(length, unit), text);
  for (const [limit, length] of [
    [1, 1],
    [1.9, 1],
    [2, 2],
    [4.9, 2],
    [5, 5],
    [99, 50],
    [110, 100],
    [0.03, 0.02],
  ])
    assert.ok(Math.abs(roundLength(limit) / length - 1) < 1e-12, String(limit));
  assert.equal(pixelSizeText([1, 1], "pixels"), "full resolution");
  assert.equal(pixelSizeText([2, 2], "pixels"), "2 pixels of level 0 per pixel");
  assert.equal(pixelSizeText([1, 0.5], "µm"), "1 µm × 0.5 µm per pixel");
});
