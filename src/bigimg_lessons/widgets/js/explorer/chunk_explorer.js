// The chunk explorer as it is shown. What is chosen is in the model, and always makes sense; what
// is typed gets there only after it was checked. Axes come slowest first (zyx).

import { ChunkError, makeGrid, reading, seconds, touched } from "../costs/chunk_arithmetic.js";
import { formatBytes } from "../kit/text.js";
import { drawVolume, fractionAlong, placeVolume } from "./chunk_picture.js";

const SETTING = [
  "shape",
  "dtype",
  "chunk_shape",
  "shard_shape",
  "edges",
  "reader",
  "orientation",
  "position",
  "cube_edge",
  "storage",
];
const ITEM_SIZES = {
  uint8: 1,
  int8: 1,
  uint16: 2,
  int16: 2,
  uint32: 4,
  int32: 4,
  float32: 4,
  float64: 8,
};
const AXES = ["z", "y", "x"];
const FIXED_AXIS = { XY: 0, XZ: 1, YZ: 2 };
const PAUSE = 350; // milliseconds without typing, after which what was typed counts
const SETTLED = 600; // milliseconds without a change, after which it is read aloud

// ---- What a setting means

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

function regionOf({ shape, orientation, position, cube_edge: edge }) {
  if (orientation === "cube") return position.map((start) => [start, start + edge]);
  return shape.map((n, axis) =>
    axis === FIXED_AXIS[orientation] ? [position[axis], position[axis] + 1] : [0, n],
  );
}

// The last place of each axis at which a slice or a cube may be.
function lastPlaces({ shape, orientation, cube_edge: edge }) {
  return shape.map((n) => n - (orientation === "cube" ? edge : 1));
}

// What a setting costs; throws ChunkError unless it makes sense.
function explore(setting, { storages, readers }) {
  if (!Object.hasOwn(ITEM_SIZES, setting.dtype)) {
    throw new ChunkError("dtype", `There is no type ${setting.dtype} here.`);
  }
  const { shape, position, orientation, cube_edge: edge } = setting;
  const grid = makeGrid({
    shape,
    itemSize: ITEM_SIZES[setting.dtype],
    chunkShape: setting.chunk_shape,
    shardShape: setting.shard_shape,
    edges: setting.edges,
  });
  if (orientation === "cube" && edge < 1) {
    throw new ChunkError("cube", `The edge of the cube is ${count(edge)}: give 1 or more.`);
  }
  if (orientation === "cube" && shape.some((n) => edge > n)) {
    throw new ChunkError(
      "cube",
      `A cube of ${count(edge)} is larger than the volume of ${sizes(shape)}: ` +
        "give a shorter edge.",
    );
  }
  lastPlaces(setting).forEach((last, axis) => {
    if (position[axis] < 0 || position[axis] > last) {
      throw new ChunkError(
        `position-${axis}`,
        `${AXES[axis]} = ${count(position[axis])} is outside the volume: ` +
          `give a place from 0 to ${count(last)}.`,
      );
    }
  });
  const region = regionOf(setting);
  const cost = reading(grid, region, readers[setting.reader]);
  const times = Object.fromEntries(
    Object.entries(storages).map(([key, storage]) => [
      key,
      seconds(storage, cost.requests, cost.read),
    ]),
  );
  return { grid, region, spans: touched(grid, region), cost, times };
}

// The shards closest to those given that hold whole chunks, and no more than the volume has.
const shardsFor = (shape, chunkShape, shard) =>
  chunkShape.map((c, axis) => {
    const most = Math.min(Math.floor(shard[axis] / c), Math.ceil(shape[axis] / c));
    return c * Math.max(1, most);
  });

function presetSetting({ chunk, shard, edges }, shape) {
  const chunkShape = shape.map((n, axis) => Math.min(chunk[axis] ?? n, n));
  const shardShape = shard && shardsFor(shape, chunkShape, shard);
  return { chunk_shape: chunkShape, shard_shape: shardShape, edges };
}

// ---- Words and numbers

const count = (number) => number.toLocaleString("en");
const sizes = (numbers) => numbers.map(count).join(" × ");
const plural = (number, word) => `${count(number)} ${word}${number === 1 ? "" : "s"}`;
const significant = (value) =>
  value.toLocaleString("en", { maximumFractionDigits: value < 9.995 ? 2 : value < 99.95 ? 1 : 0 });

