// OME-Zarr 0.1 to 0.6, plain Zarr, and what groups hold: plates, series, labels; as
// inspection/ome_zarr.py describes them.

import { product } from "../costs/grid.js";
import { InspectionError, NoImageError } from "./errors.js";
import { asItems, asNumber, asObject, asText } from "./json_values.js";
import { pythonRepr } from "./python_text.js";
import { UNKNOWN_AXIS, makeReport } from "./report.js";
import { Placing, isIndex } from "./transformations.js";
import {
  allFiles,
  describedLevel,
  fileBytes,
  filesOf,
  pathInside,
  readZarrNode,
} from "./zarr_arrays.js";

const KNOWN_VERSIONS = ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6"];
const MAX_LEVELS = 64;
const MAX_DEPTH = 3;
const MAX_ARRAYS = 20;
const MAX_CHANNELS = 1000;
const AXES_BEFORE_03 = ["T", "C", "Z", "Y", "X"];

/** @typedef {import("./json_values.js").JsonObject} JsonObject */
/** @typedef {import("./places.js").Place} Place */
/** @typedef {import("./report.js").Report} Report */
/** @typedef {import("./zarr_arrays.js").ArrayMetadata} ArrayMetadata */

/**
 * Describe a Zarr folder, of OME or of anybody; throws an InspectionError if it is no Zarr, is
 * damaged, or holds no image.
 *
 * @param {Place} place
 * @param {string} given how the reader calls it
 * @returns {Promise<Report>}
 */
export async function inspectZarr(place, given) {
  const { path, node, image } = await imageIn(place);
  if (node.array) return plainReport(place, given, [[path, node.array]], image);
  const ome = omeOf(node);
  if (asItems(ome.get("multiscales")).length) return omeReport({ place, given, path, ome, image });
  const arrays = await arraysBelow(place, path);
  if (!arrays.length) {
    throw new InspectionError(
      `${given} is a Zarr group, and holds neither an OME-Zarr image nor an array that can ` +
        "be found: give the path of the image in it.",
    );
  }
  return plainReport(place, given, arrays, image);
}

function omeOf({ attributes }) {
  const inner = attributes.get("ome");
  return inner instanceof Map ? inner : attributes;
}

const IN_OME = ["multiscales", "plate", "well", "labels", "bioformats2raw.layout"];

// Find the image of a group: itself, or the first of a plate, of series or of labels.
async function imageIn(place) {
  let node = await readZarrNode(place);
  if (!node) {
    throw new InspectionError(
      `${place.name} has neither zarr.json nor .zgroup nor .zarray, so it is no Zarr: give ` +
        "the folder that has them.",
    );
  }
  let path = "";
  const said = [];
  for (let step = 0; step < 4; step++) {
    const ome = omeOf(node);
    if (node.array || asItems(ome.get("multiscales")).length) break;
    const first = await firstInside(place, path, ome);
    const found = first && (await readZarrNode(place, pathInside(path, first.name)));
    if (!found) break;
    path = pathInside(path, first.name);
    node = found;
    said.push(first.words);
  }
  return { path, node, image: said.join(", ") };
}

async function firstInside(place, path, ome) {
  const wells = asItems(asObject(ome.get("plate")).get("wells"));
  const well = asText(asObject(wells[0]).get("path"));
  if (well) return { name: well, words: `well ${well}, the first of ${wells.length}` };
  const fields = asItems(asObject(ome.get("well")).get("images"));
  const field = asText(asObject(fields[0]).get("path"));
  if (field) return { name: field, words: `field ${field}, the first of ${fields.length}` };
  const labels = asItems(ome.get("labels"));
  const label = asText(labels[0]);
  if (label) return { name: label, words: `labels ${label}, the first of ${labels.length}` };
  if (!ome.has("bioformats2raw.layout")) return firstImage(place, path);
  const listed = await readZarrNode(place, pathInside(path, "OME"));
  const stated = listed ? asItems(omeOf(listed).get("series")) : [];
  const first = asText(stated[0]);
  if (first) return { name: first, words: `series ${first}, the first of ${stated.length}` };
  const names = (await place.names(path)) ?? [];
  const series = names.filter((name) => /^\d+$/.test(name)).length;
  return { name: "0", words: series ? `series 0, the first of ${series}` : "series 0" };
}

