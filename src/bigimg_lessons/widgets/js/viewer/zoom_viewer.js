// A large 2-D image to pan and zoom, drawn chunk by chunk from its resolution pyramid.
//
// Positions are in pixels of level 0, counted from the image's upper left corner. A view is its
// centre (x, y) and its zoom, in CSS pixels per pixel of level 0. Pairs of numbers are [y, x].

import { FetchError } from "../kit/chunk_fetch.js";
import { TYPES, openImage } from "../kit/zarr_image.js";

const MOST_REQUESTS = 6; // under way at once, as many as browsers open to one HTTP/1.1 server
const CACHE_BYTES = 32 * 2 ** 20; // of drawn chunks out of view, at 4 bytes per pixel
const ENTRY_BYTES = 4096; // that even a chunk of one pixel counts for
// A view that needs more than this is not loaded: it waits until the reader has zoomed in.
const MOST_CHUNKS_IN_VIEW = 4096;
const MOST_BYTES_IN_VIEW = 256 * 2 ** 20; // of drawn chunks
const OPENING_BYTES = 140e3; // of the first picture, until someone touches it
const ASK_ABOVE = 4e6; // bytes for one view
const ASK_KERNEL_ABOVE = 64e6; // the same where a kernel sends them, mostly from the same machine
const FLASH = 700; // milliseconds
const KERNEL_PATIENCE = 60e3; // milliseconds
const MOST_DEVICE_PIXELS = 2; // per CSS pixel: beyond, eyes see little more and data doubles again

const clamp = (value, low, high) => Math.max(low, Math.min(high, value));
const mean = ([y, x]) => (y + x) / 2;

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  // JupyterLab's shortcuts must not take its keys. Only the focused element's own word counts.
  if (/^(a|button|input|select|summary)$/.test(tag) || attributes.tabindex)
    node.dataset.lmSuppressShortcuts = "true";
  node.append(...children);
  return node;
}

// ---- Texts ----

const plural = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

function byteText(bytes) {
  if (bytes < 1e3) return `${bytes} B`;
  const units = ["kB", "MB", "GB", "TB", "PB", "EB"];
  let size = bytes / 1e3;
  while (size >= 999.5 && units.length > 1) {
    size /= 1e3;
    units.shift();
  }
  return `${size < 9.95 ? size.toFixed(1) : Math.round(size).toLocaleString("en")} ${units[0]}`;
}

function lengthText(length, unit) {
  if (unit === "µm" && length < 0.995e-1) return lengthText(length * 1e3, "nm");
  if (unit === "µm" && length >= 995) return lengthText(length / 1e3, "mm");
  return `${Number(length.toPrecision(3))} ${unit}`;
}

// ---- Sources: where chunks come from ----
//
// A source has `levels`, finest first, each { shape, chunk, factor, origin, bytes }: the pixels of
// the level and of a chunk; pixels of level 0 per pixel, and where in level 0 it begins; bytes of
// each stored chunk, row by row, or nothing where that is not known; and, where chunks may be left
// out, `fill`, their value. load(level, row, column, signal) brings { pixels, bytes }: a chunk in
// full size, or null for one that is left out, and what had to be transferred.

function openKernel(model) {
  const { levels, dtype, unit, pixel_size, window } = model.get("image");
  const view = Math.random().toString(36).slice(2); // all views hear all answers
  const waiting = new Map();
  const hear = (answer, buffers) => {
    const asked = answer.to === view && waiting.get(answer.key);
    if (!asked) return;
    waiting.delete(answer.key);
    if (answer.kind === "fault") return asked.reject(new Error(answer.message));
    const { buffer, byteOffset, byteLength } = buffers[0];
    const pixels = new TYPES[dtype](buffer.slice(byteOffset, byteOffset + byteLength));
    asked.resolve({ pixels, bytes: byteLength });
  };
  model.on("msg:custom", hear);
  return {
    levels: levels.map((level) => ({ ...level, origin: [0, 0] })),
    name: (...place) => place.join("/"),
    unit,
    pixelSize: pixel_size,
    window,
    caption: "",
    itemSize: TYPES[dtype].BYTES_PER_ELEMENT,
    isByte: dtype === "uint8",
    counted: "as the kernel sends them, uncompressed",
    isRemote: false,
    close: () => model.off("msg:custom", hear),
    load(level, row, column, signal) {
      const key = `${level}/${row}/${column}/${Math.random()}`;
      let timer = 0;
      return new Promise((resolve, reject) => {
        const late = () => reject(new Error("the kernel has not answered for a minute"));
        timer = setTimeout(late, KERNEL_PATIENCE);
        signal.addEventListener("abort", () => reject(signal.reason));
        waiting.set(key, { resolve, reject });
        model.send({ kind: "chunk", from: view, key, level, row, column });
      }).finally(() => {
        clearTimeout(timer);
        waiting.delete(key);
      });
    },
  };
}

// ---- Geometry ----