function formatSeconds(time) {
  const units = [
    [1e-3, 1e-6, "µs"],
    [1, 1e-3, "ms"],
    [120, 1, "s"],
    [7200, 60, "min"],
    [172800, 3600, "h"],
    [63115200, 86400, "days"],
    [Infinity, 31557600, "years"],
  ];
  const [, size, unit] = units.find(([below]) => time < below);
  return `${significant(time / size)} ${unit}`;
}

const inShards = ({ shardCount }, { shards }) =>
  shards ? ` in ${count(shards)} of ${plural(shardCount, "shard")}` : "";

function describe(setting, { grid, cost }) {
  const { orientation, position, cube_edge: edge } = setting;
  const fixed = FIXED_AXIS[orientation];
  const what =
    orientation === "cube"
      ? `A cube of ${count(edge)} at z = ${count(position[0])}, y = ${count(position[1])}, ` +
        `x = ${count(position[2])}`
      : `${orientation} slice at ${AXES[fixed]} = ${count(position[fixed])}`;
  const shards = inShards(grid, cost);
  const times =
    cost.read === cost.wanted
      ? "not a byte more"
      : `${significant(cost.read / cost.wanted)} times as much`;
  return (
    `${what} touches ${count(cost.chunks)} of ${plural(grid.chunkCount, "chunk")}${shards}: ` +
    `${plural(cost.requests, "request")}, ${formatBytes(cost.read)} read for ` +
    `${formatBytes(cost.wanted)} wanted, ${times}.`
  );
}

// What the chosen reader does with shards, and what the others would need.
function describeReaders(setting, { grid, region }, readers) {
  if (!grid.shardShape) return "";
  const others = Object.entries(readers).map(([key, reader]) => {
    if (key === setting.reader) return "";
    try {
      const { requests, read } = reading(grid, region, reader);
      return ` A reader that ${reader.name}: ${plural(requests, "request")}, ${formatBytes(read)}.`;
    } catch (problem) {
      if (!(problem instanceof ChunkError)) throw problem;
      return ""; // too many chunks to look at for that one
    }
  });
  return readers[setting.reader].about + others.join("");
}

// A whole number as people type it; throws ChunkError that names the field.
function whole(field, name, text) {
  const typed = text.trim();
  if (!typed) throw new ChunkError(field, `${name} is empty: give a whole number.`);
  if (!/^[+-]?\d{1,3}([ ,]\d{3})+$|^[+-]?\d+$/.test(typed)) {
    throw new ChunkError(field, `${name} is “${typed.slice(0, 20)}”: give a whole number.`);
  }
  const number = Number(typed.replace(/[ ,]/g, ""));
  if (number > Number.MAX_SAFE_INTEGER) {
    throw new ChunkError(field, `${name} has ${typed.length} digits: give a smaller number.`);
  }
  return number;
}

// ---- The setting as text, for a link: z256y1024x1024-uint8-c64.64.64-yz-at128.512.512-s3; after
// the chunk perhaps a shard, -s256.256.256, and -merging or -cut

const LINK = new RegExp(
  "^z(\\d+)y(\\d+)x(\\d+)-(\\w+)-c(\\d+)\\.(\\d+)\\.(\\d+)(?:-s(\\d+)\\.(\\d+)\\.(\\d+))?" +
    "(-merging)?(-cut)?" +
    "-(xy|xz|yz|cube(\\d+))-at(\\d+)\\.(\\d+)\\.(\\d+)-([\\w-]+)$",
);

function toLink(setting) {
  const [z, y, x] = setting.shape;
  const { orientation, shard_shape: shard } = setting;
  return [
    `z${z}y${y}x${x}`,
    setting.dtype,
    `c${setting.chunk_shape.join(".")}`,
    ...(shard ? [`s${shard.join(".")}`] : []),
    ...(setting.reader === "merging" ? ["merging"] : []),
    ...(setting.edges === "cut" ? ["cut"] : []),
    orientation === "cube" ? `cube${setting.cube_edge}` : orientation.toLowerCase(),
    `at${setting.position.join(".")}`,
    setting.storage,
  ].join("-");
}

