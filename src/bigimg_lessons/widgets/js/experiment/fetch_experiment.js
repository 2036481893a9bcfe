// The experiment: fetch one region of an image from its site at each chunk shape, count, time,
// unpack, show that the pictures are equal, and lay the cost model over what was measured.

import { makeGrid, touched } from "../costs/grid.js";
import { reading, seconds } from "../costs/reading.js";
import { formatBytes } from "../kit/text.js";
import { FetchError, fetchChunk, fetchJson, unpack } from "../kit/chunk_fetch.js";

// Requests on their way at the same time: as many connections as browsers open to one host with
// HTTP/1.1. HTTP/2 would allow more; to compare, it is six everywhere.
const AT_ONCE = 6;
const CLOCK = 0.001; // seconds: what the clocks of all browsers can tell apart
const TINY_FETCHES = 2; // times that each copy's zarr.json is fetched, for the latency
const ROUNDS = [3, 1];

const sum = (numbers) => numbers.reduce((all, n) => all + n, 0);
const whole = (text) => text.replaceAll(" ", "\u00a0"); // not to be broken across lines
const times = (numbers) => whole(numbers.join(" × "));
const inBytes = (count) => whole(formatBytes(Math.round(count)));
const now = () => performance.now() / 1000;

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function formatSeconds(value) {
  if (value >= 0.9995) return whole(`${value.toPrecision(3)} s`);
  const milli = value * 1000;
  return whole(`${milli < 9.95 ? milli.toFixed(1) : milli.toFixed(0)} ms`);
}

// ---- Zarr over HTTP --------------------------------------------------------------------------

const AGAIN =
  "Reload the page and start again. If it stays so, the site is incomplete: build and publish " +
  "it again.";

// What to do about a failure.
function remedyFor({ reason }) {
  if (reason === "late") return "Start again, perhaps with one round or a better connection.";
  if (reason !== "unreachable") return AGAIN;
  return navigator.onLine
    ? "Check your connection and start again. A server that is not the page's own must allow " +
        "the page to read from it (CORS)."
    : "You are offline. Start again once you are connected.";
}

// Past the browser's own cache, so that what is timed has travelled.
const packed = (copy) => ({ format: copy.gzip ? "gzip" : null, length: copy.grid.chunkBytes });
const fetchPacked = (url, copy, signal) =>
  fetchChunk(url, { ...packed(copy), signal, cache: "no-store" });
const unpacked = (file, copy, url) => unpack(file, { ...packed(copy), url });

// Read zarr.json and refuse what this reader does not know.
async function openCopy({ name, store, chunk_shape }, folder, shape, signal) {
  const base = new URL(`${store}/`, folder).href;
  const url = `${base}zarr.json`;
  const meta = (await fetchJson(url, { signal, cache: "no-store" })) ?? {};
  const sizes = (value) => times([value ?? []].flat());
  const codecs = [meta.codecs ?? []].flat().map((codec) => codec?.name).join(" + ");
  const encoding = meta.chunk_key_encoding;
  const wanted = [
    ["Zarr format", meta.zarr_format, [3]],
    ["node type", meta.node_type, ["array"]],
    ["data type", meta.data_type, ["uint8"]],
    ["shape", sizes(meta.shape), [times(shape)]],
    ["chunk grid", meta.chunk_grid?.name, ["regular"]],
    ["chunk shape", sizes(meta.chunk_grid?.configuration?.chunk_shape), [times(chunk_shape)]],
    ["codecs", codecs, ["bytes + gzip", "bytes"]],
    ["chunk key encoding", encoding?.name, ["default"]],
    ["separator", encoding?.configuration?.separator ?? "/", ["/"]],
  ];
  for (const [what, given, known] of wanted) {
    if (known.includes(given)) continue;
    const says = `it says ${what} “${String(given).slice(0, 60)}”; this page reads “`;
    throw new FetchError("content", `${says}${known.join("” or “")}”`, { url });
  }
  const grid = makeGrid({ shape, chunkShape: chunk_shape });
  return { name, base, grid, gzip: codecs.endsWith("gzip") };
}

