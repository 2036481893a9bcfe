// A setting as text, for a link: z256y1024x1024-uint8-c64.64.64-yz-at128.512.512-s3; after the chunk
// perhaps a shard, -s256.256.256, and -merging or -cut.

import { explore } from "./setting.js";

const LINK = new RegExp(
  "^z(\\d+)y(\\d+)x(\\d+)-(\\w+)-c(\\d+)\\.(\\d+)\\.(\\d+)(?:-s(\\d+)\\.(\\d+)\\.(\\d+))?" +
    "(-merging)?(-cut)?" +
    "-(xy|xz|yz|cube(\\d+))-at(\\d+)\\.(\\d+)\\.(\\d+)-([\\w-]+)$",
);

/**
 * @param {import("./setting.js").Setting} setting
 * @returns {string}
 */
export function toLink(setting) {
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

/**
 * The setting that a link holds, or null where it makes no sense. A link to a slice says nothing of
 * the edge of a cube: that stays as it was before.
 * @param {string} text
 * @param {import("./setting.js").Setting} before
 * @param {import("./setting.js").Known} known
 * @returns {import("./setting.js").Setting | null}
 */
export function fromLink(text, before, known) {
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
