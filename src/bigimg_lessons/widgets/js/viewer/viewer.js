// A viewer at work: the state that it shows, and what changes that state.

import { fitCanvas, onResize, perFrame } from "../kit/page.js";
import { onThemeChange, prefersLessMotion, tokens } from "../kit/theme.js";
import { Chunks, keyOf } from "./chunks.js";
import { costOfSpan, isShowable } from "./costs.js";
import { Counters } from "./counters.js";
import { draw } from "./drawing.js";
import { chunksIn, countOf, spanOf } from "./geometry.js";
import { listen } from "./gestures.js";
import { sayWhere, tellCounts, tellLevel, tellScale, tellTroubles } from "./notices.js";
import { extremes, toned } from "./pixels.js";
import { Requests } from "./requests.js";
import { approached, clamped, fit, nearestLevel, rectangle, zoomed } from "./view.js";

const OPENING_BYTES = 140e3; // of the first view, until someone touches it
const ASK_ABOVE = 4e6; // bytes for one view
const ASK_KERNEL_ABOVE = 64e6; // the same where a kernel sends them, mostly from the same machine
const PAUSE = 100; // milliseconds between two plans, so that what flies past is not asked for
const REST = 250; // milliseconds until a view is called settled

/** @typedef {import("./view.js").View} View */
/** @typedef {{ number: number, chunk: number[] }} Wish a chunk of a level */

export class Viewer {
  /** @type {import("./view.js").Frame} */
  frame = { size: [0, 0], box: [0, 0], density: 1 };
  /** @type {View} the view that is wanted, and for which chunks are loaded */
  goal = null;
  /** @type {View} the view that is drawn, on its way to the goal */
  shown = null;
  isOpening = true; // nobody has touched it yet
  isWhole = true; // the whole image is seen, and stays so when the canvas changes its size
  isBare = true; // no chunk has come yet
  hasConsent = false; // to load a view that costs much
  /** What a view needs that is not loaded unasked, or null. */
  question = null;
  chunks = new Chunks();
  /** @type {Requests<Wish>} */
  requests = new Requests((wish) => this.load(wish));
  stop = new AbortController(); // ends all listeners
  timers = { plan: undefined, rest: undefined, hint: undefined };
  planned = 0; // when the last plan was carried out
  frames = perFrame((now) => this.draw(now));
  ticked = 0; // when the last frame was

  /**
   * @param {import("../kit/zarr/image.js").Source} source
   * @param {import("./page.js").Page} page
   * @param {HTMLImageElement | null} small a small picture of the whole, drawn where no chunk is yet
   */
  constructor(source, page, small) {
    this.source = source;
    this.page = page;
    this.small = small;
    this.frame.size = source.levels[0].shape;
    this.counters = new Counters(source);
    /** @type {number[]} the values that are black and white, or null until a chunk sets them */
    this.tone = source.window ?? (source.isByte ? [0, 255] : null);
    this.context = page.canvas.getContext("2d", { alpha: false });
    this.colours = tokens(page.root);
    this.endings = [
      onResize(page.canvas, () => this.measure()),
      onThemeChange(page.root, ({ atOnce }) => this.recolour(atOnce)),
    ];
    listen(this);
    if (small) this.on(small, "load", () => this.redraw());
    this.measure(); // a size is told only later, and the buttons are there already
  }

  /** Listen until the viewer is taken away. */
  on(target, event, listener, options = {}) {
    target.addEventListener(event, listener, { ...options, signal: this.stop.signal });
  }

  close() {
    this.stop.abort();
    for (const end of this.endings) end();
    this.frames.stop();
    Object.values(this.timers).forEach(clearTimeout);
    this.chunks.cancelAll();
    this.source.close();
  }

  // -- Views --

  measure() {
    const fitted = fitCanvas(this.page.canvas);
    if (!fitted) return;
    const { width, height, density } = fitted;
    Object.assign(this.frame, { density, box: [height, width] });
    const before = this.goal ?? this.wholeView();
    const zoom = this.isWhole ? fit(this.frame) : before.zoom;
    this.goal = clamped({ ...before, zoom }, this.frame);
    this.shown = this.goal;
    this.plan();
    this.redraw();
  }

  wholeView() {
    const [height, width] = this.frame.size;
    return { x: width / 2, y: height / 2, zoom: fit(this.frame) };
  }

  look(view, { smoothly = true } = {}) {
    this.isOpening = false;
    this.goal = clamped(view, this.frame);
    this.isWhole = this.goal.zoom === fit(this.frame);
    if (!smoothly || prefersLessMotion()) this.shown = this.goal;
    this.plan();
    this.redraw();
  }

  /** Zoom; `point` is where the image stays put, [y, x] in CSS pixels from the canvas' centre. */
  zoomBy(times, point = [0, 0], options) {
    this.look(zoomed(this.goal, times, point, this.frame), options);
  }

  /** Move by CSS pixels. */
  moveBy(y, x, options) {
    const { zoom } = this.goal;
    this.look({ x: this.goal.x - x / zoom, y: this.goal.y - y / zoom, zoom }, options);
  }

  showWhole() {
    this.look(this.wholeView());
  }

  showExact() {
    this.look({ ...this.goal, zoom: 1 / this.frame.density });
  }