// Put a chunk's part of the region where it belongs.
function place(chunk, { grid }, number, region, voxels) {
  const parts = region.map(([start, stop], axis) => {
    const first = number[axis] * grid.chunkShape[axis];
    return {
      first,
      from: Math.max(start, first),
      to: Math.min(stop, first + grid.chunkShape[axis]),
      start,
      size: stop - start,
      step: grid.chunkShape[axis],
    };
  });
  const [z, y, x] = parts;
  for (let k = z.from; k < z.to; k++) {
    for (let j = y.from; j < y.to; j++) {
      const source = ((k - z.first) * y.step + (j - y.first)) * x.step + (x.from - x.first);
      const target = ((k - z.start) * y.size + (j - y.start)) * x.size + (x.from - x.start);
      voxels.set(chunk.subarray(source, source + x.to - x.from), target);
    }
  }
}

// Fetch, unpack and assemble a region. A chunk that is not there is an error: for Zarr it would be
// one of the fill value, but these images have all of theirs.
async function readRegion(copy, region, signal, onBytes) {
  const [zs, ys, xs] = touched(copy.grid, region).map(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, index) => first + index),
  );
  const waiting = zs.flatMap((z) => ys.flatMap((y) => xs.map((x) => [z, y, x])));
  const voxels = new Uint8Array(region.reduce((all, [start, stop]) => all * (stop - start), 1));
  const done = { requests: 0, bytes: 0 };
  const begin = now();
  async function work() {
    while (waiting.length) {
      const number = waiting.shift();
      const url = `${copy.base}c/${number.join("/")}`;
      const file = await fetchPacked(url, copy, signal);
      done.requests += 1;
      done.bytes += file.length;
      onBytes(file.length);
      place(await unpacked(file, copy, url), copy, number, region, voxels);
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, waiting.length) }, work));
  return { ...done, seconds: now() - begin, voxels };
}

// The reader's connection, by one request at a time: latency from the smallest files, bandwidth
// from the largest chunk. The very first request opens the connection and does not count.
async function measureConnection(image, folder, signal, onBytes) {
  const waits = [];
  let copies;
  for (let pass = 0; pass < TINY_FETCHES; pass++) {
    copies = [];
    for (const copy of image.copies) {
      const begin = now();
      copies.push(await openCopy(copy, folder, image.shape, signal));
      waits.push(now() - begin);
    }
  }
  const latency = median(waits.slice(1));
  const largest = copies.reduce((a, b) => (b.grid.chunkBytes > a.grid.chunkBytes ? b : a));
  const url = `${largest.base}c/0/0/0`;
  const begin = now();
  const file = await fetchPacked(url, largest, signal);
  const came = now();
  onBytes(file.length);
  const { length } = await unpacked(file, largest, url);
  return {
    copies,
    latency,
    bandwidth: file.length / Math.max(came - begin - latency, CLOCK),
    unpacking: length / Math.max(now() - came, CLOCK),
    concurrency: AT_ONCE,
  };
}

// ---- What is shown ---------------------------------------------------------------------------

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}
function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  // JupyterLab's shortcuts must not take its keys. Only the focused element's own word counts.
  if (/^(a|button|input|select|summary)$/.test(tag) || attributes.tabindex)
    node.dataset.lmSuppressShortcuts = "true";
  return fill(node, attributes, children);
}
const draw = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

// Ticks from 0, at most `count` of them above it, a step of 1, 2 or 5 times a power of ten apart.
function ticksTo(most, count) {
  const power = 10 ** Math.floor(Math.log10(most / count));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => most / n < count + 1);
  return Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, index) => index * step);
}

const unitOfTime = (most) => (most < 1 ? ["ms", 0.001] : ["s", 1]);
const unitOfBytes = (most) => (most < 2 ** 20 ? ["KiB", 2 ** 10] : ["MiB", 2 ** 20]);

// Two significant digits, and no fraction from 10 on.
function short(value) {
  if (Number.isInteger(value)) return String(value);
  return value < 9.95 ? value.toPrecision(2) : value.toFixed(0);
}