// Spans are [top, left, bottom, right], in chunks of a level, the ends not included.

// The chunks of a level that a rectangle [top, left, bottom, right] touches, and how many they are:
// the number may be anything, so only chunks of a view that can be shown are ever listed.
function spanOf({ shape, chunk, factor, origin }, rectangle) {
  const place = (axis, side) =>
    clamp((rectangle[axis + side] - origin[axis]) / factor[axis], 0, shape[axis]) / chunk[axis];
  const from = [0, 1].map((axis) => Math.floor(place(axis, 0) + 1e-9));
  const to = [0, 1].map((axis) => Math.max(from[axis], Math.ceil(place(axis, 2) - 1e-9)));
  return [...from, ...to];
}

const countOf = ([top, left, bottom, right]) => (bottom - top) * (right - left);

function* chunksIn([top, left, bottom, right]) {
  for (let row = top; row < bottom; row++)
    for (let column = left; column < right; column++) yield [row, column];
}

// What of a span is in none of the others, as spans.
function outside(span, others) {
  return others.reduce(
    (parts, [top, left, bottom, right]) =>
      parts.flatMap((part) => {
        const [low, high] = [Math.max(top, part[0]), Math.min(bottom, part[2])];
        const [first, last] = [Math.max(left, part[1]), Math.min(right, part[3])];
        if (low >= high || first >= last) return [part];
        return [
          [part[0], part[1], low, part[3]],
          [low, part[1], high, first],
          [low, last, high, part[3]],
          [high, part[1], part[2], part[3]],
        ].filter((piece) => countOf(piece) > 0);
      }),
    [span],
  );
}

const columnsOf = ({ shape, chunk }) => Math.ceil(shape[1] / chunk[1]);

const isShowable = ({ shape, chunk }, span) => {
  const pixels = Math.min(chunk[0], shape[0]) * Math.min(chunk[1], shape[1]);
  const count = countOf(span);
  return count <= MOST_CHUNKS_IN_VIEW && count * pixels * 4 <= MOST_BYTES_IN_VIEW;
};

// Bytes of a chunk: as stored where that is known, else its pixels.
const costOf = (source, level, row, column) =>
  level.bytes?.[row * columnsOf(level) + column] ??
  level.chunk[0] * level.chunk[1] * source.itemSize;

// The same of all chunks of a span, which are listed only if the level itself lists them.
function costOfAll(source, level, span) {
  if (!level.bytes) return countOf(span) * costOf(source, level, span[0], span[1]);
  return [...chunksIn(span)].reduce((sum, chunk) => sum + costOf(source, level, ...chunk), 0);
}

// ---- Pixels ----

// Between the two ends of the window, 0 to 255.
const greyOf = (value, [low, high]) =>
  clamp(Math.round(((value - low) * 255) / (high - low || 1)), 0, 255) || 0;

// A chunk as a canvas of its part inside the image.
function toned({ shape, chunk }, row, column, pixels, tone) {
  const canvas = make("canvas");
  const height = (canvas.height = Math.min(chunk[0], shape[0] - row * chunk[0]));
  const width = (canvas.width = Math.min(chunk[1], shape[1] - column * chunk[1]));
  const context = canvas.getContext("2d");
  const picture = context.createImageData(width, height);
  const words = new Uint32Array(picture.data.buffer);
  for (let y = 0, n = 0; y < height; y++) {
    for (let x = 0, at = y * chunk[1]; x < width; x++, n++) {
      words[n] = 0xff000000 | (greyOf(pixels[at + x], tone) * 0x010101);
    }
  }
  context.putImageData(picture, 0, 0);
  return canvas;
}

// The chunk's canvas, or one halved as often as is good for drawing it `width` pixels wide: to
// draw a canvas many times smaller at once is slow, and skips pixels.
function shrunk(entry, width) {
  let at = 0;
  while (entry.canvas.width / 2 ** (at + 1) >= width && at < 4) {
    const from = entry.halves[at];
    at++;
    if (!entry.halves[at]) {
      const half = (entry.halves[at] = make("canvas"));
      half.width = Math.max(1, from.width / 2);
      half.height = Math.max(1, from.height / 2);
      const context = half.getContext("2d");
      context.imageSmoothingQuality = "medium";
      context.drawImage(from, 0, 0, half.width, half.height);
    }
  }
  return entry.halves[at];
}

function extremes(pixels) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of pixels) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low < high ? [low, high] : [low, low + 1];
}

// ---- The viewer ----

