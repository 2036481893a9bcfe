// A large 2-D image to pan and zoom, drawn chunk by chunk from its resolution pyramid.
//
// Positions are in pixels of level 0, counted from the image's upper left corner. A view is its
// centre (x, y) and its zoom, in CSS pixels per pixel of level 0. Pairs of numbers are [y, x].

const MOST_REQUESTS = 6; // under way at once, as many as browsers open to one HTTP/1.1 server
const CACHE_BYTES = 32 * 2 ** 20; // of drawn chunks out of view, at 4 bytes per pixel
const OPENING_BYTES = 140e3; // of the first picture, until someone touches it
const ASK_ABOVE = 4e6; // bytes for one view
const ASK_KERNEL_ABOVE = 64e6; // the same where a kernel sends them, mostly from the same machine
const FLASH = 700; // milliseconds
const KERNEL_PATIENCE = 60e3; // milliseconds
const MOST_DEVICE_PIXELS = 2; // per CSS pixel: beyond, eyes see little more and data doubles again

const TYPES = {
  bool: Uint8Array,
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
};
const UNITS = { micrometer: "µm", nanometer: "nm", millimeter: "mm", meter: "m" };

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
  const [size, unit] = bytes < 999.5e3 ? [bytes / 1e3, "kB"] : [bytes / 1e6, "MB"];
  return `${size < 9.95 ? size.toFixed(1) : size.toFixed(0)} ${unit}`;
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
// each stored chunk, row by row, or nothing where that is not known. load(level, row, column,
// signal) brings { pixels, bytes }: a chunk in full size, and what had to be transferred.

// What an array's metadata say, Zarr v3 or v2; only the last two axes are looked at, of any others
// the first index.
function arrayLayout(meta) {
  const layout = { codec: null, little: true };
  if (meta.zarr_format === 3) {
    const encoding = meta.chunk_key_encoding;
    const v2 = encoding.name === "v2";
    layout.separator = encoding.configuration?.separator ?? (v2 ? "." : "/");
    layout.prefix = v2 ? [] : ["c"];
    layout.chunk = meta.chunk_grid.configuration.chunk_shape;
    layout.type = meta.data_type;
    for (const { name, configuration } of meta.codecs) {
      if (name === "gzip") layout.codec = "gzip";
      else if (name === "bytes") layout.little = (configuration?.endian ?? "little") === "little";
      else throw new Error(`its chunks are stored with the codec “${name}”, only gzip can be read`);
    }
  } else {
    const names = { u: "uint", i: "int", f: "float", b: "bool" };
    const [, order, kind, size] = /^([<>|])(\w)(\d+)$/.exec(meta.dtype) ?? [];
    layout.separator = meta.dimension_separator ?? ".";
    layout.prefix = [];
    layout.chunk = meta.chunks;
    layout.type = kind === "b" ? "bool" : `${names[kind]}${8 * size}`;
    layout.little = order !== ">";
    const codec = { gzip: "gzip", zlib: "deflate" }[meta.compressor?.id];
    if ((meta.compressor && !codec) || meta.filters?.length || meta.order === "F")
      throw new Error("its chunks are stored with a codec or an order that cannot be read here");
    layout.codec = codec ?? null;
  }
  if (!TYPES[layout.type]) throw new Error(`its pixels are of type ${layout.type}`);
  if (!layout.little && TYPES[layout.type].BYTES_PER_ELEMENT > 1)
    throw new Error("its pixels are big-endian");
  return { ...layout, shape: meta.shape, fill: meta.fill_value ?? 0 };
}

// Scale and translation of a level along y and x, of all its transformations together.
function placement(transformations) {
  const place = { scale: [1, 1], shift: [0, 0] };
  for (const { type, scale, translation } of transformations) {
    for (const axis of [0, 1]) {
      if (type === "scale") {
        place.scale[axis] *= scale.at(axis - 2);
        place.shift[axis] *= scale.at(axis - 2);
      } else if (type === "translation") place.shift[axis] += translation.at(axis - 2);
    }
  }
  return place;
}