// Three panels, one column for each copy: time with the model, requests, bytes.
function plot(rows, width) {
  const [left, gap, top] = [38, width > 480 ? 12 : 4, 24];
  const column = (width - left - gap) / rows.length;
  // What has no place in the order of sizes stands a little apart.
  const middle = (index) => left + column * (index + 0.5) + (rows[index].apart ? gap : 0);
  const svg = draw("svg", { role: "img", class: "fx-plot" });
  let y = 0;

  function panel(title, height, most, scale, content) {
    const base = y + top + height;
    const ticks = ticksTo((most * 1.12) / scale, height > 100 ? 4 : 2);
    const at = (value) => base - (value / (most * 1.12)) * (height - 10);
    svg.append(draw("text", { x: 0, y: y + 12, class: "fx-axis-title" }, title));
    for (const tick of ticks) {
      const level = at(tick * scale);
      svg.append(
        draw("line", { x1: left, x2: width, y1: level, y2: level, class: "fx-grid" }),
        draw(
          "text",
          { x: left - 6, y: level + 4, "text-anchor": "end" },
          String(Number(tick.toPrecision(2))), // 0.3, not 0.30000000000000004
        ),
      );
    }
    content(at, base);
    y = base + 18;
  }
  const label = (index, level, text) =>
    svg.append(
      draw("text", { x: middle(index), y: level, "text-anchor": "middle", class: "fx-value" }, text),
    );

  const longest = Math.max(...rows.flatMap((row) => [row.model ?? 0, ...row.seconds]));
  const [unit, scale] = unitOfTime(longest);
  panel(`Time (${unit})`, Math.min(220, Math.max(150, width * 0.36)), longest, scale, (at) => {
    const points = rows.map((row, index) => [middle(index), at(row.model)]);
    const inOrder = points.filter((_, index) => !rows[index].apart);
    svg.append(draw("polyline", { points: inOrder.join(" "), class: "fx-model-line" }));
    points.forEach(([x, level]) =>
      svg.append(draw("path", { d: `M${x} ${level - 6}l6 6-6 6-6-6z`, class: "fx-model" })),
    );
    rows.forEach((row, index) => {
      if (!row.seconds.length) return;
      const [x, high, low] = [
        middle(index),
        at(Math.max(...row.seconds)),
        at(Math.min(...row.seconds)),
      ];
      svg.append(
        draw("path", { d: `M${x - 6} ${high}h12m-6 0V${low}m-6 0h12`, class: "fx-range" }),
        draw("circle", { cx: x, cy: at(row.median), r: 5, class: "fx-median" }),
      );
      label(index, Math.min(high, at(row.model) - 4) - 7, short(row.median / scale));
    });
  });
  const bars = (title, most, scale, valueOf) =>
    panel(title, 66, most, scale, (at, base) =>
      rows.forEach((row, index) => {
        const value = valueOf(row);
        if (value === undefined) return;
        const wide = Math.min(column * 0.6, 44);
        const level = Math.min(at(value), base - 1.5);
        svg.append(
          draw("path", {
            d: `M${middle(index) - wide / 2} ${base}v${level - base}h${wide}V${base}z`,
            class: "fx-column",
          }),
        );
        label(index, level - 4, short(value / scale));
      }),
    );
  bars("Requests", Math.max(...rows.map((row) => row.expected.requests)), 1, (row) => row.requests);
  const mostBytes = Math.max(...rows.map((row) => row.bytes ?? row.expected.bytes));
  const [byteUnit, byteScale] = unitOfBytes(mostBytes);
  bars(`Bytes fetched (${byteUnit})`, mostBytes, byteScale, (row) => row.bytes);
  rows.forEach((row, index) =>
    svg.append(
      draw("text", { x: middle(index), y, "text-anchor": "middle", class: "fx-name" }, row.name),
    ),
  );
  y += 8;
  fill(svg, { viewBox: `0 0 ${width} ${y}`, width, height: y }, []);
  svg.setAttribute(
    "aria-label",
    "Plot over chunk shape: time with the model's estimate, requests, bytes. Its numbers are " +
      "in the table below.",
  );
  return svg;
}

