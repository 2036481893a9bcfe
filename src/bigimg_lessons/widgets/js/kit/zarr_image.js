// An OME-Zarr image at an address, for the zoom viewer: its metadata, checked, and its chunks.

import { FetchError, fetchChunk, fetchJson, unpack } from "./chunk_fetch.js";

const MOST_LEVELS = 32; // each half as wide as the one before: enough for 2^32 pixels
const MOST_CHUNK_BYTES = 64 * 2 ** 20; // unpacked; six may be on their way at once
const MOST_CHUNK_PIXELS = 2 ** 24; // in the plane: the largest canvas of Safari on phones
const MOST_CHUNK_SIDE = 2 ** 14; // pixels; Safari again

export const TYPES = {
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
// Looked up by what a file says, which may be "constructor": so these have no prototype.
const UNITS = { __proto__: null, micrometer: "µm", nanometer: "nm", millimeter: "mm", meter: "m" };
const V2_CODECS = { __proto__: null, gzip: "gzip", zlib: "deflate" };
// Fill values that are no number in JSON.
const FILLS = {
  __proto__: null,
  NaN: NaN,
  Infinity: Infinity,
  "-Infinity": -Infinity,
  true: 1,
  false: 0,
};

// `reason` is for those who read; what was given is quoted, in short.
function check(isGood, reason) {
  if (!isGood) throw new FetchError("content", reason);
}
function quoted(value) {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function wholeNumbers(value, what) {
  const isGood =
    Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size > 0);
  check(isGood, `its ${what} is ${quoted(value)}, not a list of whole numbers above 0`);
  return value;
}

// A path below the image, name by name. Anything that a browser or a server might take for more
// than names, above all for the way to another place, is refused.
function checkedPath(path) {
  const isName = (name) => /^(?!\.+$)[^\\:?#%\x00-\x1f]+$/.test(name);
  check(
    typeof path === "string" && path.split("/").every(isName),
    `a level's path is ${quoted(path)}, which is no folder inside the image`,
  );
  return path;
}

// What an array's metadata say, Zarr v3 or v2; only the last two axes are looked at, of any others
// the first index.
function arrayLayout(meta) {
  const layout = { format: null };
  let isLittle = true;
  let type = meta?.data_type;
  if (meta?.zarr_format === 3) {
    const { name, configuration } = meta.chunk_key_encoding ?? {};
    const grid = meta.chunk_grid;
    check(grid?.name === "regular", `its chunk grid is ${quoted(grid?.name)}, not “regular”`);
    check(["default", "v2"].includes(name), `its chunks are named by ${quoted(name)}`);
    layout.separator = configuration?.separator ?? (name === "v2" ? "." : "/");
    layout.prefix = name === "v2" ? [] : ["c"];
    layout.chunk = grid.configuration?.chunk_shape;
    const codecs = Array.isArray(meta.codecs) ? meta.codecs : [];
    const names = codecs.map((codec) => codec?.name);
    check(
      /^bytes(,gzip)?$/.test(names.join()),
      `its chunks are stored with the codecs ${quoted(names)}: only “bytes” can be read, ` +
        "and “gzip” after it",
    );
    layout.format = names[1] ?? null;
    isLittle = (codecs[0].configuration?.endian ?? "little") === "little";
  } else {
    check(meta?.zarr_format === 2, "its metadata are those of no Zarr array");
    const names = { u: "uint", i: "int", f: "float" };
    const [, order, kind, size] = /^([<>|])(\w)(\d+)$/.exec(meta.dtype) ?? [];
    layout.separator = meta.dimension_separator ?? ".";
    layout.prefix = [];
    layout.chunk = meta.chunks;
    type = kind === "b" ? "bool" : names[kind] ? `${names[kind]}${8 * size}` : meta.dtype;
    isLittle = order !== ">";
    layout.format = V2_CODECS[meta.compressor?.id] ?? null;
    check(
      (!meta.compressor || layout.format) && !meta.filters?.length && meta.order !== "F",
      "its chunks are stored with a codec or an order that cannot be read here",
    );
  }
  check(
    typeof type === "string" && Object.hasOwn(TYPES, type),
    `its pixels are of type ${quoted(type)}`,
  );
  check(isLittle || TYPES[type].BYTES_PER_ELEMENT === 1, "its pixels are big-endian");
  check([".", "/"].includes(layout.separator), `its chunks' separator is ${quoted(layout.separator)}`);
  const shape = wholeNumbers(meta.shape, "shape");
  const chunk = wholeNumbers(layout.chunk, "chunk shape");
  check(
    shape.length > 1 && shape.length < 6 && shape.length === chunk.length,
    `it has ${shape.length} axes and its chunks ${chunk.length}: both need the same two to five`,
  );
  const length = chunk.reduce((all, size) => all * size, TYPES[type].BYTES_PER_ELEMENT);
  const plane = [-2, -1].map((axis) => Math.min(chunk.at(axis), shape.at(axis)));
  check(
    length <= MOST_CHUNK_BYTES &&
      plane[0] * plane[1] <= MOST_CHUNK_PIXELS &&
      Math.max(...plane) <= MOST_CHUNK_SIDE,
    `its chunks of ${chunk.join(" × ")} are too large for a page, which takes up to ` +
      `${MOST_CHUNK_BYTES / 2 ** 20} MiB each, and ${MOST_CHUNK_SIDE} pixels along an axis`,
  );
  const value = meta.fill_value ?? 0;
  const fill = typeof value === "number" ? value : FILLS[value];
  check(fill !== undefined, `its fill value is ${quoted(value)}`);
  return { ...layout, type, shape, chunk, length, fill };
}

// Scale and translation of a level along y and x, of all its transformations together.
function placement(transformations, axes) {
  const place = { scale: [1, 1], shift: [0, 0] };
  check(
    transformations.every(Array.isArray) && transformations[0]?.length,
    "it lacks coordinateTransformations",
  );
  for (const transformation of transformations.flat()) {
    const { type, scale, translation } = transformation ?? {};
    if (type === "identity") continue;
    const values = type === "scale" ? scale : type === "translation" ? translation : undefined;
    check(
      Array.isArray(values) &&
        values.length === axes &&
        values.every((value) => Number.isFinite(value) && (type !== "scale" || value > 0)),
      `its ${quoted(type)} is ${quoted(values)}: each of its ${axes} axes needs a number, which ` +
        "for a scale is above 0",
    );
    for (const axis of [0, 1]) {
      if (type === "scale") {
        place.scale[axis] *= scale.at(axis - 2);
        place.shift[axis] *= scale.at(axis - 2);
      } else if (type === "translation") place.shift[axis] += translation.at(axis - 2);
    }
  }
  return place;
}

// Where a level lies, in pixels of level 0.
function placedBy({ scale, shift }, finest) {
  const place = {
    factor: scale.map((size, axis) => size / finest.scale[axis]),
    // From the edge of level 0's first pixel to that of this level's; what is given are centres.
    origin: shift.map(
      (at, axis) =>
        (at - scale[axis] / 2 - finest.shift[axis] + finest.scale[axis] / 2) / finest.scale[axis],
    ),
  };
  check(
    place.factor.every((size) => size > 0) &&
      [...place.factor, ...place.origin].every(Number.isFinite),
    `its scale is ${quoted(scale)}, for which there is no place beside level 0`,
  );
  return place;
}

// Run `act`; what it refuses names whose fault it is.
function of(name, act) {
  const named = (error) => {
    if (error instanceof FetchError) error.message = `${name}: ${error.message}`;
    throw error;
  };
  try {
    const done = act();
    return done instanceof Promise ? done.catch(named) : done;
  } catch (error) {
    return named(error);
  }
}

// Open the image; a source as zoom_viewer.js describes it. `signal` ends its requests.
export async function openImage(address, signal) {
  check(URL.canParse(address, document.baseURI), "its address is none that a browser knows");
  const base = new URL(address.replace(/\/*$/, "/"), document.baseURI);
  const json = (path) => of(path, () => fetchJson(new URL(path, base), { signal }));
  let arrayFile = "zarr.json";
  const attributes = await json("zarr.json").then(
    (group) => group?.attributes ?? {},
    (error) => {
      if (error.reason !== "status") throw error;
      arrayFile = ".zarray";
      return json(".zattrs").catch(() => Promise.reject(error));
    },
  );
  const { multiscales, omero } = attributes?.ome ?? attributes ?? {};
  const { datasets, axes, coordinateTransformations } = multiscales?.[0] ?? {};
  check(Array.isArray(datasets) && datasets.length, "it is no OME-Zarr image: it lists no levels");
  check(
    datasets.length <= MOST_LEVELS,
    `it lists ${datasets.length.toLocaleString("en")} levels, and a pyramid needs no more than ` +
      MOST_LEVELS,
  );
  const paths = datasets.map((dataset) => checkedPath(dataset?.path));
  const arrays = await Promise.all(
    paths.map(async (path, number) => {
      const meta = await json(`${path}/${arrayFile}`);
      return of(`level ${number}`, () => arrayLayout(meta));
    }),
  );
  const known = attributes.bigimg_lessons?.chunk_bytes;
  let finest;
  const levels = [];
  for (const [number, { shape, chunk, fill, type }] of arrays.entries()) {
    const place = of(`level ${number}`, () => {
      check(
        shape.length === arrays[0].shape.length && type === arrays[0].type,
        `it has ${shape.length} axes of ${type}, level 0 ${arrays[0].shape.length} of ` +
          arrays[0].type,
      );
      const own = datasets[number].coordinateTransformations;
      const found = placement([own, coordinateTransformations ?? []], shape.length);
      finest ??= found;
      return placedBy(found, finest);
    });
    const count = [-2, -1].reduce((all, n) => all * Math.ceil(shape.at(n) / chunk.at(n)), 1);
    const bytes = known?.[number];
    levels.push({
      ...place,
      shape: shape.slice(-2),
      chunk: chunk.slice(-2),
      fill,
      bytes: Array.isArray(bytes) && bytes.length === count ? bytes.map(Number) : undefined,
    });
  }
  const name = (level, row, column) => {
    const { shape, prefix, separator } = arrays[level];
    const leading = Array(shape.length - 2).fill(0);
    return `${paths[level]}/${[...prefix, ...leading, row, column].join(separator)}`;
  };
  const unit = Array.isArray(axes) ? axes.at(-1)?.unit : undefined;
  const { start, end } = omero?.channels?.[0]?.window ?? {};
  const caption = attributes.bigimg_lessons?.caption;
  return {
    levels,
    name,
    unit: typeof unit === "string" ? (UNITS[unit] ?? unit.slice(0, 40)) : "pixels",
    pixelSize: finest.scale,
    window: [start, end].every(Number.isFinite) ? [start, end] : undefined,
    caption: typeof caption === "string" ? caption : "",
    itemSize: TYPES[arrays[0].type].BYTES_PER_ELEMENT,
    isByte: arrays[0].type === "uint8",
    counted: levels[0].bytes ? "as stored, compressed" : "uncompressed where nothing was loaded",
    isRemote: true,
    close() {},
    async load(level, row, column, signal) {
      const { format, type, length } = arrays[level];
      const url = new URL(name(level, row, column), base);
      try {
        const file = await fetchChunk(url, { format, length, signal });
        const { buffer } = await unpack(file, { format, length, url });
        return { pixels: new TYPES[type](buffer), bytes: file.length };
      } catch (error) {
        // In Zarr a chunk that holds nothing but the fill value need not be stored.
        if (error.status === 404 && !levels[level].bytes) return { pixels: null, bytes: 0 };
        throw error;
      }
    },
  };
}