  /**
   * The level to show: until someone touches the image, one that costs little.
   *
   * @param {View} view
   */
  levelFor(view) {
    if (!this.page.pyramid.checked) return 0;
    const { levels, isRemote } = this.source;
    return nearestLevel(levels, view.zoom * this.frame.density, (number) => {
      const span = spanOf(levels[number], rectangle(view, this.frame));
      if (!isShowable(levels[number], span)) return true;
      if (!this.isOpening || !isRemote) return false;
      return this.chunks.missing(this.source, number, span).bytes > OPENING_BYTES;
    });
  }

  // -- Loading --

  plan() {
    delete this.page.root.dataset.settled;
    this.timers.plan ??= setTimeout(
      () => {
        this.timers.plan = undefined;
        this.planned = performance.now();
        this.request();
      },
      Math.max(0, this.planned + PAUSE - performance.now()),
    );
  }

  request() {
    const { source, chunks, frame, goal } = this;
    const number = this.levelFor(goal);
    const level = source.levels[number];
    const area = rectangle(goal, frame);
    this.counters.see(area);
    const span = spanOf(level, area);
    const canShow = isShowable(level, span);
    chunks.want(canShow ? [...chunksIn(span)].map((chunk) => keyOf(number, chunk)) : []);
    const missing = canShow ? chunks.missing(source, number, span) : { chunks: [], bytes: 0 };
    const isMuch = missing.bytes > (source.isRemote ? ASK_ABOVE : ASK_KERNEL_ABOVE);
    this.question = null;
    if (!canShow) {
      const bytes = costOfSpan(source, number, span);
      this.question = { number, bytes, count: countOf(span), canShow };
    } else if (isMuch && !this.hasConsent) {
      this.question = { number, bytes: missing.bytes, count: missing.chunks.length, canShow };
    }
    const unasked = missing.chunks.filter((chunk) => !chunks.entries.has(keyOf(number, chunk)));
    this.requests.replace(
      this.question ? [] : nearestFirst(unasked, level, goal).map((chunk) => ({ number, chunk })),
    );
    this.tell();
  }

  /** @param {Wish} wish */
  async load({ number, chunk }) {
    const { source, chunks, counters } = this;
    const key = keyOf(number, chunk);
    const entry = chunks.begin(key);
    const isCancelled = () => chunks.entries.get(key) !== entry;
    counters.spent.requests++;
    tellCounts(this);
    try {
      const { signal } = entry.abort;
      const { pixels, bytes } = await source.load(number, chunk[0], chunk[1], signal);
      if (isCancelled()) return;
      counters.spent.bytes += bytes;
      if (pixels) {
        counters.spent.chunks++;
        this.tone ??= extremes(pixels);
        this.isBare = false;
      }
      chunks.keep(entry, pixels && toned(source.levels[number], chunk, pixels, this.tone));
    } catch (error) {
      if (isCancelled()) return;
      entry.state = "failed";
      entry.fault = `chunk ${source.name(number, chunk[0], chunk[1])}, ${error.message}`;
    } finally {
      this.tell();
    }
  }

  // -- Telling and drawing --

  tell() {
    tellTroubles(this);
    tellCounts(this);
    this.settle();
    this.redraw();
  }

  /** Say where the reader is, once all is still. */
  settle() {
    const number = this.levelFor(this.goal);
    const size = tellLevel(this, number);
    clearTimeout(this.timers.rest);
    this.timers.rest = setTimeout(() => {
      if (this.timers.plan || !this.requests.areDone || this.shown !== this.goal) return;
      sayWhere(this, number, size);
      this.page.root.dataset.settled = String(number);
    }, REST);
    delete this.page.root.dataset.settled;
  }

  redraw() {
    if (this.goal) this.frames.ask(); // there is none while the canvas has no size
  }

  draw(now) {
    this.approach(now);
    const isFlashing = draw(this, now);
    tellScale(this);
    if (isFlashing || this.shown !== this.goal) this.redraw();
  }

  recolour(atOnce) {
    this.colours = tokens(this.page.root);
    if (atOnce && this.goal) this.draw(performance.now());
    else this.redraw();
  }

  approach(now) {
    const passed = now - this.ticked;
    this.ticked = now;
    if (this.shown === this.goal) return;
    this.shown = prefersLessMotion() ? this.goal : approached(this.shown, this.goal, passed);
    if (this.shown === this.goal) this.settle();
  }

  // -- What a reader decides --

  touch() {
    this.isOpening = false;
    this.plan();
  }

  consentToLoad() {
    this.hasConsent = true;
    this.request();
  }

  tryAgain() {
    this.chunks.forgetFailures();
    this.request();
  }

  changePyramid() {
    this.isOpening = false;
    this.hasConsent = false;
    this.request();
  }

  resetCounters() {
    this.counters = new Counters(this.source);
    this.request();
  }
}

/**
 * Chunks in the order of their distance from a view's centre.
 *
 * @param {number[][]} chunks
 * @param {import("../kit/zarr/image.js").Level} level
 * @param {View} view
 */
function nearestFirst(chunks, { origin, chunk: size, factor }, { x, y }) {
  const centre = [y, x];
  const distance = (chunk) =>
    Math.hypot(
      ...chunk.map(
        (at, axis) => origin[axis] + (at + 0.5) * size[axis] * factor[axis] - centre[axis],
      ),
    );
  return chunks
    .map((chunk) => ({ chunk, far: distance(chunk) }))
    .sort((a, b) => a.far - b.far)
    .map(({ chunk }) => chunk);
}