// The setting that a link holds, or null where it makes no sense.
function fromLink(text, before, known) {
  const found = LINK.exec(text);
  if (!found) return null;
  const numbers = (from) => found.slice(from, from + 3).map(Number);
  const setting = {
    shape: numbers(1),
    dtype: found[4],
    chunk_shape: numbers(5),
    shard_shape: found[8] === undefined ? null : numbers(8),
    reader: found[11] ? "merging" : "one-by-one",
    edges: found[12] ? "cut" : "padded",
    orientation: found[14] ? "cube" : found[13].toUpperCase(),
    position: numbers(15),
    cube_edge: found[14] ? Number(found[14]) : before.cube_edge,
    storage: found[18],
  };
  try {
    explore(setting, known);
  } catch {
    return null;
  }
  return Object.hasOwn(known.storages, setting.storage) ? setting : null;
}

// ---- What is on the page

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  // JupyterLab's shortcuts must not take its keys. Only the focused element's own word counts.
  if (/^(a|button|input|select|summary)$/.test(tag) || attributes.tabindex)
    node.dataset.lmSuppressShortcuts = "true";
  node.append(...children);
  return node;
}

const settingOf = (model) => Object.fromEntries(SETTING.map((name) => [name, model.get(name)]));

function put(model, changes) {
  for (const [name, value] of Object.entries(changes)) model.set(name, value);
  model.save_changes();
}

// A text field for a whole number, with its label.
function numberField(key, label, hint) {
  const input = make("input", {
    type: "text",
    inputmode: "numeric",
    class: "bx-number",
    autocomplete: "off",
    "aria-label": hint,
    "data-field": key,
  });
  return { input, label: make("label", { class: "bx-field" }, make("span", {}, label), input) };
}

// Fields of one kind with the place for what is wrong with them.
function fieldGroup(uid, key, legend, fields, ...more) {
  const error = make("p", { id: `${uid}-${key}-error`, class: "bx-error", "aria-live": "polite" });
  const node = make(
    "fieldset",
    { class: "bx-group" },
    make("legend", {}, legend),
    make("div", { class: "bx-fields" }, ...fields.map(({ label }) => label), ...more),
    error,
  );
  return { node, error, inputs: fields.map(({ input }) => input) };
}

function choice(name, value, label, kind) {
  const input = make("input", { type: "radio", name, value });
  return { input, label: make("label", { class: kind }, input, make("span", {}, label)) };
}

function select(label, options, attributes = {}) {
  const node = make(
    "select",
    attributes,
    ...options.map(([value, text]) => make("option", { value }, text)),
  );
  const field = { class: "bx-field bx-wide" };
  return { node, label: make("label", field, make("span", {}, label), node) };
}

// The numbers beside the picture; update() with what explore() found.
function numberTiles() {
  const tile = (name) => {
    const [value, more] = [make("b"), make("small")];
    const node = make("div", {}, make("dt", {}, name), make("dd", {}, value, more));
    return { value, more, node };
  };
  const tiles = {
    chunks: tile("Chunks read"),
    requests: tile("Requests"),
    wanted: tile("Bytes wanted"),
    read: tile("Bytes read"),
    amplification: tile("Amplification"),
    files: tile("Files"),
    time: tile("Estimated time"),
  };
  const share = make("div", { class: "bx-share", "aria-hidden": "true" }, make("div"));
  const node = make(
    "div",
    {},
    share,
    make("dl", { class: "bx-tiles" }, ...Object.values(tiles).map((entry) => entry.node)),
  );
  tiles.time.node.className = "bx-time";
  function show(name, value, more) {
    tiles[name].value.textContent = value;
    tiles[name].more.textContent = more;
  }
  function update({ grid, cost }, preset, time, storage, merges) {
    const oneFile = preset ? preset.one_file : grid.edges === "cut";
    const times = cost.read / cost.wanted;
    const perRequest = cost.shards ? "with those for shard indexes" : "one for each chunk";
    show("chunks", count(cost.chunks), `of ${count(grid.chunkCount)}${inShards(grid, cost)}`);
    show("requests", count(cost.requests), perRequest);
    show("amplification", `${significant(times)} ×`, "read ÷ wanted");
    show("wanted", formatBytes(cost.wanted), "the region itself");
    const gaps = merges ? "whole chunks, indexes and gaps" : "whole chunks and indexes";
    show("read", formatBytes(cost.read), cost.shards ? gaps : "whole chunks");
    show(
      "files",
      oneFile ? "1" : count(grid.shardCount || grid.chunkCount),
      oneFile ? "holds all chunks" : grid.shardCount ? "one for each shard" : "one for each chunk",
    );
    show("time", formatSeconds(time), `storage: ${storage}`);
    share.firstChild.style.width = `${(100 * cost.wanted) / cost.read}%`;
  }
  return { node, update };
}