// The region as a picture: its axes longer than one voxel, or the cube's middle plane.
function pictureAxes(region) {
  const sizes = region.map(([start, stop]) => stop - start);
  const flat = sizes.indexOf(1);
  return { sizes, across: flat === 2 ? 1 : 2, down: flat === 0 || flat < 0 ? 1 : 0 };
}

function picture(voxels, region, name, label) {
  const { sizes, across, down } = pictureAxes(region);
  const [width, height] = [sizes[across], sizes[down]];
  const first = sizes.includes(1) ? 0 : (sizes[0] >> 1) * width * height;
  const grey = voxels.subarray(first, first + width * height);
  const canvas = make("canvas", {
    role: "img",
    "aria-label": label,
    "data-name": name,
    width,
    height,
  });
  const pixels = new ImageData(width, height);
  grey.forEach((value, index) => pixels.data.set([value, value, value, 255], 4 * index));
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
}

// Where the chunks of a copy meet inside the region.
function borders({ grid }, region) {
  const { sizes, across, down } = pictureAxes(region);
  const inside = (axis) => {
    const [start, stop] = region[axis];
    const step = grid.chunkShape[axis];
    const found = [];
    for (let at = Math.ceil((start + 1) / step) * step; at < stop; at += step) found.push(at - start);
    return found;
  };
  const d = [
    ...inside(across).map((x) => `M${x} 0V${sizes[down]}`),
    ...inside(down).map((y) => `M0 ${y}H${sizes[across]}`),
  ].join("");
  // In voxels: thin where chunks are, so that the picture shows through.
  const { chunkShape } = grid;
  const thickness = Math.min(sizes[across] / 128, chunkShape[across] / 4, chunkShape[down] / 4);
  const view = { viewBox: `0 0 ${sizes[across]} ${sizes[down]}`, "aria-hidden": "true" };
  return draw("svg", view, draw("path", { d, "stroke-width": thickness }));
}

// ---- The widget ------------------------------------------------------------------------------

// The folder of the images; null where there is no site around, as in Jupyter.
function siteFolder(url, folder) {
  const home = url || document.documentElement.dataset.content_root;
  if (home === undefined) return null;
  const base = new URL(home.endsWith("/") ? home : `${home}/`, document.baseURI);
  return new URL(`${folder}/`, base);
}

const code = (text) => make("code", {}, text);

// Why the experiment cannot run here, as nodes; null if it can.
function obstacle(folder) {
  if (!folder) {
    return [
      "This experiment measures the way from your browser to the book's site, so it runs on this " +
        "lesson's page of the book rather than here. Open that page, or build and serve the book: ",
      code("uv run jupyter-book build ."),
      ", then ",
      code("uv run python -m http.server --directory _build/html"),
      ", and go to ",
      code("http://localhost:8000"),
      ". In JupyterLab, started in the folder of the repository, ",
      code('FetchExperiment(url="/files/_build/html")'),
      " reads the built book from Jupyter's own server.",
    ];
  }
  if (folder.protocol === "file:") {
    return [
      "This page was opened from a file, and browsers let such a page fetch nothing. Serve the " +
        "folder with the book's ",
      code("index.html"),
      ": ",
      code("uv run python -m http.server --directory _build/html"),
      ", then open ",
      code("http://localhost:8000"),
      ".",
    ];
  }
  if (!globalThis.DecompressionStream) {
    return [
      "This browser cannot unpack gzip by itself (it lacks DecompressionStream). Chrome and Edge " +
        "from 80, Firefox from 113 and Safari from 16.4 can.",
    ];
  }
  return null;
}

function radios(legend, uid, labels, chosen, onChange) {
  const options = labels.map((text, index) => {
    const input = make("input", { type: "radio", name: uid, value: index });
    input.checked = index === chosen;
    input.addEventListener("change", () => onChange(index));
    return make("label", { class: "fx-option" }, input, make("span", {}, text));
  });
  return make(
    "fieldset",
    {},
    make("legend", {}, legend),
    make("div", { class: "fx-options" }, ...options),
  );
}

