// The chunk explorer, set to a level of the reader's file.

import { ChunkError } from "../costs/grid.js";
import { exploring } from "../explorer/exploring.js";
import { explore } from "../explorer/setting.js";
import { spatialAxes } from "../inspection/report.js";
import { make } from "../kit/dom.js";

const EDGE = 128; // voxels of the cube, as far as the image has them

/**
 * The explorer's setting for level 0; null if that has no three axes of space, or more planes than were
 * counted, a chunk holds more than one time point, channel or colour, or there is more than the explorer
 * takes.
 * @param {import("../inspection/report.js").Report} report
 * @param {any} offered what ChunkExplorer offers in Python
 */
function ownSetting(report, offered) {
  const axes = spatialAxes(report);
  const [{ shape, chunk_shape: chunk, shard_shape: shard, dtype, edges }] = report.levels;
  const isDeep = axes.length === 3 && axes.every((axis, n) => n === 0 || axis > axes[n - 1]);
  const isAlone = (sizes) => sizes.every((size, axis) => size === 1 || axes.includes(axis));
  if (report.is_partial || !isDeep || chunk === null || !isAlone(shard ?? chunk)) return null;
  const along = (numbers) => axes.map((axis) => numbers[axis]);
  const setting = {
    shape: along(shape),
    dtype,
    chunk_shape: along(chunk),
    shard_shape: shard && along(shard),
    edges: shard ? "padded" : edges,
    reader: "one-by-one",
    orientation: "YZ",
    position: along(shape).map((n) => Math.floor(n / 2)),
    cube_edge: Math.min(EDGE, ...along(shape)),
    storage: "s3",
  };
  const { item_sizes: itemSizes, storages, readers } = offered;
  try {
    explore(setting, { itemSizes, storages, readers });
  } catch (problem) {
    if (problem instanceof ChunkError) return null;
    throw problem;
  }
  return setting;
}

// What the explorer asks of a widget's model, without a kernel behind it.
function modelOf(traits) {
  return {
    get: (name) => traits[name],
    set(name, value) {
      traits[name] = value;
    },
    save_changes() {},
    on() {},
    off() {},
  };
}

/**
 * The explorer, folded until it is wanted; nothing where it cannot show the image.
 * @param {import("../inspection/report.js").Report} report
 * @param {any} offered
 * @returns {{ nodes: HTMLElement[], leave: () => void }}
 */
export function ownExplorer(report, offered) {
  const setting = ownSetting(report, offered);
  if (!setting) return { nodes: [], leave() {} };
  const el = make("div");
  const leave = exploring({ model: modelOf({ ...offered, ...setting }), el, linkKey: null });
  const summary = make(
    "summary",
    {},
    "Cut level 0 otherwise: the chunk explorer, set to this file",
  );
  return { nodes: [make("details", { class: "br-more" }, summary, el)], leave };
}
