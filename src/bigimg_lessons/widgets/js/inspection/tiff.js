// TIFF, BigTIFF and OME-TIFF: planes, their strips or tiles, and levels, from the directories, as
// bigimg_lessons.inspection.tiff describes them in Python.

import { formatNumber } from "../kit/text.js";
import { LimitError } from "./errors.js";
import { UNKNOWN_AXIS, makeFiles, makeLevel, makeReport } from "./report.js";
import { imagejDescription, omeDescription } from "./tiff_descriptions.js";
import { MAX_TAG_VALUES, TiffTags } from "./tiff_tags.js";

const COMPRESSIONS = {
  5: "lzw",
  6: "jpeg (old)",
  7: "jpeg",
  8: "deflate",
  32773: "packbits",
  32946: "deflate",
  33003: "jpeg2000",
  33005: "jpeg2000",
  34712: "jpeg2000",
  34887: "lerc",
  34925: "lzma",
  34926: "zstd",
  34927: "webp",
  34933: "png",
  34934: "jpegxr",
  50000: "zstd",
  50001: "webp",
  50002: "jpegxl",
  52546: "jpegxl",
};
// Micrometres of TIFF's unit of resolution: cm; mm and µm, which some writers use, are not TIFF's.
const MICROMETRES = { 3: 10_000, 4: 1000, 5: 1 };
const MAX_LEVELS = 64;
const REDUCED = 1; // of the bits of NewSubfileType: smaller, mask, macro image of a slide
const MARKS = 1 | 4 | 8;
const STRIPS = [273, 279]; // tags that say where they lie and how long they are
const TILES = [324, 325];
const VOXEL_KINDS = { 1: "uint", 2: "int", 3: "float", 5: "complexint", 6: "complex" };
const MAGICS = ["II*\0", "MM\0*", "II+\0", "MM\0+"];

/**
 * A directory's plane.
 * @typedef {object} Plane
 * @property {number} height
 * @property {number} width
 * @property {number} samples
 * @property {boolean} isPlanar
 * @property {string} dtype
 * @property {"strips" | "tiles"} layout
 * @property {[number, number]} cut
 * @property {string[]} codec
 * @property {number | null} ratio
 * @property {boolean} isReduced
 */

/**
 * Whether a file begins as a TIFF.
 * @param {Uint8Array} head its first four bytes
 */
export const isTiff = (head) => MAGICS.includes(String.fromCharCode(...head.subarray(0, 4)));

/**
 * Describe a TIFF file; throws InspectionError if it is damaged in what describes the image.
 * @param {import("./sources.js").ByteSource} source
 * @param {string} given how the user calls it
 * @returns {Promise<import("./report.js").Report>}
 */
export async function inspectTiff(source, given) {
  const tiff = await TiffTags.of(source, given);
  const directories = tiff.directories();
  const { value: first } = await directories.next();
  if (!first) throw tiff.damaged("it has no directory");
  const full = await planeOf(tiff, first);
  const coarser = await coarserOf(tiff, first, full);
  const text = (await tiff.text(first, 270)) ?? "";
  const told =
    omeDescription(text, given) ?? imagejDescription(text, await resolutionOf(tiff, first));
  const { pages, others, count, isAll, reduced } = await counted(tiff, full, first, directories);
  const planes = [full, ...coarser, ...(pages > 1 ? [] : reduced)];
  const room = pages === 1 ? await roomOf(tiff, first, full) : pages;
  const { extents, contradictions } = extentsOf(told, full, { pages, room, isAll });
  const axes = axesOfPlane(extents, full);
  const levels = planes.map((plane, number) => levelOf(plane, number, extents, told));
  /** @type {Record<string, string>} */
  let unit = told?.unit ?? {};
  if (told === null) {
    levels[0].voxel_size = await sizeByResolution(tiff, first, axes);
    if (levels[0].voxel_size !== null) unit = { Y: "µm", X: "µm" };
  }
  const notes = [];
  if (others) {
    notes.push(
      `${others} of its directories are planes of other sizes or types, not described here.`,
    );
  }
  if (!isAll) {
    const unknown = told ? "" : ": how many planes it has is not known";
    notes.push(
      `Its directories were counted up to ${formatNumber(count)}, and there are more${unknown}.`,
    );
  }
  return makeReport({
    source: given,
    kind: told?.kind ?? (tiff.isBig ? "BigTIFF" : "TIFF"),
    version: told?.version ?? null,
    axes,
    units: axes.map((axis) => unit[axis] ?? null),
    levels,
    files: makeFiles({ number: 1, nbytes: tiff.size, expected: told?.files ?? null }),
    image: told?.images > 1 ? `image 0, the first of ${told.images}` : "",
    channel_names: told?.channelNames ?? [],
    windows: told?.window ? [told.window] : [],
    contradictions,
    is_partial: told === null && !isAll,
    notes,
  });
}