function render({ model, el }) {
  const image = model.get("image");
  const folder = siteFolder(model.get("url"), image.folder);
  const uid = "fx-" + Math.random().toString(36).slice(2);
  const root = make("section", {
    class: "fx",
    "aria-labelledby": `${uid}-title`,
  });
  el.append(root);
  root.append(
    make("p", { id: `${uid}-title`, class: "fx-title" }, "Measure it on your own connection"),
    make(
      "p",
      {},
      `This site carries one image ${image.copies.length} times, each copy cut into other chunks. ` +
        "Your browser fetches the same region from each copy, and times itself. ",
      make("span", { class: "fx-synthetic" }, "Synthetic data"),
      ` Computed tissue, ${times(image.shape)} voxels.`,
    ),
  );
  const reason = obstacle(folder);
  if (reason) {
    root.append(make("p", { class: "fx-note" }, ...reason));
    return undefined;
  }

  const grids = image.copies.map((copy) =>
    makeGrid({ shape: image.shape, chunkShape: copy.chunk_shape }),
  );
  // What each region costs at each copy before anything is fetched: bytes as they travel, about.
  const plans = image.regions.map(({ bounds }) =>
    grids.map((grid) => {
      const { requests, read } = reading(grid, bounds);
      return { requests, read, bytes: read * image.compressed };
    }),
  );
  const probe = Math.max(...grids.map((grid) => grid.chunkBytes)) * image.compressed;
  const planned = () => rounds * sum(plans[region].map(({ bytes }) => bytes)) + probe;

  const results = image.regions.map(() => null); // the latest of each region
  let region = 0;
  let rounds = ROUNDS[navigator.connection?.saveData ? 1 : 0];
  let run = null; // the AbortController of what is running

  const choices = make(
    "div",
    { class: "fx-choices" },
    radios("Region", `${uid}-region`, image.regions.map(({ name }) => name), region, (index) => {
      region = index;
      say("");
      update();
    }),
    radios(
      "Rounds",
      `${uid}-rounds`,
      ROUNDS.map((n) => (n === 1 ? "1 (less data)" : String(n))),
      ROUNDS.indexOf(rounds),
      (index) => {
        rounds = ROUNDS[index];
        update();
      },
    ),
  );
  const button = make("button", { type: "button", class: "fx-button" });
  const cost = make("span", { class: "fx-cost", id: `${uid}-cost` });
  button.setAttribute("aria-describedby", `${uid}-cost`);
  const progress = make("progress", { "aria-label": "Fetched so far", max: 1, value: 0 });
  const status = make("p", { class: "fx-status", role: "status" });
  const failure = make("div", { class: "fx-failure", role: "alert" });
  const shown = make("div", { class: "fx-results" });
  root.append(
    choices,
    make("div", { class: "fx-start" }, button, cost),
    progress,
    status,
    failure,
    shown,
    caveats(),
  );

  const say = (text) => {
    if (status.textContent !== text) status.textContent = text;
  };

  function update() {
    choices.querySelectorAll("fieldset").forEach((set) => (set.disabled = Boolean(run)));
    button.textContent = run ? "Stop" : results[region] ? "Measure again" : "Start";
    button.classList.toggle("fx-stop", Boolean(run));
    cost.textContent = `${run ? "Downloading" : "Downloads"} about ${inBytes(planned())}`;
    progress.hidden = !run;
    show();
  }

  function rowsOf({ connection, readings, plan }) {
    return image.copies.map(({ name, chunk_shape }, index) => {
      const seen = readings[index];
      const expected = plan[index];
      const unpacking = expected.read / connection.unpacking;
      return {
        name,
        chunkShape: chunk_shape,
        // Smaller chunks than those of the copy before: not one of the series.
        apart: index > 0 && grids[index].chunkBytes < grids[index - 1].chunkBytes,
        expected,
        model: seconds(connection, expected.requests, expected.bytes, unpacking),
        seconds: seen.map((one) => one.seconds),
        median: seen.length ? median(seen.map((one) => one.seconds)) : undefined,
        requests: seen[0]?.requests,
        bytes: seen[0]?.bytes,
      };
    });
  }

  let drawnWidth = 0;
  function show() {
    const result = results[region];
    if (!result?.connection) {
      shown.replaceChildren();
      return;
    }
    const rows = rowsOf(result);
    drawnWidth = Math.max(280, Math.floor(shown.clientWidth) || 640);
    const { latency, bandwidth, unpacking } = result.connection;
    const { name, bounds } = image.regions[region];
    shown.replaceChildren(
      make(
        "p",
        { class: "fx-connection" },
        "Your connection: ",
        make("b", {}, formatSeconds(latency)),
        " latency, ",
        make("b", {}, `${inBytes(bandwidth)}/s`),
        ` bandwidth. Your browser unpacks ${inBytes(unpacking)}/s.`,
      ),
      make(
        "p",
        { class: "fx-legend" },
        make("span", { class: "fx-key-measured" }, "Measured: median, fastest to slowest"),
        make("span", { class: "fx-key-model" }, "Model, for your connection"),
      ),
      plot(rows, drawnWidth),
      table(rows, name),
      make(
        "div",
        { class: "fx-pictures" },
        ...result.pictures.map(
          (voxels, index) =>
            voxels &&
            make(
              "figure",
              {},
              make(
                "div",
                {},
                picture(
                  voxels,
                  bounds,
                  image.copies[index].name,
                  `${name}, from the copy “${image.copies[index].name}”`,
                ),
                borders({ grid: grids[index] }, bounds),
              ),
              make("figcaption", {}, image.copies[index].name),
            ),
        ).filter(Boolean),
      ),
      make(
        "p",
        { class: "fx-small" },
        "The region as it arrived (of the cube, its middle plane), and where the chunks meet.",
      ),
    );
  }

  async function measure() {
    run = new AbortController();
    const { signal } = run;
    const plan = plans[region];
    const { name, bounds } = image.regions[region];
    const result = { plan, readings: plan.map(() => []), pictures: [], connection: null };
    results[region] = result;
    const total = planned();
    let fetched = 0;
    const onBytes = (bytes) => {
      fetched += bytes;
      progress.value = Math.min(1, fetched / total);
    };
    progress.value = 0;
    failure.replaceChildren();
    say("Measuring your connection.");
    update();
    try {
      result.connection = await measureConnection(image, folder, signal, onBytes);
      const { copies } = result.connection;
      show(); // the model's estimates, before anything is measured
      for (let round = 0; round < rounds; round++) {
        say(`Round ${round + 1} of ${rounds}.`);
        // Each round starts with another copy, so that none always comes first.
        for (let turn = 0; turn < copies.length; turn++) {
          const index = (turn + round) % copies.length;
          const { voxels, ...one } = await readRegion(copies[index], bounds, signal, onBytes);
          result.readings[index].push(one);
          const reference = result.pictures.find(Boolean) ?? voxels;
          if (voxels.some((value, at) => value !== reference[at])) {
            throw new FetchError(
              "content",
              "the picture from this copy differs from that of another copy",
              { url: copies[index].base },
            );
          }
          result.pictures[index] = voxels;
          show();
        }
      }
      say(outcome(rowsOf(result), name));
    } catch (error) {
      const stopped = signal.aborted;
      run.abort(); // the other requests of the same read
      if (stopped) say("Stopped. What was measured until then stays.");
      else {
        say("");
        // Anything else is a fault of this page, in words that are for its makers.
        const isKnown = error instanceof FetchError;
        const what = isKnown ? error.message : "this page cannot make sense of what came";
        failure.append(
          make("p", {}, make("b", {}, "A fetch failed:"), ` ${what}.`),
          make("p", { class: "fx-url" }, code(isKnown ? error.url : folder)),
          make("p", {}, remedyFor(error)),
        );
        if (!isKnown) console.error(error);
      }
    }
    if (!result.connection) results[region] = null;
    run = null;
    update();
  }

  button.addEventListener("click", (event) => {
    if (event.detail > 1) return; // the second click of a double click would undo the first
    if (run) run.abort();
    else measure();
  });
  const observer = new ResizeObserver(() => {
    if (Math.abs(shown.clientWidth - drawnWidth) > 1) show();
  });
  observer.observe(shown);
  update();
  return () => {
    run?.abort();
    observer.disconnect();
  };
}