function buildPage(title, levels) {
  const uid = "bz-" + Math.random().toString(36).slice(2);
  const button = (label, text, shape = "") =>
    make(
      "button",
      { type: "button", class: `bz-button ${shape}`, "aria-label": label, title: label },
      text,
    );
  const control = (text) => {
    const input = make("input", { type: "checkbox", role: "switch" });
    return [input, make("label", { class: "bz-switch" }, input, text)];
  };
  const page = {
    canvas: make("canvas", {
      class: "bz-canvas",
      tabindex: "0",
      role: "application",
      "aria-roledescription": "zoomable image",
      "aria-label": title,
      "aria-describedby": `${uid}-keys`,
    }),
    zoomIn: button("Zoom in", "+"),
    zoomOut: button("Zoom out", "−"),
    whole: button("Fit: show the whole image", "Fit", "bz-small"),
    exact: button("1:1, full resolution", "1:1", "bz-small"),
    scale: make("div", { class: "bz-scale", "aria-hidden": "true" }, make("span")),
    hint: make("p", { class: "bz-hint", "aria-hidden": "true" }),
    notice: make("div", { class: "bz-notice", role: "alert" }),
    status: make("p", { class: "bz-hidden", role: "status" }),
    ladder: make("div", { class: "bz-ladder", "aria-hidden": "true" }),
    level: make("b"),
    size: make("span"),
    spent: make("b"),
    spentBar: make("i"),
    spared: make("b"),
    sparedBar: make("i"),
    caption: make("p", { class: "bz-caption" }),
    counted: make("li"),
    reset: make("button", { type: "button", class: "bz-button bz-wide" }, "Reset counters"),
  };
  const [pyramid, pyramidLabel] = control("Pyramid");
  const [borders, bordersLabel] = control("Chunk borders");
  pyramid.checked = true;
  Object.assign(page, { pyramid, borders });
  for (let number = levels - 1; number >= 0; number--)
    page.ladder.append(make("i", { style: `width: ${100 * (1 - number / (levels + 1))}%` }));
  const row = (name, text, bar, kind) =>
    make("div", { class: `bz-row ${kind}` }, make("span", {}, name), text, bar);
  page.stage = make(
    "div",
    { class: "bz-stage" },
    page.canvas,
    make("div", { class: "bz-buttons" }, page.zoomIn, page.zoomOut, page.whole, page.exact),
    page.scale,
    page.hint,
  );
  page.root = make(
    "section",
    { class: "bz", "aria-label": title },
    page.stage,
    page.notice,
    make(
      "div",
      { class: "bz-panel" },
      make("div", { class: "bz-where" }, page.ladder, make("p", {}, page.level, page.size)),
      make(
        "div",
        { class: "bz-cost" },
        row("Loaded", page.spent, page.spentBar, "bz-lit"),
        row("Without pyramid", page.spared, page.sparedBar, "bz-dull"),
      ),
      make(
        "div",
        { class: "bz-switches" },
        ...(levels > 1 ? [pyramidLabel] : []),
        bordersLabel,
        page.reset,
      ),
    ),
    page.status,
    page.caption,
    make(
      "details",
      { class: "bz-help" },
      make("summary", {}, "Keys, and what is counted"),
      make(
        "ul",
        {},
        make(
          "li",
          { id: `${uid}-keys` },
          "Arrow keys move, + and − zoom, 0 shows the whole image, 1 the full resolution, ",
          "Escape lets go.",
        ),
        make(
          "li",
          {},
          "Drag to move. The wheel zooms once you have clicked the image, or with Ctrl or ⌘. ",
          "On a touch screen use two fingers, or tap the image first and then one.",
        ),
        make(
          "li",
          {},
          "“Loaded” are the chunks that were asked for and the bytes that came. “Without pyramid” ",
          "are those of the full image, level 0, that the same views touch.",
        ),
        page.counted,
        make(
          "li",
          {},
          `Chunks out of view are kept, up to ${CACHE_BYTES / 2 ** 20} MiB of drawn pixels, `,
          "so going back asks for nothing.",
        ),
      ),
    ),
  );
  return page;
}