// Find an image in a group that does not say what is in it.
async function firstImage(place, path) {
  const images = [];
  for (const name of ((await place.names(path)) ?? []).slice(0, 200)) {
    const node = name.startsWith(".") ? null : await memberOf(place, pathInside(path, name));
    if (node && !node.array && IN_OME.some((key) => omeOf(node).has(key))) images.push(name);
  }
  if (!images.length) return null;
  return { name: images[0], words: `${images[0]}, the first of ${images.length}` };
}

// What a folder in a group is; null if it is nothing in which an image may be, such as the scalar
// coordinates of xarray.
async function memberOf(place, path) {
  try {
    return await readZarrNode(place, path);
  } catch (error) {
    if (error instanceof NoImageError) return null;
    throw error;
  }
}

// Find the arrays of a group, the largest first.
async function arraysBelow(place, path) {
  /** @type {[string, ArrayMetadata][]} */
  const found = [];
  /** @type {[string, number][]} */
  const left = [[path, 0]];
  while (left.length && found.length < MAX_ARRAYS) {
    const [folder, depth] = left.shift();
    const names = (await place.names(folder)) ?? [];
    for (const name of names.slice(0, 200)) {
      if (name.startsWith(".") || name === "zarr.json") continue;
      const inside = pathInside(folder, name);
      const node = await memberOf(place, inside);
      if (node?.array) found.push([inside, node.array]);
      else if (node && depth < MAX_DEPTH) left.push([inside, depth + 1]);
    }
  }
  return found.sort(
    ([, a], [, b]) => fileBytes(b) - fileBytes(a) || b.shape.length - a.shape.length,
  );
}

async function plainReport(place, given, arrays, image) {
  const voxels = arrays.map(([, array]) => product(array.shape));
  const [path, array] = arrays[voxels.indexOf(Math.max(...voxels))];
  const axes = array.names.map((name) =>
    /^[a-z]$/i.test(name) ? name.toUpperCase() : name || UNKNOWN_AXIS,
  );
  return makeReport({
    source: given,
    kind: "Zarr",
    version: `v${array.zarrFormat}`,
    axes,
    units: axes.map(() => null),
    levels: [await describedLevel(place, path, array)],
    files: await filesOf(place, allFiles(arrays.map(([, each]) => each))),
    image: arrays.length > 1 ? `array ${path}, the largest of ${arrays.length}` : image,
  });
}

async function omeReport({ place, given, path, ome, image }) {
  const several = asItems(ome.get("multiscales"));
  const multiscale = asObject(several[0]);
  const version = asText(ome.get("version")) ?? asText(multiscale.get("version"));
  const arrays = await levelArrays(place, given, path, multiscale);
  const placing = new Placing(multiscale);
  const { axes, units } = axesIn(placing, arrays[0].array.shape.length, given);
  const placed = arrays.map(({ dataset }) => placing.placed(dataset, axes.length));
  const levels = [];
  for (const [number, { name, array }] of arrays.entries()) {
    levels.push(await describedLevel(place, name, array, placed[number]));
  }
  const first = `the first of ${several.length} entries of multiscales`;
  return makeReport({
    source: given,
    kind: "OME-Zarr",
    version,
    axes,
    units,
    levels,
    files: await filesOf(place, allFiles(arrays.map(({ array }) => array))),
    image: [image, several.length > 1 ? first : ""].filter((words) => words).join(", "),
    channel_names: channelsIn(ome).map((channel) => asText(channel.get("label")) ?? ""),
    windows: windowsIn(ome),
    is_labels: ome.has("image-label") || path.split("/").includes("labels"),
    method: asText(multiscale.get("type")),
    contradictions: contradictionsIn(ome, placing, axes, arrays, version),
    // Before 0.4 levels had no place for a size; from 0.2 on the version was often left out.
    unread_version: version !== null && !isKnown(version) ? version : null,
    notes: [...placing.notes, ...notFollowed(placed)],
  });
}

/**
 * @returns {Promise<{ name: string, dataset: JsonObject, array: ArrayMetadata }[]>}
 */