// Count the directories, as many as are read within the limits: planes like the first, others, and
// levels among them.
async function counted(tiff, full, first, following) {
  let [last, like] = [first, first];
  let [pages, others, count] = [1, 0, 1];
  const reduced = [];
  try {
    for await (const directory of following) {
      last = directory;
      count += 1;
      if (await isLike(tiff, directory, full)) {
        pages += 1;
        like = directory;
      } else if (reduced.length < MAX_LEVELS && (await isLevel(tiff, directory, full))) {
        reduced.push(await planeOf(tiff, directory));
      } else others += 1;
    }
    // Where voxels lie behind all directories, those of the last plane are the last in the file.
    if (like !== first) await tiff.checkIsWhole(like, like.entries.has(TILES[0]) ? TILES : STRIPS);
  } catch (error) {
    if (!(error instanceof LimitError)) throw error;
  }
  return { pages, others, count, isAll: last.following === 0, reduced };
}

// Whether a directory's plane has the size and the type of the first. Of colours only their number is
// compared: their types lie elsewhere in the file.
async function isLike(tiff, directory, full) {
  const height = await tiff.number(directory, 257);
  const width = await tiff.number(directory, 256);
  if (height !== full.height || width !== full.width) return false;
  return isOfType(tiff, directory, full);
}

// Whether a directory's plane is the first one made smaller, and no label of the slide: it is marked
// as reduced (TIFF 6.0, NewSubfileType), and neither as a mask nor as a macro image of slide scanners;
// and one factor, give or take a pixel of rounding, leads to both of its sides.
async function isLevel(tiff, directory, full) {
  const height = await tiff.number(directory, 257, 0);
  const width = await tiff.number(directory, 256, 0);
  if (((await tiff.number(directory, 254, 0)) & MARKS) !== REDUCED) return false;
  if (!(height > 0 && height <= full.height && width > 0 && width <= full.width)) return false;
  if (full.height * (width - 1) > full.width * (height + 1)) return false;
  if (full.width * (height - 1) > full.height * (width + 1)) return false;
  return isOfType(tiff, directory, full);
}

async function isOfType(tiff, directory, full) {
  if ((await samplesOf(tiff, directory)) !== full.samples) return false;
  return full.samples > 1 || (await dtypeOf(tiff, directory)) === full.dtype;
}

const samplesOf = async (tiff, directory) => Math.max(1, await tiff.number(directory, 277, 1));

/** The type of a plane's voxels, as NumPy calls it. */
export async function dtypeOf(tiff, directory) {
  const kind = VOXEL_KINDS[(await tiff.number(directory, 339, 1)) || 1] ?? "uint";
  return `${kind}${(await tiff.number(directory, 258, 1)) || 1}`;
}

const isMarkedReduced = (type) => Math.abs((type ?? 0) % 2) === 1;

/** @returns {Promise<Plane>} */
async function planeOf(tiff, directory) {
  const get = (code, otherwise = null) => tiff.number(directory, code, otherwise);
  const [width, height] = [await get(256), await get(257)];
  if (!(width >= 1 && height >= 1)) throw tiff.damaged("a directory states no width or height");
  const samples = await samplesOf(tiff, directory);
  const [tileWidth, tileHeight] = [await get(322), await get(323)];
  const isTiled = tileWidth > 0 && tileHeight > 0;
  const rows = (await get(278)) || height;
  const stripHeight = rows > 0 ? Math.min(rows, height) : height;
  const code = await get(259, 1);
  const bits = (await get(258, 1)) || 1;
  const stored = isTiled ? TILES : STRIPS;
  await tiff.checkIsWhole(directory, stored);
  const nbytes = Math.floor((height * width * samples * bits) / 8);
  return {
    height,
    width,
    samples,
    isPlanar: samples > 1 && (await get(284, 1)) === 2,
    dtype: await dtypeOf(tiff, directory),
    layout: isTiled ? "tiles" : "strips",
    cut: isTiled ? [tileHeight, tileWidth] : [stripHeight, width],
    codec: code === 1 ? [] : [COMPRESSIONS[code] ?? `compression ${code}`],
    ratio: await ratioOf(tiff, directory, stored[1], nbytes),
    isReduced: isMarkedReduced(await get(254)),
  };
}

async function ratioOf(tiff, directory, code, nbytes) {
  const sizes = await tiff.numbers(directory, code);
  const total = sizes.reduce((all, n) => all + n, 0);
  return sizes.length && sizes.length < MAX_TAG_VALUES && total > 0 ? nbytes / total : null;
}