function startViewer(source, page) {
  const { levels } = source;
  const { canvas, root } = page;
  const context = canvas.getContext("2d", { alpha: false });
  const [height, width] = levels[0].shape;
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const entries = new Map(); // "level/row/column" to what is known of that chunk
  const stop = new AbortController(); // ends all listeners
  const on = (target, events, listener, options = {}) =>
    events
      .split(" ")
      .forEach((event) =>
        target.addEventListener(event, listener, { ...options, signal: stop.signal }),
      );

  let tone = source.window ?? (source.isByte ? [0, 255] : null);
  let density = 1; // device pixels per CSS pixel
  let box = [0, 0]; // CSS pixels of the canvas
  let goal = null; // the view that is wanted, and for which chunks are loaded
  let shown = null; // the view that is drawn, on its way to the goal
  let opening = true; // nobody has touched it yet
  let isWhole = true;
  let consent = false; // to load a view that costs much
  let isBare = true; // no chunk has come yet
  let question = null; // what a view needs that is not loaded unasked
  let queue = [];
  let wanted = new Set();
  let underWay = 0;
  let frame = 0;
  let ticked = 0;
  let timer = 0;
  let planned = 0;
  let spoken = 0;
  let hinted = 0;
  const spent = { requests: 0, bytes: 0, chunks: 0 };
  const spared = { requests: 0, bytes: 0, seen: [] }; // spans of level 0 that cover what was seen

  // -- Views --

  const fit = () => Math.min(box[0] / height, box[1] / width);
  const closest = () => Math.max(8 / density, fit());

  function clamped({ x, y, zoom }) {
    zoom = clamp(zoom, fit(), closest());
    const within = (at, size, room) => {
      const half = room / zoom / 2;
      return size <= 2 * half ? size / 2 : clamp(at, half, size - half);
    };
    return { x: within(x, width, box[1]), y: within(y, height, box[0]), zoom };
  }

  const rectangle = ({ x, y, zoom }) => {
    const [h, w] = box.map((size) => size / zoom / 2);
    return [y - h, x - w, y + h, x + w];
  };

  function look(view, { smoothly = true } = {}) {
    opening = false;
    goal = clamped(view);
    isWhole = goal.zoom === fit();
    if (!smoothly || still.matches) shown = goal;
    plan();
    redraw();
  }

  // `at` is where the image stays put: [y, x] in CSS pixels from the canvas' centre.
  function zoomBy(times, at = [0, 0], options) {
    const zoom = clamp(goal.zoom * times, fit(), closest());
    const x = goal.x + at[1] / goal.zoom - at[1] / zoom;
    const y = goal.y + at[0] / goal.zoom - at[0] / zoom;
    look({ x, y, zoom }, options);
  }

  const moveBy = (y, x, options) =>
    look({ x: goal.x - x / goal.zoom, y: goal.y - y / goal.zoom, zoom: goal.zoom }, options);
  const showWhole = () => look({ x: width / 2, y: height / 2, zoom: fit() });
  const showExact = () => look({ ...goal, zoom: 1 / density });

  // The level whose pixels are nearest to the screen's; until someone touches the image, one that
  // costs little.
  function levelFor(view) {
    if (!page.pyramid.checked) return 0;
    const off = levels.map(({ factor }) => Math.abs(Math.log2(mean(factor) * view.zoom * density)));
    let best = off.lastIndexOf(Math.min(...off));
    const isTooMuch = (number) => {
      if (!isShowable(levels[number], spanOf(levels[number], rectangle(view)))) return true;
      return opening && source.isRemote && missing(number, view).bytes > OPENING_BYTES;
    };
    while (best < levels.length - 1 && isTooMuch(best)) best++;
    return best;
  }

  // What a view that can be shown still needs of a level.
  function missing(number, view) {
    const level = levels[number];
    const chunks = [...chunksIn(spanOf(level, rectangle(view)))].filter(
      ([row, column]) => entries.get(`${number}/${row}/${column}`)?.state !== "ready",
    );
    const bytes = chunks.reduce((sum, chunk) => sum + costOf(source, level, ...chunk), 0);
    return { chunks, bytes };
  }

  // -- Loading --

  // At most ten times a second: what flies past is not asked for.
  function plan() {
    delete root.dataset.settled;
    timer ||= setTimeout(
      () => {
        timer = 0;
        planned = performance.now();
        request();
      },
      Math.max(0, planned + 100 - performance.now()),
    );
  }

  function request() {
    const number = levelFor(goal);
    const level = levels[number];
    const area = rectangle(goal);
    compare(area);
    const span = spanOf(level, area);
    const canShow = isShowable(level, span);
    const { chunks, bytes } = canShow ? missing(number, goal) : { chunks: [], bytes: 0 };
    const ask = bytes > (source.isRemote ? ASK_ABOVE : ASK_KERNEL_ABOVE) && !consent;
    question = null;
    if (ask) question = { number, bytes, chunks: chunks.length };
    if (!canShow)
      question = { number, bytes: costOfAll(source, level, span), chunks: countOf(span), canShow };
    wanted = new Set();
    if (canShow)
      for (const [row, column] of chunksIn(span)) wanted.add(`${number}/${row}/${column}`);
    for (const [key, entry] of entries) {
      if (entry.state === "loading" && !wanted.has(key)) {
        entries.delete(key);
        entry.abort.abort();
      }
    }
    const centre = [goal.y, goal.x];
    const distance = (chunk) =>
      Math.hypot(
        ...chunk.map(
          (at, axis) =>
            level.origin[axis] + (at + 0.5) * level.chunk[axis] * level.factor[axis] - centre[axis],
        ),
      );
    queue = ask
      ? []
      : chunks
          .filter(([row, column]) => !entries.has(`${number}/${row}/${column}`))
          .map((chunk) => ({ number, chunk, far: distance(chunk) }))
          .sort((a, b) => a.far - b.far);
    tell();
    pump();
    settle();
    redraw();
  }

  function pump() {
    while (underWay < MOST_REQUESTS && queue.length) {
      const { number, chunk } = queue.shift();
      fetchChunk(number, ...chunk);
    }
  }

  async function fetchChunk(number, row, column) {
    const key = `${number}/${row}/${column}`;
    const entry = { state: "loading", abort: new AbortController(), used: 0 };
    entries.set(key, entry);
    underWay++;
    spent.requests++;
    count();
    try {
      const { pixels, bytes } = await source.load(number, row, column, entry.abort.signal);
      if (entries.get(key) !== entry) return;
      spent.bytes += bytes;
      entry.size = ENTRY_BYTES;
      entry.isAbsent = !pixels;
      if (pixels) {
        spent.chunks++;
        tone ??= extremes(pixels);
        entry.canvas = toned(levels[number], row, column, pixels, tone);
        entry.halves = [entry.canvas];
        entry.size += entry.canvas.width * entry.canvas.height * 4;
        isBare = false;
      }
      entry.state = "ready";
      entry.arrived = performance.now();
      trim();
    } catch (error) {
      if (entries.get(key) !== entry) return; // it was cancelled
      entry.state = "failed";
      entry.fault = `chunk ${source.name(number, row, column)}, ${error.message}`;
    } finally {
      underWay--;
      tell();
      count();
      pump();
      settle();
      redraw();
    }
  }

  // Let go of the chunks that were drawn longest ago, but of none that the view needs.
  function trim() {
    const kept = [...entries].filter(([key, { state }]) => state === "ready" && !wanted.has(key));
    kept.sort(([, a], [, b]) => b.used - a.used);
    let bytes = 0;
    for (const [key, entry] of kept) {
      bytes += entry.size;
      if (bytes <= CACHE_BYTES) continue;
      entries.delete(key);
      for (const half of entry.halves ?? []) half.width = 0; // some browsers free it only then
    }
  }

  // -- Telling --

  function compare(area) {
    const span = spanOf(levels[0], area);
    const unseen = outside(span, spared.seen);
    for (const part of unseen) {
      spared.requests += countOf(part);
      spared.bytes += costOfAll(source, levels[0], part);
    }
    // Those that lie within the new one say nothing more.
    if (unseen.length)
      spared.seen = [...spared.seen.filter((old) => outside(old, [span]).length), span];
    count();
  }

  function count() {
    const text = ({ requests, bytes }) => `${plural(requests, "request")}, ${byteText(bytes)}`;
    page.spent.textContent = text(spent);
    page.spared.textContent = text(spared);
    const most = Math.max(spent.bytes, spared.bytes, 1);
    page.spentBar.style.width = `${(100 * spent.bytes) / most}%`;
    page.sparedBar.style.width = `${(100 * spared.bytes) / most}%`;
  }

  function levelText() {
    const number = levelFor(goal);
    const [y, x] = source.pixelSize.map((size, axis) => size * levels[number].factor[axis]);
    if (source.unit === "pixels" && x === 1 && y === 1) return [number, "full resolution"];
    const sizes = Math.abs(y - x) > 0.01 * x ? `${lengthText(y, source.unit)} × ` : "";
    const of = source.unit === "pixels" ? " of level 0" : "";
    return [number, `${sizes}${lengthText(x, source.unit)}${of} per pixel`];
  }

  // Say in words where one is, once all is still.
  function settle() {
    const [number, size] = levelText();
    page.level.textContent = `Level ${number}`;
    page.size.textContent = size;
    [...page.ladder.children].forEach((step, index) =>
      step.classList.toggle("bz-here", index === levels.length - 1 - number),
    );
    clearTimeout(spoken);
    spoken = setTimeout(() => {
      if (timer || underWay || queue.length || shown !== goal) return;
      const text =
        `Level ${number} of levels 0 to ${levels.length - 1}, ${size}. ` +
        `Loaded so far: ${plural(spent.chunks, "chunk")}, ${byteText(spent.bytes)}.`;
      if (page.status.textContent !== text) page.status.textContent = text;
      root.dataset.settled = number;
    }, 250);
    delete root.dataset.settled;
  }

  // What the reader must know: a view that is too much, chunks that failed, or are not there.
  function tell() {
    const faults = [...entries.values()].filter(({ state }) => state === "failed");
    const said = question
      ? JSON.stringify(question)
      : faults.map(({ fault }) => fault).join() || absence();
    if (page.notice.dataset.said === said) return;
    page.notice.dataset.said = said;
    const button = (text, press) => {
      const node = make("button", { type: "button", class: "bz-button bz-wide" }, text);
      on(node, "click", () => {
        press();
        canvas.focus();
      });
      return node;
    };
    if (question) {
      const { number, chunks, bytes } = question;
      const needs = `Level ${number} of this view is ${plural(chunks, "chunk")}, ${byteText(bytes)}`;
      if (question.canShow === false)
        page.notice.replaceChildren(
          `${needs}: too much to show, so none of it is loaded. Zoom in to see a part.`,
          button("Zoom in to 1:1", showExact),
        );
      else
        page.notice.replaceChildren(
          `${needs}. Load them, or zoom in to need fewer?`,
          button("Load them", () => {
            consent = true;
            request();
          }),
        );
    } else if (faults.length) {
      const others = faults.length > 1 ? ` (and ${faults.length - 1} more)` : "";
      page.notice.replaceChildren(
        `Not loaded, hatched in the picture: ${faults[0].fault}${others}. `,
        "Check the connection and the image, then",
        button("Try again", () => {
          for (const [key, { state }] of entries) if (state === "failed") entries.delete(key);
          request();
        }),
      );
    } else page.notice.replaceChildren(said);
  }

  // How many chunks of the view the server does not have, once it has answered for all.
  function absence() {
    if (!wanted.size) return "";
    const inView = [...wanted].map((key) => entries.get(key));
    if (inView.some((entry) => entry?.state !== "ready")) return page.notice.dataset.said ?? "";
    const absent = inView.filter(({ isAbsent }) => isAbsent).length;
    if (!absent) return "";
    const fill = levels[levelFor(goal)].fill;
    if (isBare)
      return (
        `The server has none of the ${plural(absent, "chunk")} of this view, so there is no ` +
        `picture. In Zarr such chunks stand for the fill value, ${fill}: the image may be empty, ` +
        "or its chunks were not copied to the server."
      );
    return (
      `${absent.toLocaleString("en")} of ${plural(inView.length, "chunk")} in view ` +
      `${absent === 1 ? "is" : "are"} not on the server and shown as the fill value ${fill}.`
    );
  }

  function hint(text) {
    page.hint.textContent = text;
    page.hint.classList.add("bz-on");
    clearTimeout(hinted);
    hinted = setTimeout(() => page.hint.classList.remove("bz-on"), 1800);
  }

  // -- Drawing --

  function redraw() {
    frame ||= requestAnimationFrame((now) => {
      frame = 0;
      if (approach(now)) redraw();
      if (draw(now)) redraw();
    });
  }

  // Go part of the way to the goal. All of x, y and 1 / zoom in one step: then the point under the
  // pointer stays where it is.
  function approach(now) {
    const part = 1 - Math.exp(-Math.min(now - ticked, 50) / 55);
    ticked = now;
    const far =
      Math.abs(Math.log(goal.zoom / shown.zoom)) +
      Math.hypot(goal.x - shown.x, goal.y - shown.y) * shown.zoom * 0.01;
    if (far < 0.004) {
      if (shown !== goal) {
        shown = goal;
        settle();
      }
      return false;
    }
    const between = (a, b) => a + part * (b - a);
    shown = {
      x: between(shown.x, goal.x),
      y: between(shown.y, goal.y),
      zoom: 1 / between(1 / shown.zoom, 1 / goal.zoom),
    };
    return true;
  }

  function draw(now) {
    const style = getComputedStyle(root);
    const colour = (name) => style.getPropertyValue(`--bz-${name}`);
    const size = shown.zoom * density; // device pixels per pixel of level 0
    const area = rectangle(shown);
    const number = levelFor(goal);
    // Edges lie on whole device pixels, so that neighbours meet and 1:1 is exact.
    const edge = (at, axis) =>
      axis
        ? Math.round((at - shown.x) * size + canvas.width / 2)
        : Math.round((at - shown.y) * size + canvas.height / 2);
    const corners = (level, chunk) => {
      const ends = [0, 1].map((axis) =>
        [0, 1].map((end) => {
          const pixel = Math.min((chunk[axis] + end) * level.chunk[axis], level.shape[axis]);
          return edge(level.origin[axis] + pixel * level.factor[axis], axis);
        }),
      );
      return [ends[1][0], ends[0][0], ends[1][1] - ends[1][0], ends[0][1] - ends[0][0]];
    };
    const visible = (at) => {
      const span = spanOf(levels[at], area);
      if (!isShowable(levels[at], span)) return [];
      return [...chunksIn(span)].map((chunk) => {
        const key = `${at}/${chunk.join("/")}`;
        return { chunk, entry: entries.get(key), place: corners(levels[at], chunk) };
      });
    };

    context.fillStyle = colour("ground");
    context.fillRect(0, 0, canvas.width, canvas.height);
    const here = visible(number);
    const isComplete = here.every(({ entry }) => entry?.state === "ready");
    const coarsest = isComplete || !page.pyramid.checked ? number : levels.length - 1;
    for (let at = coarsest; at >= number; at--) {
      // Beyond three device pixels, a pixel is shown as the square that it is.
      context.imageSmoothingEnabled = mean(levels[at].factor) * size < 3 || at > number;
      for (const { entry, place } of at === number ? here : visible(at)) {
        if (entry?.state !== "ready") continue;
        entry.used = now;
        if (!entry.isAbsent) context.drawImage(shrunk(entry, place[2]), ...place);
        else if (isBare) hatch(place, colour("border"));
        else {
          const grey = greyOf(levels[at].fill, tone);
          context.fillStyle = `rgb(${grey} ${grey} ${grey})`;
          context.fillRect(...place);
        }
      }
    }

    let flashing = false;
    for (const { chunk, entry, place } of here) {
      const [x, y, w, h] = place;
      if (entry?.state === "failed") hatch(place, colour("bad"));
      if (page.borders.checked) {
        context.lineWidth = density;
        context.strokeStyle = colour(entry?.state === "failed" ? "bad" : "border");
        context.strokeRect(x + 0.5, y + 0.5, w, h); // the neighbour draws the same line
        if (Math.min(w, h) > 76 * density) label(source.name(number, ...chunk), x, y, colour);
      }
      const age = entry?.state === "ready" && !entry.isAbsent ? (now - entry.arrived) / FLASH : 1;
      if (age < 1 && !still.matches) {
        flashing = true;
        const rest = 1 - Math.max(age, 0);
        context.fillStyle = context.strokeStyle = colour("lit");
        context.globalAlpha = 0.2 * rest;
        context.fillRect(x, y, w, h);
        context.globalAlpha = rest;
        const line = (context.lineWidth = 3 * density);
        context.strokeRect(x + line / 2, y + line / 2, w - line, h - line);
        context.globalAlpha = 1;
      }
    }
    drawScale();
    return flashing;
  }

  function hatch([x, y, w, h], colour) {
    context.save();
    context.beginPath();
    context.rect(x, y, w, h);
    context.clip();
    context.fillStyle = context.strokeStyle = colour;
    context.globalAlpha = 0.15;
    context.fillRect(x, y, w, h);
    context.globalAlpha = 0.8;
    context.lineWidth = 1.5 * density;
    context.beginPath();
    for (let at = -h; at < w; at += 12 * density) {
      context.moveTo(x + at, y + h);
      context.lineTo(x + at + h, y);
    }
    context.stroke();
    context.restore();
  }

  function label(text, x, y, colour) {
    context.font = `600 ${11 * density}px system-ui, sans-serif`;
    const wide = context.measureText(text).width;
    context.fillStyle = colour("border");
    context.fillRect(x, y, wide + 10 * density, 17 * density);
    context.fillStyle = colour("on-border");
    context.fillText(text, x + 5 * density, y + 12.5 * density);
  }

  // The longest of 1, 2, 5, 10, … that is at most about a hundred CSS pixels.
  function drawScale() {
    const perPixel = source.pixelSize[1] / shown.zoom;
    const most = 110 * perPixel;
    const power = 10 ** Math.floor(Math.log10(most));
    const length = power * ([5, 2].find((times) => times * power <= most) ?? 1);
    page.scale.style.width = `${length / perPixel}px`;
    page.scale.firstChild.textContent = lengthText(length, source.unit);
  }

  // -- Hands --

  const place = ({ clientX, clientY }) => {
    const { left, top } = canvas.getBoundingClientRect();
    return [clientY - top - box[0] / 2, clientX - left - box[1] / 2];
  };
  const isActive = () => root.contains(document.activeElement);
  const pointers = new Map();
  let moved = 0;

  on(canvas, "pointerdown", (event) => {
    if (event.pointerType === "mouse" && event.button) return;
    pointers.set(event.pointerId, place(event));
    if (pointers.size === 1) moved = 0;
    if (event.pointerType === "mouse") canvas.setPointerCapture(event.pointerId);
  });
  on(canvas, "pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const now = place(event);
    const [y, x] = [now[0] - before[0], now[1] - before[1]];
    moved += Math.hypot(y, x);
    if (pointers.size === 2) {
      const other = [...pointers].find(([id]) => id !== event.pointerId)[1];
      const apart = (at) => Math.max(20, Math.hypot(at[0] - other[0], at[1] - other[1]));
      const middle = now.map((at, axis) => (at + other[axis]) / 2);
      moveBy(y / 2, x / 2, { smoothly: false });
      zoomBy(apart(now) / apart(before), middle, { smoothly: false });
    } else if (event.pointerType === "mouse" || isActive()) {
      moveBy(y, x, { smoothly: false });
    }
    pointers.set(event.pointerId, now);
  });
  on(canvas, "pointerup", (event) => {
    if (pointers.delete(event.pointerId) && moved < 8) canvas.focus({ preventScroll: true });
  });
  on(canvas, "pointerup pointercancel", (event) => pointers.delete(event.pointerId));
  on(canvas, "dblclick", (event) => zoomBy(2, place(event)));
  on(
    canvas,
    "wheel",
    (event) => {
      if (!isActive() && !event.ctrlKey && !event.metaKey)
        return hint("Click the image first, or hold Ctrl or ⌘, to zoom with the wheel");
      event.preventDefault();
      const lines = event.deltaY * (event.deltaMode ? 30 : 1);
      zoomBy(2 ** clamp(-lines / (event.ctrlKey ? 100 : 250), -1, 1), place(event));
    },
    { passive: false },
  );
  on(canvas, "touchmove", (event) => {
    if (event.touches.length === 1 && !isActive())
      hint("Tap the image to move it with one finger, or use two");
  }, { passive: true });
  on(canvas, "focus", () => {
    opening = false;
    plan();
  });
  on(document, "pointerdown", (event) => {
    if (isActive() && !root.contains(event.target)) document.activeElement.blur();
  });
  const keys = {
    ArrowLeft: () => moveBy(0, box[1] / 5),
    ArrowRight: () => moveBy(0, -box[1] / 5),
    ArrowUp: () => moveBy(box[0] / 5, 0),
    ArrowDown: () => moveBy(-box[0] / 5, 0),
    "+": () => zoomBy(2),
    "=": () => zoomBy(2),
    "-": () => zoomBy(0.5),
    0: showWhole,
    1: showExact,
    Escape: () => canvas.blur(),
  };
  on(canvas, "keydown", (event) => {
    const act = keys[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  });
  on(page.zoomIn, "click", () => zoomBy(2));
  on(page.zoomOut, "click", () => zoomBy(0.5));
  on(page.whole, "click", showWhole);
  on(page.exact, "click", showExact);
  on(page.borders, "change", redraw);
  on(page.pyramid, "change", () => {
    opening = consent = false;
    request();
  });
  on(page.reset, "click", () => {
    Object.assign(spent, { requests: 0, bytes: 0, chunks: 0 });
    Object.assign(spared, { requests: 0, bytes: 0, seen: [] });
    request();
  });

  const measure = () => {
    const { clientHeight, clientWidth } = canvas;
    if (!clientHeight || !clientWidth) return;
    density = Math.min(devicePixelRatio || 1, MOST_DEVICE_PIXELS);
    box = [clientHeight, clientWidth];
    canvas.width = Math.round(clientWidth * density);
    canvas.height = Math.round(clientHeight * density);
    const before = goal ?? { x: width / 2, y: height / 2 };
    goal = shown = clamped({ ...before, zoom: isWhole ? fit() : before.zoom });
    plan();
    redraw();
  };
  const sizes = new ResizeObserver(measure);
  sizes.observe(canvas);
  measure(); // it tells only later, and the buttons are there already
  page.counted.textContent = `Bytes are counted ${source.counted}.`;
  page.caption.textContent = source.caption;
  return () => {
    stop.abort();
    sizes.disconnect();
    cancelAnimationFrame(frame);
    [timer, spoken, hinted].forEach(clearTimeout);
    entries.forEach(({ abort }) => abort.abort());
    source.close();
  };
}