// Estimated times as bars, each also the choice of its storage.
function timeChart(uid, storages, onChoose) {
  const rows = Object.entries(storages).map(([key, { name }]) => {
    const { input, label } = choice(`${uid}-storage`, key, name, "bx-storage");
    const [time, bar] = [make("b"), make("i")];
    const best = make("em", {}, "fastest");
    label.append(best, time, make("span", { class: "bx-track", "aria-hidden": "true" }, bar));
    input.addEventListener("change", () => onChoose(key));
    return { key, input, label, time, bar, best };
  });
  const scale = make("div", { class: "bx-scale", "aria-hidden": "true" });
  const node = make(
    "fieldset",
    { class: "bx-chart" },
    make("legend", {}, "Estimated time, by storage"),
    ...rows.map(({ label }) => label),
    scale,
    make(
      "p",
      { class: "bx-small" },
      "Estimated, not measured. Each line is 10 times the one before.",
    ),
  );
  function update(times, chosen) {
    const values = Object.values(times);
    const low = Math.min(-4, Math.floor(Math.log10(Math.min(...values))));
    const high = Math.max(2, Math.ceil(Math.log10(Math.max(...values))));
    const place = (power) => (100 * (power - low)) / (high - low);
    for (const { key, input, label, time, bar, best } of rows) {
      input.checked = key === chosen;
      label.dataset.chosen = key === chosen;
      time.textContent = formatSeconds(times[key]);
      bar.style.width = `${place(Math.log10(times[key]))}%`;
      best.hidden = times[key] > Math.min(...values);
    }
    node.style.setProperty("--bx-decade", `${100 / (high - low)}%`);
    const every = Math.ceil((high - low) / 4);
    const ticks = [];
    for (let power = low; power <= high; power += every) {
      const tick = make("span", {}, formatSeconds(10 ** power));
      tick.style.left = `${place(power)}%`;
      ticks.push(tick);
    }
    scale.replaceChildren(...ticks);
  }
  return { node, update };
}

function explanation(storages, presets) {
  const rows = Object.values(storages).map(({ name, latency, bandwidth, concurrency, source }) =>
    make(
      "li",
      {},
      make("b", {}, name),
      `: ${formatSeconds(latency)} for each round, ${count(Math.round(bandwidth / 1e6))} MB/s, ` +
        `${plural(concurrency, "request")} at once. ${source}`,
    ),
  );
  const formats = presets.map(({ name, about }) =>
    make("li", {}, make("b", {}, name), `: ${about}.`),
  );
  return make(
    "details",
    { class: "bx-details" },
    make("summary", {}, "How this is estimated, and where the figures are from"),
    make(
      "p",
      {},
      "time = ⌈requests ÷ requests at once⌉ × latency + bytes read ÷ bandwidth. " +
        "Data are taken as not compressed, and decoding as free; caches, and chunks that wait " +
        "for the index of their shard, are left out.",
    ),
    make("ul", {}, ...rows),
    make("p", {}, "The formats to start from are common choices; writers let one choose others:"),
    make("ul", {}, ...formats),
  );
}

// Copies the link of a setting; shows it to be copied by hand where that is not possible.
function linkMaker(keyOf, setting) {
  const button = make("button", { type: "button", class: "bx-button" });
  button.textContent = "Copy link to this setting";
  const field = make("input", {
    type: "text",
    readonly: "",
    class: "bx-link",
    "aria-label": "Link to this setting",
  });
  const said = make("span", { class: "bx-small", role: "status" });
  field.hidden = true;
  button.addEventListener("click", async () => {
    const url = new URL(location.href);
    url.hash = `${keyOf()}=${toLink(setting())}`;
    try {
      await navigator.clipboard.writeText(url.href);
      field.hidden = true;
      said.textContent = "Copied.";
    } catch {
      field.hidden = false;
      field.value = url.href;
      field.select();
      said.textContent = "Copy it from the field: this browser does not let the page do so.";
    }
  });
  return make("div", { class: "bx-foot" }, button, field, said);
}