async function levelArrays(place, given, path, multiscale) {
  const named = asItems(multiscale.get("datasets"))
    .slice(0, MAX_LEVELS)
    .map(asObject)
    .map((dataset) => ({ dataset, name: asText(dataset.get("path")) }))
    .filter(({ name }) => name !== null && !name.split("/").includes(".."));
  const found = await Promise.all(
    named.map(async ({ dataset, name }) => {
      const inside = pathInside(path, name);
      const node = await readZarrNode(place, inside);
      if (node?.array) return { name: inside, dataset, array: node.array };
      throw new InspectionError(
        `${given} names a level ${pythonRepr(name)}, and there is no array of that name: ` +
          "the copy is not complete, or the metadata is damaged.",
      );
    }),
  );
  if (!found.length) {
    throw new InspectionError(`${given} is OME-Zarr, and names no level that is there.`);
  }
  return found;
}

function axesIn(placing, count, given) {
  const stated = placing.axes;
  if (!stated.length) {
    const isOld = count === 5 && !placing.systems.length;
    const axes = isOld ? AXES_BEFORE_03 : Array(count).fill(UNKNOWN_AXIS);
    return { axes, units: Array(count).fill(null) };
  }
  if (stated.length !== count) {
    throw new InspectionError(
      `${given} names ${stated.length} axes, and its level 0 has ${count}: its metadata ` +
        "is damaged.",
    );
  }
  const names = stated.map((entry) => {
    const name = asText(entry) ?? asText(asObject(entry).get("name"));
    return name === null || isIndex(entry) ? UNKNOWN_AXIS : name;
  });
  return {
    axes: names.map((name) => ([...name].length === 1 ? name.toUpperCase() : name)),
    units: stated.map((entry) => asText(asObject(entry).get("unit"))),
  };
}

function notFollowed(placed) {
  const levels = [...placed.keys()].filter((number) => placed[number].foreign !== null);
  if (!levels.length) return [];
  const kinds = new Set(levels.map((number) => placed[number].foreign));
  return [
    `Of level ${levels.join(", ")} the voxel size is not known: its transformation ` +
      `(${[...kinds].join(", ")}) is not followed here, or does not fit its axes.`,
  ];
}

function contradictionsIn(ome, placing, axes, arrays, version) {
  const first = arrays[0].array;
  const found = [];
  for (const { name, dataset, array } of arrays.slice(1)) {
    if (placing.strays(dataset)) {
      found.push(`Level ${name} leads to another coordinate system than level 0.`);
    }
    if (array.dtype !== first.dtype) {
      found.push(`Level ${name} has voxels of ${array.dtype}, and level 0 of ${first.dtype}.`);
    }
    if (array.shape.length !== first.shape.length) {
      found.push(`Level ${name} has ${array.shape.length} axes, not ${first.shape.length}.`);
    }
  }
  const channels = channelsIn(ome).length;
  const stored = first.shape[axes.indexOf("C")];
  if (channels && stored !== undefined && channels !== stored) {
    found.push(`The metadata names ${channels} channels, and the array has ${stored}.`);
  }
  const needed = ["0.5", "0.6"].includes(version?.slice(0, 3)) ? 3 : 2;
  if (version !== null && isKnown(version) && first.zarrFormat !== needed) {
    found.push(
      `It says that it is OME-Zarr ${version}, which is kept in Zarr v${needed}, and is ` +
        `kept in Zarr v${first.zarrFormat}.`,
    );
  }
  return found;
}

const isKnown = (version) =>
  KNOWN_VERSIONS.includes(version.slice(0, 3)) && /^(?:[^\p{L}\p{N}_].*)?$/u.test(version.slice(3));

const channelsIn = (ome) =>
  asItems(asObject(ome.get("omero")).get("channels"))
    .slice(0, MAX_CHANNELS)
    .map(asObject);

/** @returns {([number, number] | null)[]} */
function windowsIn(ome) {
  const found = channelsIn(ome).map((channel) => {
    const window = asObject(channel.get("window"));
    const [low, high] = [asNumber(window.get("start")), asNumber(window.get("end"))];
    /** @type {[number, number] | null} */
    const ends = low === null || high === null ? null : [low, high];
    return ends;
  });
  return found.some((window) => window) ? found : [];
}