function rangeOf(least, most) {
  const [unit, scale] = unitOfTime(most);
  return whole(`${short(least / scale)}–${short(most / scale)} ${unit}`);
}

function table(rows, name) {
  const head = ["Chunks", "Re\u00adquests", "Bytes", "Time", "Model"];
  const body = rows.map((row) => {
    const range = row.seconds.length > 1 && [Math.min(...row.seconds), Math.max(...row.seconds)];
    const cells = row.seconds.length
      ? [row.requests, inBytes(row.bytes), formatSeconds(row.median)]
      : ["–", "–", "–"];
    const data = cells.map((text) => make("td", {}, String(text)));
    if (range) data[2].append(make("small", {}, ` ${rangeOf(...range)}`));
    return make(
      "tr",
      {},
      make("th", { scope: "row" }, row.name, make("small", {}, ` ${row.chunkShape.join("×")}`)),
      ...data,
      make("td", {}, formatSeconds(row.model)),
    );
  });
  return make(
    "div",
    { class: "fx-scroll", tabindex: "0", role: "group", "aria-label": "The numbers" },
    make(
      "table",
      { class: "fx-table" },
      make(
        "caption",
        {},
        make("b", {}, `${name}, measured by your browser.`),
        " Chunks: zyx. Bytes: compressed. Time: median, and fastest to slowest.",
      ),
      make("thead", {}, make("tr", {}, ...head.map((text) => make("th", { scope: "col" }, text)))),
      make("tbody", {}, ...body),
    ),
  );
}