// The canvas: draws at most once for each frame, and lets itself be dragged.
function picture(el, model, onDraw) {
  const canvas = make("canvas", { class: "bx-canvas", role: "img" });
  let waiting = 0;

  function colours() {
    const style = getComputedStyle(el);
    const value = (name) => style.getPropertyValue(`--bx-${name}`).trim();
    return {
      page: value("page"),
      ink: value("ink"),
      muted: value("muted"),
      tile: value("tile"),
      tileEdge: value("tile-edge"),
      lit: value("lit"),
      litEdge: value("lit-edge"),
      accent: value("accent"),
    };
  }
  function draw() {
    waiting = 0;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (!width || !height) return;
    const sharp = Math.min(devicePixelRatio || 1, 2);
    const [pixelsX, pixelsY] = [Math.round(width * sharp), Math.round(height * sharp)];
    if (canvas.width !== pixelsX) canvas.width = pixelsX;
    if (canvas.height !== pixelsY) canvas.height = pixelsY;
    const context = canvas.getContext("2d");
    context.setTransform(sharp, 0, 0, sharp, 0, 0);
    const font = `600 13px ${getComputedStyle(el).fontFamily}`;
    onDraw((scene) => drawVolume(context, { ...scene, width, height, font, colours: colours() }));
  }
  const ask = () => {
    waiting ||= requestAnimationFrame(draw);
  };

  let grip = null;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    canvas.setPointerCapture(event.pointerId);
    grip = { from: [event.clientX, event.clientY], position: model.get("position") };
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!grip) return;
    const setting = settingOf(model);
    const place = placeVolume(setting.shape, canvas.clientWidth, canvas.clientHeight);
    const way = [event.clientX - grip.from[0], event.clientY - grip.from[1]];
    const axes = setting.orientation === "cube" ? [1, 2] : [FIXED_AXIS[setting.orientation]];
    const last = lastPlaces(setting);
    const dragged = setting.position.map((now, axis) => {
      if (!axes.includes(axis)) return now;
      const step = Math.round(fractionAlong(place, axis, way) * setting.shape[axis]);
      return clamp(grip.position[axis] + step, 0, last[axis]);
    });
    put(model, { position: dragged });
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, () => {
      grip = null;
    });
  }

  // Drawn anew whenever its size or its colours may have changed.
  const resized = new ResizeObserver(ask);
  resized.observe(canvas);
  const themed = new MutationObserver(ask);
  for (const node of [document.documentElement, document.body]) {
    // The style too: JupyterLab hides its page while it changes the theme.
    const attributeFilter = ["data-theme", "data-jp-theme-light", "class", "style"];
    themed.observe(node, { attributes: true, attributeFilter });
  }
  const media = ["(prefers-color-scheme: dark)", "print"].map((query) => matchMedia(query));
  media.forEach((query) => query.addEventListener("change", draw));
  function leave() {
    cancelAnimationFrame(waiting);
    resized.disconnect();
    themed.disconnect();
    media.forEach((query) => query.removeEventListener("change", draw));
  }
  return { canvas, ask, leave };
}

// Explorers of one page, in their order: each has a key of its own in the address.
const numbered = new Map();

function initialize({ model }) {
  numbered.set(model, numbered.size + 1);
  return () => numbered.delete(model);
}