// The levels that the first plane has in SubIFDs.
async function coarserOf(tiff, first, full) {
  const places = (await tiff.numbers(first, 330)).slice(0, MAX_LEVELS).filter((place) => place > 0);
  const found = [];
  for (const place of places)
    found.push(await planeOf(tiff, await tiff.directory(Math.trunc(place))));
  return found.filter(({ isReduced, height }) => isReduced || height < full.height);
}

// Pixels for each unit along y and x, which are 1 where nobody knew.
async function resolutionOf(tiff, directory) {
  const [y] = await tiff.numbers(directory, 283);
  const [x] = await tiff.numbers(directory, 282);
  const isKnown = [y, x].every((value) => value > 0 && value < Infinity);
  return isKnown ? /** @type {[number, number]} */ ([y, x]) : null;
}

// The size by the tags' resolution, if it is in centimetres, millimetres or micrometres. Inches are
// those of printers: software writes 72 or 96 dots for each, whatever the image is.
async function sizeByResolution(tiff, directory, axes) {
  const resolution = await resolutionOf(tiff, directory);
  const unit = MICROMETRES[(await tiff.number(directory, 296, 2)) || 2];
  if (resolution === null || unit === undefined) return null;
  const told = { Y: unit / resolution[0], X: unit / resolution[1] };
  return axes.map((axis) => told[axis] ?? null);
}

// How many planes there can be from a directory's strip to the end of the file: ImageJ keeps more than
// 4 GiB so, one plane behind the other and not compressed. Some writers count each colour as one.
async function roomOf(tiff, directory, { height, width, samples, codec }) {
  if (codec.length) return samples;
  const bits = (await tiff.number(directory, 258, 1)) || 1;
  const nbytes = Math.max(1, Math.floor((height * width * bits) / 8));
  const start = await tiff.number(directory, STRIPS[0], 0);
  return Math.max(1, Math.floor((tiff.size - start) / nbytes));
}

// The planes along each axis before y and x, and what is told otherwise.
function extentsOf(told, full, { pages, room, isAll }) {
  if (told === null) {
    return { extents: new Map(pages > 1 ? [[UNKNOWN_AXIS, pages]] : []), contradictions: [] };
  }
  const wrong = [];
  const stated = new Map([...told.extents].filter(([axis]) => !"YX".includes(axis)));
  const planes = () => [...stated.values()].reduce((all, n) => all * n, 1);
  if (told.kind === "OME-TIFF") {
    for (const [axis, n] of [
      ["X", full.width],
      ["Y", full.height],
    ]) {
      const said = told.extents.get(axis) ?? n;
      if (said !== n) {
        wrong.push(`The OME-XML says Size${axis} ${said}, and the planes have ${n} pixels.`);
      }
    }
    if (![null, full.dtype, "bit"].includes(told.dtype)) {
      wrong.push(`The OME-XML says that voxels are ${told.dtype}, and they are ${full.dtype}.`);
    }
    if (full.samples > 1 && stated.has("C")) {
      stated.set("C", Math.max(1, Math.floor(stated.get("C") / full.samples)));
    }
    const isOne = isAll && told.images === 1 && told.files === 1 && stated.size > 0;
    if (isOne && planes() !== pages) {
      wrong.push(`The OME-XML tells of ${planes()} planes, and the file has ${pages}.`);
    }
  } else {
    const found = Math.max(pages, Math.min(planes(), room));
    if (planes() !== found && isAll) {
      wrong.push(`ImageJ's lines tell of ${planes()} planes, and the file has ${found}.`);
    }
  }
  return { extents: new Map([...stated].filter(([, n]) => n > 1)), contradictions: wrong };
}

function axesOfPlane(extents, { samples, isPlanar }) {
  if (samples === 1) return [...extents.keys(), "Y", "X"];
  return isPlanar ? [...extents.keys(), "S", "Y", "X"] : [...extents.keys(), "Y", "X", "S"];
}

function levelOf(plane, number, extents, told) {
  const { samples, isPlanar } = plane;
  const withSamples = (sizes, n) => {
    if (samples === 1) return sizes;
    return isPlanar ? [n, ...sizes] : [...sizes, n];
  };
  const sizes = told?.voxelSize ?? {};
  // Only the full image is told a size: how much longer others' voxels are is not said.
  const isTold = Object.keys(sizes).length > 0 && number === 0;
  return makeLevel({
    path: number === 0 ? "first plane" : `level ${number}`,
    shape: [...extents.values(), ...withSamples([plane.height, plane.width], samples)],
    dtype: plane.dtype,
    layout: plane.layout,
    chunk_shape: [
      ...[...extents.values()].fill(1),
      ...withSamples(plane.cut, isPlanar ? 1 : samples),
    ],
    codec: plane.codec,
    voxel_size: isTold ? axesOfPlane(extents, plane).map((axis) => sizes[axis] ?? null) : null,
    ratio: plane.ratio,
    edges: plane.layout === "tiles" ? "padded" : "cut",
  });
}