function render({ model, el }) {
  const title = model.get("title");
  // A page of the book has no kernel; its loader keeps all widgets' state in this element.
  const hasKernel = !document.getElementById("anywidget-data");
  const isLive = hasKernel && model.get("image").levels;
  const problem = (...text) => {
    const picture = model.get("picture");
    el.replaceChildren(
      make(
        "figure",
        { class: "bz bz-still" },
        ...(picture ? [make("img", { src: picture, alt: title })] : []),
        make("figcaption", { role: "status" }, ...text),
      ),
    );
  };
  if (!isLive && !model.get("url"))
    return problem(`${title}. To zoom in, run this cell in Jupyter: its kernel has the pixels.`);

  let cleanUp = null;
  const gone = new AbortController();
  async function begin() {
    el.replaceChildren(make("div", { class: "bz bz-waiting" }));
    const opening = new AbortController();
    const stop = () => opening.abort();
    gone.signal.addEventListener("abort", stop);
    try {
      const source = isLive ? openKernel(model) : await openImage(model.get("url"), opening.signal);
      const page = buildPage(title, source.levels.length);
      el.replaceChildren(page.root);
      cleanUp = startViewer(source, page);
    } catch (error) {
      if (gone.signal.aborted) return;
      const why = error instanceof FetchError ? error.message : "this page cannot make sense of it";
      const again = make("button", { type: "button", class: "bz-button bz-wide" }, "Try again");
      again.addEventListener("click", async () => {
        await begin();
        el.querySelector("canvas, button").focus({ preventScroll: true });
      });
      problem(
        `${title} cannot be shown: ${why}. Check that ${model.get("url")} is an OME-Zarr image ` +
          "that this page may read, then ",
        again,
      );
    } finally {
      stop(); // where one file has failed, the others are of no use
      gone.signal.removeEventListener("abort", stop);
    }
  }
  // Nothing is loaded before it is about to be seen.
  el.replaceChildren(make("div", { class: "bz bz-waiting" }));
  const seen = new IntersectionObserver(
    (changes) => {
      if (!changes.some(({ isIntersecting }) => isIntersecting)) return;
      seen.disconnect();
      begin();
    },
    { rootMargin: "300px" },
  );
  seen.observe(el);
  return () => {
    gone.abort();
    seen.disconnect();
    cleanUp?.();
  };
}

export default { render };