function render({ model, el }) {
  const uid = "bx-" + Math.random().toString(36).slice(2);
  const known = { storages: model.get("storages"), readers: model.get("readers") };
  const { storages, readers } = known;
  const presets = model.get("presets");
  const setting = () => settingOf(model);
  // An address to share has only a page of the book, not a notebook in Jupyter.
  const onPage = document.getElementById("anywidget-data") !== null;
  const key = () => {
    const number = numbered.get(model) ?? 1;
    return number === 1 ? "explorer" : `explorer-${number}`;
  };
  let result; // what explore() found for the setting on show
  let counting = 0; // milliseconds that took

  // What is read
  const kinds = ["XY", "XZ", "YZ", "cube"].map((value) =>
    choice(`${uid}-kind`, value, value === "cube" ? "Cube" : value, "bx-kind"),
  );
  const edge = numberField("cube", "Edge", "Edge of the cube");
  const places = AXES.map((axis, index) => {
    const slider = make("input", {
      type: "range",
      min: 0,
      step: 1,
      class: "bx-slider",
      "aria-label": `Position along ${axis}`,
      "aria-describedby": `${uid}-position-${index}-error`,
    });
    const exact = numberField(`position-${index}`, axis, `Exact position along ${axis}`);
    const error = make("p", {
      id: `${uid}-position-${index}-error`,
      class: "bx-error",
      "aria-live": "polite",
    });
    const node = make("div", { class: "bx-place" }, exact.label, slider, error);
    return { node, slider, exact: exact.input, error };
  });
  const cube = fieldGroup(uid, "cube", "Size of the cube", [edge]);

  // How it is stored
  const triple = (name, thing) =>
    AXES.map((axis, index) => numberField(`${name}-${index}`, axis, `${thing} along ${axis}`));
  const dtype = select(
    "Voxel type",
    Object.entries(ITEM_SIZES).map(([name, size]) => [name, `${name}, ${plural(size, "byte")}`]),
  );
  const edges = select("At the edge, chunks are", [
    ["padded", "padded (Zarr, HDF5)"],
    ["cut", "cut (TIFF strips)"],
  ]);
  const who = select(
    "Reader, where it wants a part of a shard",
    Object.entries(readers).map(([key, { name }]) => [key, name]),
    { "aria-describedby": `${uid}-reader` },
  );
  const readerNote = make("p", { id: `${uid}-reader`, class: "bx-small" });
  const sharded = make("input", { type: "checkbox" });
  const shardSwitch = make("label", { class: "bx-switch" }, sharded, "Pack into shards");
  const groups = {
    shape: fieldGroup(uid, "shape", "Volume, in voxels", triple("shape", "Volume"), dtype.label),
    chunk: fieldGroup(uid, "chunk", "Chunk", triple("chunk", "Chunk"), edges.label),
    shard: fieldGroup(uid, "shard", "Shard", triple("shard", "Shard"), who.label),
  };
  groups.shard.node.querySelector("legend").after(shardSwitch);
  const shardFields = groups.shard.node.querySelector(".bx-fields");
  groups.shard.node.append(readerNote);

  const presetButtons = presets.map((preset) => {
    const button = make("button", { type: "button", class: "bx-button" }, preset.name);
    button.addEventListener("click", () => {
      preferred = preset.name;
      put(model, presetSetting(preset, setting().shape));
      update();
    });
    return button;
  });
  let preferred; // of two presets that come to the same, the one that was pressed

  // What is shown
  const caption = make("p", { id: `${uid}-caption`, class: "bx-caption" });
  const note = make("p", { class: "bx-small bx-note" });
  const stale = make("p", { class: "bx-stale", role: "status" });
  const live = make("p", { class: "bx-hidden", role: "status" });
  const explodedBox = make("input", { type: "checkbox" });
  const tiles = numberTiles();
  const chart = timeChart(uid, storages, (storage) => put(model, { storage }));
  const section = make("section", {
    class: "bx",
    "aria-labelledby": `${uid}-title`,
  });
  const view = picture(section, model, (draw) => {
    const start = performance.now();
    const told = draw({ ...result, exploded: explodedBox.checked });
    if (note.textContent !== told) note.textContent = told;
    // For whoever measures: milliseconds of the arithmetic and the drawing.
    section.dataset.drawMs = (counting + performance.now() - start).toFixed(2);
  });
  view.canvas.setAttribute("aria-labelledby", `${uid}-caption`);

  const swatch = (kind, text) => make("li", { class: `bx-key bx-key-${kind}` }, text);
  const shardKey = swatch("shard", "border of a shard");
  section.append(
    make("p", { id: `${uid}-title`, class: "bx-title" }, "Chunk explorer"),
    make(
      "div",
      { class: "bx-presets", role: "group", "aria-label": "Stored as" },
      ...presetButtons,
    ),
    make(
      "div",
      { class: "bx-columns" },
      make(
        "div",
        { class: "bx-see" },
        make(
          "div",
          { class: "bx-figure" },
          view.canvas,
          make(
            "ul",
            { class: "bx-legend" },
            swatch("wanted", "wanted"),
            swatch("read", "chunks read"),
            swatch("stored", "stays stored"),
            shardKey,
          ),
          note,
        ),
        make("label", { class: "bx-switch" }, explodedBox, "Pull the chunks apart"),
        make(
          "fieldset",
          { class: "bx-group bx-read" },
          make("legend", {}, "Read"),
          make("div", { class: "bx-kinds" }, ...kinds.map(({ label }) => label)),
          cube.node,
          ...places.map(({ node }) => node),
        ),
      ),
      make("div", { class: "bx-count" }, stale, caption, tiles.node),
    ),
    chart.node,
    make("div", { class: "bx-groups" }, ...Object.values(groups).map(({ node }) => node)),
    ...(onPage ? [linkMaker(key, setting)] : []),
    explanation(storages, presets),
    live,
  );

  // What is wrong, beside where it was typed; the last good picture stays, greyed.
  const fieldsOf = {
    shape: groups.shape,
    chunkShape: groups.chunk,
    edges: groups.chunk,
    shardShape: groups.shard,
    cube,
  };
  places.forEach(({ exact, error }, axis) => {
    fieldsOf[`position-${axis}`] = { inputs: [exact], error };
  });
  function complain(problem) {
    for (const { inputs, error } of Object.values(fieldsOf)) {
      for (const input of inputs) {
        input.removeAttribute("aria-invalid");
        input.removeAttribute("aria-describedby");
      }
      error.textContent = "";
    }
    section.toggleAttribute("data-stale", Boolean(problem));
    stale.textContent = problem ? "This is still the last setting that made sense." : "";
    if (!problem) return;
    const { inputs, error } = fieldsOf[problem.field] ?? groups.shape;
    const guilty = inputs.filter((input) => input.dataset.field === problem.axisField);
    for (const input of guilty.length ? guilty : inputs) {
      input.setAttribute("aria-invalid", "true");
      input.setAttribute("aria-describedby", error.id);
    }
    error.textContent = problem.message;
  }

  // Read all fields; what makes sense goes into the model.
  function readFields(source) {
    const now = setting();
    const triples = { shape: "shape", chunk: "chunkShape", shard: "shardShape" };
    const read = (name) =>
      groups[name].inputs.map((input, axis) => {
        try {
          const what = name === "shape" ? "volume" : name;
          return whole(triples[name], `The ${AXES[axis]} of the ${what}`, input.value);
        } catch (problem) {
          throw Object.assign(problem, { axisField: input.dataset.field });
        }
      });
    const next = {
      ...now,
      shape: read("shape"),
      dtype: dtype.node.value,
      chunk_shape: read("chunk"),
      shard_shape: sharded.checked ? read("shard") : null,
      edges: sharded.checked ? "padded" : edges.node.value,
      reader: who.node.value,
    };
    if (now.orientation === "cube") {
      next.cube_edge = whole("cube", "The edge of the cube", edge.input.value);
    }
    // A slider stays within a volume that shrinks; a number that was typed must fit by itself.
    const last = lastPlaces(next);
    next.position = places.map(({ exact }, axis) => {
      const field = `position-${axis}`;
      if (source !== field) return clamp(now.position[axis], 0, Math.max(0, last[axis]));
      return whole(field, `The position along ${AXES[axis]}`, exact.value);
    });
    explore(next, known);
    return next;
  }
  function apply(source) {
    clearTimeout(typing);
    try {
      put(model, readFields(source));
    } catch (problem) {
      if (!(problem instanceof ChunkError)) throw problem;
      complain(problem);
      return;
    }
    update(); // also where what was typed comes to the same
  }
  let typing;
  section.addEventListener("input", ({ target }) => {
    const source = target.dataset.field;
    if (!source) return;
    clearTimeout(typing);
    typing = setTimeout(() => apply(source), PAUSE);
  });
  section.addEventListener("change", ({ target }) => {
    if (target.dataset.field) apply(target.dataset.field);
  });
  section.addEventListener("keydown", (event) => {
    // Seen by the notebook around, JupyterLab would cancel what these do to sliders and choices.
    if (/^(Arrow|Page|Home|End|Enter)/.test(event.key)) event.stopPropagation();
    if (event.key === "Enter" && event.target.dataset.field) apply(event.target.dataset.field);
  });
  for (const node of [dtype.node, edges.node, who.node]) node.addEventListener("change", () => apply());
  sharded.addEventListener("change", () => {
    if (sharded.checked) {
      const { shape, chunk_shape: chunk } = setting();
      const shard = shardsFor(shape, chunk, chunk.map((c) => c * 4));
      groups.shard.inputs.forEach((input, axis) => (input.value = shard[axis]));
    }
    apply();
  });
  for (const { input } of kinds) {
    input.addEventListener("change", () => {
      const next = { ...setting(), orientation: input.value };
      if (input.value === "cube") next.cube_edge = Math.min(next.cube_edge, ...next.shape);
      const last = lastPlaces(next);
      next.position = next.position.map((place, axis) => Math.min(place, last[axis]));
      put(model, next);
    });
  }
  places.forEach(({ slider }, axis) => {
    slider.addEventListener("input", () => {
      const position = setting().position.map((place, at) =>
        at === axis ? Number(slider.value) : place,
      );
      put(model, { position });
    });
  });
  explodedBox.addEventListener("change", view.ask);

  const fill = (input, value) => {
    if (input.value !== String(value)) input.value = value;
  };
  let settling;
  let said;
  function update() {
    clearTimeout(typing);
    const now = setting();
    const start = performance.now();
    try {
      result = explore(now, known);
    } catch (problem) {
      if (!(problem instanceof ChunkError)) throw problem;
      return; // Python sends the parts of a new setting one by one: the rest is on its way
    }
    counting = performance.now() - start;
    complain(null);
    groups.shape.inputs.forEach((input, axis) => fill(input, now.shape[axis]));
    groups.chunk.inputs.forEach((input, axis) => fill(input, now.chunk_shape[axis]));
    if (now.shard_shape) {
      groups.shard.inputs.forEach((input, axis) => fill(input, now.shard_shape[axis]));
    }
    dtype.node.value = now.dtype;
    edges.node.value = now.edges;
    who.node.value = now.reader;
    edges.node.disabled = Boolean(now.shard_shape);
    sharded.checked = Boolean(now.shard_shape);
    shardFields.hidden = shardKey.hidden = !now.shard_shape;
    fill(edge.input, now.cube_edge);
    const isCube = now.orientation === "cube";
    cube.node.hidden = !isCube;
    section.dataset.kind = now.orientation;
    for (const { input } of kinds) input.checked = input.value === now.orientation;
    const last = lastPlaces(now);
    places.forEach(({ node, slider, exact }, axis) => {
      node.hidden = !isCube && axis !== FIXED_AXIS[now.orientation];
      slider.max = last[axis];
      slider.value = now.position[axis];
      fill(exact, now.position[axis]);
    });

    const fits = presets.filter((preset) =>
      Object.entries(presetSetting(preset, now.shape)).every(
        ([name, value]) => JSON.stringify(value) === JSON.stringify(now[name]),
      ),
    );
    const preset = fits.find(({ name }) => name === preferred) ?? fits[0];
    presetButtons.forEach((button, index) =>
      button.setAttribute("aria-pressed", presets[index] === preset),
    );
    const sentence = describe(now, result);
    caption.textContent = sentence;
    const { storage } = now;
    const merges = readers[now.reader].max_gap !== null;
    tiles.update(result, preset, result.times[storage], storages[storage].name, merges);
    readerNote.textContent = describeReaders(now, result, readers);
    chart.update(result.times, now.storage);
    view.ask();

    // Read aloud once it has settled, and not when the page opens.
    clearTimeout(settling);
    if (said !== undefined && said !== sentence) {
      settling = setTimeout(() => {
        said = live.textContent = sentence;
      }, SETTLED);
    }
    said ??= sentence;
  }
  const changes = SETTING.map((name) => `change:${name}`).join(" ");
  let waiting = false;
  // One update for all that changes at once: in between, the parts need not fit each other.
  const later = () => {
    if (waiting) return;
    waiting = true;
    queueMicrotask(() => {
      waiting = false;
      update();
    });
  };
  model.on(changes, later);
  update();

  function restore() {
    const text = new Map(location.hash.slice(1).split("&").map((part) => part.split("=")));
    const linked = text.has(key()) && fromLink(text.get(key()), setting(), known);
    if (!linked) return;
    put(model, linked);
    requestAnimationFrame(() => section.scrollIntoView());
  }
  if (onPage) {
    restore();
    addEventListener("hashchange", restore);
  }
  el.append(section);
  return () => {
    model.off(changes, later);
    removeEventListener("hashchange", restore);
    clearTimeout(typing);
    clearTimeout(settling);
    view.leave();
  };
}

export default { initialize, render };