async function openUrl(address) {
  const base = new URL(address.replace(/\/*$/, "/"), document.baseURI);
  const json = async (path) => {
    const answer = await fetch(new URL(path, base));
    if (!answer.ok) throw new Error(`the server answers ${answer.status} for ${path}`);
    return answer.json();
  };
  let arrayFile = "zarr.json";
  const attributes = await json("zarr.json").then(
    (group) => group.attributes ?? {},
    (error) => {
      arrayFile = ".zarray";
      return json(".zattrs").catch(() => Promise.reject(error));
    },
  );
  const { multiscales, omero } = attributes.ome ?? attributes;
  if (!multiscales) throw new Error("it is no OME-Zarr image");
  const { datasets, axes, coordinateTransformations = [] } = multiscales[0];
  const arrays = await Promise.all(
    datasets.map(async ({ path }) => arrayLayout(await json(`${path}/${arrayFile}`))),
  );
  const places = datasets.map((set) =>
    placement([...set.coordinateTransformations, ...coordinateTransformations]),
  );
  const { scale, shift } = places[0];
  const known = attributes.bigimg_lessons?.chunk_bytes;
  const levels = arrays.map((array, number) => ({
    shape: array.shape.slice(-2),
    chunk: array.chunk.slice(-2),
    factor: places[number].scale.map((size, axis) => size / scale[axis]),
    // From the edge of level 0's first pixel to that of this level's; what is given are centres.
    origin: places[number].shift.map(
      (at, axis) =>
        (at - places[number].scale[axis] / 2 - shift[axis] + scale[axis] / 2) / scale[axis],
    ),
    bytes: known?.[number],
  }));
  const name = (level, row, column) => {
    const { shape, prefix, separator } = arrays[level];
    const leading = Array(shape.length - 2).fill(0);
    return `${datasets[level].path}/${[...prefix, ...leading, row, column].join(separator)}`;
  };
  const window = omero?.channels?.[0]?.window;
  return {
    levels,
    name,
    unit: UNITS[axes?.at(-1)?.unit] ?? axes?.at(-1)?.unit ?? "pixels",
    pixelSize: scale,
    window: window && [window.start, window.end],
    caption: attributes.bigimg_lessons?.caption ?? "",
    itemSize: TYPES[arrays[0].type].BYTES_PER_ELEMENT,
    isByte: arrays[0].type === "uint8",
    counted: known ? "as stored, compressed" : "uncompressed where nothing was loaded",
    isRemote: true,
    close() {},
    async load(level, row, column, signal) {
      const { codec, type, chunk, fill } = arrays[level];
      const length = chunk.reduce((product, size) => product * size);
      const answer = await fetch(new URL(name(level, row, column), base), { signal });
      // In Zarr a chunk that holds nothing but the fill value need not be stored.
      if (answer.status === 404 && !levels[level].bytes)
        return { pixels: new TYPES[type](length).fill(Number(fill)), bytes: 0 };
      if (!answer.ok) throw new Error(`the server answers ${answer.status}`);
      const stored = await answer.arrayBuffer();
      const raw = codec
        ? await new Response(
            new Blob([stored]).stream().pipeThrough(new DecompressionStream(codec)),
          ).arrayBuffer()
        : stored;
      const expected = length * TYPES[type].BYTES_PER_ELEMENT;
      if (raw.byteLength !== expected)
        throw new Error(`it holds ${raw.byteLength} bytes in place of ${expected}`);
      return { pixels: new TYPES[type](raw), bytes: stored.byteLength };
    },
  };
}

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

// Rows and columns of the chunks of a level that a rectangle [top, left, bottom, right] touches.
function* chunksIn({ shape, chunk, factor, origin }, rectangle) {
  const [rows, columns] = [0, 1].map((axis) => {
    const from = (rectangle[axis] - origin[axis]) / factor[axis];
    const to = (rectangle[axis + 2] - origin[axis]) / factor[axis];
    return [
      Math.floor(clamp(from, 0, shape[axis]) / chunk[axis] + 1e-9),
      Math.ceil(clamp(to, 0, shape[axis]) / chunk[axis] - 1e-9),
    ];
  });
  for (let row = rows[0]; row < rows[1]; row++)
    for (let column = columns[0]; column < columns[1]; column++) yield [row, column];
}

const columnsOf = ({ shape, chunk }) => Math.ceil(shape[1] / chunk[1]);

// Bytes of a chunk: as stored where that is known, else its pixels.
const costOf = (source, level, row, column) =>
  level.bytes?.[row * columnsOf(level) + column] ??
  level.chunk[0] * level.chunk[1] * source.itemSize;

// ---- Pixels ----

// A chunk as a canvas of its part inside the image, grey between the two ends of the window.
function toned({ shape, chunk }, row, column, pixels, [low, high]) {
  const canvas = make("canvas");
  const height = (canvas.height = Math.min(chunk[0], shape[0] - row * chunk[0]));
  const width = (canvas.width = Math.min(chunk[1], shape[1] - column * chunk[1]));
  const context = canvas.getContext("2d");
  const picture = context.createImageData(width, height);
  const words = new Uint32Array(picture.data.buffer);
  const span = high - low || 1;
  for (let y = 0, n = 0; y < height; y++) {
    for (let x = 0, at = y * chunk[1]; x < width; x++, n++) {
      const grey = clamp(Math.round(((pixels[at + x] - low) * 255) / span), 0, 255) || 0;
      words[n] = 0xff000000 | (grey * 0x010101);
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
  const spared = { requests: 0, bytes: 0, seen: new Set() };

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
    const costs = (number) => missing(number, view).bytes > OPENING_BYTES;
    while (opening && source.isRemote && best < levels.length - 1 && costs(best)) best++;
    return best;
  }

  function missing(number, view) {
    const level = levels[number];
    const chunks = [...chunksIn(level, rectangle(view))].filter(
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
    const { chunks, bytes } = missing(number, goal);
    const ask = bytes > (source.isRemote ? ASK_ABOVE : ASK_KERNEL_ABOVE) && !consent;
    tell(ask ? { bytes, chunks: chunks.length } : null);
    wanted = new Set();
    for (const [row, column] of chunksIn(level, area)) wanted.add(`${number}/${row}/${column}`);
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
      spent.chunks++;
      tone ??= extremes(pixels);
      entry.canvas = toned(levels[number], row, column, pixels, tone);
      entry.halves = [entry.canvas];
      entry.size = entry.canvas.width * entry.canvas.height * 4;
      entry.state = "ready";
      entry.arrived = performance.now();
      trim();
    } catch (error) {
      if (entries.get(key) !== entry) return; // it was cancelled
      entry.state = "failed";
      entry.fault = `chunk ${source.name(number, row, column)}, ${error.message}`;
      tell(null);
    } finally {
      underWay--;
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
      for (const half of entry.halves) half.width = 0; // some browsers free it only then
    }
  }

  // -- Telling --

  function compare(area) {
    const level = levels[0];
    for (const [row, column] of chunksIn(level, area)) {
      const key = row * columnsOf(level) + column;
      if (spared.seen.has(key)) continue;
      spared.seen.add(key);
      spared.requests++;
      spared.bytes += costOf(source, level, row, column);
    }
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

  // What needs an answer: a question before much is loaded, else the chunks that failed.
  function tell(question) {
    const faults = [...entries.values()].filter(({ state }) => state === "failed");
    const said = question ? JSON.stringify(question) : faults.map(({ fault }) => fault).join();
    if (page.notice.dataset.said === said) return;
    page.notice.dataset.said = said;
    const button = (text, press) => {
      const node = make("button", { type: "button", class: "bz-button bz-wide" }, text);
      on(node, "click", press);
      return node;
    };
    if (question) {
      page.notice.replaceChildren(
        `Level 0 of this view is ${plural(question.chunks, "chunk")}, `,
        `${byteText(question.bytes)}. Load them, or zoom in to need fewer?`,
        button("Load them", () => {
          consent = true;
          request();
          canvas.focus();
        }),
      );
    } else if (faults.length) {
      const others = faults.length > 1 ? ` (and ${faults.length - 1} more)` : "";
      page.notice.replaceChildren(
        `Not loaded, hatched in the picture: ${faults[0].fault}${others}. `,
        "Check the connection, then",
        button("Try again", () => {
          for (const [key, { state }] of entries) if (state === "failed") entries.delete(key);
          request();
          canvas.focus();
        }),
      );
    } else page.notice.replaceChildren();
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
    const visible = (at) =>
      [...chunksIn(levels[at], area)].map((chunk) => {
        const key = `${at}/${chunk.join("/")}`;
        return { chunk, entry: entries.get(key), place: corners(levels[at], chunk) };
      });

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
        context.drawImage(shrunk(entry, place[2]), ...place);
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
      const age = entry?.state === "ready" ? (now - entry.arrived) / FLASH : 1;
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
    Object.assign(spared, { requests: 0, bytes: 0, seen: new Set() });
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
  const problem = (text) => {
    const picture = model.get("picture");
    el.replaceChildren(
      make(
        "figure",
        { class: "bz bz-still" },
        ...(picture ? [make("img", { src: picture, alt: title })] : []),
        make("figcaption", { role: "status" }, text),
      ),
    );
  };
  if (!isLive && !model.get("url"))
    return problem(`${title}. To zoom in, run this cell in Jupyter: its kernel has the pixels.`);

  let cleanUp = null;
  let isGone = false;
  async function begin() {
    try {
      const source = isLive ? openKernel(model) : await openUrl(model.get("url"));
      if (isGone) return;
      const page = buildPage(title, source.levels.length);
      el.replaceChildren(page.root);
      cleanUp = startViewer(source, page);
    } catch (error) {
      problem(
        `${title} cannot be shown: ${error.message}. Check that ${model.get("url")} is an ` +
          "OME-Zarr image that this page may read, and load the page again.",
      );
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
    isGone = true;
    seen.disconnect();
    cleanUp?.();
  };
}

export default { render };