function outcome(rows, name) {
  const [fastest, ...others] = [...rows].sort((a, b) => a.median - b.median);
  const slowest = others.at(-1);
  const off = (row) => Math.abs(Math.log(row.model / row.median));
  const worst = rows.reduce((a, b) => (off(b) > off(a) ? b : a));
  return (
    `Done. All ${rows.length} pictures are equal, voxel by voxel. For the ${name}, ` +
    `“${fastest.name}” was the fastest with ${formatSeconds(fastest.median)}; ` +
    `“${slowest.name}” took ${short(slowest.median / fastest.median)} times as long. ` +
    `The model is farthest off at “${worst.name}”: it says ${formatSeconds(worst.model)}, ` +
    `and you measured ${formatSeconds(worst.median)}.`
  );
}

function caveats() {
  const worker = navigator.serviceWorker?.controller
    ? "A service worker of this site answers the requests, perhaps from a cache: these times " +
      "may not be those of the network."
    : "A service worker or a content delivery network may answer from a cache of its own, " +
      "mostly from the second round on.";
  const lines = [
    `At most ${AT_ONCE} requests are on their way at once, as many as browsers open ` +
      "connections to one host with HTTP/1.1. Fetches bypass the browser's own cache.",
    worker,
    "Latency: the median of several fetches of small files, one at a time. Bandwidth: the " +
      "largest chunk, alone, less that latency. Both are rough, above all where they are small: " +
      "browsers round their clocks.",
    `Model: requests ÷ ${AT_ONCE}, rounded up, × latency + bytes ÷ bandwidth + bytes unpacked ` +
      "÷ speed of unpacking. It leaves out what a browser itself spends on each request, and " +
      `takes it that ${AT_ONCE} requests wait no longer than one: true of a server far away, not ` +
      "of one on your own machine.",
    "Bytes are those of the files, compressed, without HTTP headers. Time ends when the " +
      "region is whole in memory.",
  ];
  return make(
    "details",
    { class: "fx-caveats" },
    make("summary", {}, "How this is measured"),
    make("ul", {}, ...lines.map((line) => make("li", {}, line))),
  );
}

export default { render };
