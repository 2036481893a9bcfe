// What the numbers of a setting come to, in words.

import { ChunkError } from "../costs/grid.js";
import { reading } from "../costs/reading.js";
import { formatBytes, formatDigits, formatNumber, plural } from "../kit/text.js";
import { AXES, FIXED_AXIS } from "./setting.js";

/** @typedef {import("./setting.js").Found} Found */

/**
 * " in 4 of 16 shards", or nothing where there are none.
 * @param {Found} found
 */
export const inShards = ({ grid: { shardCount }, cost: { shards } }) =>
  shards ? ` in ${formatNumber(shards)} of ${plural(shardCount, "shard")}` : "";

function describeRegion({ orientation, position, cube_edge: edge }) {
  const at = (axis) => `${AXES[axis]} = ${formatNumber(position[axis])}`;
  return orientation === "cube"
    ? `A cube of ${formatNumber(edge)} at ${[0, 1, 2].map(at).join(", ")}`
    : `${orientation} slice at ${at(FIXED_AXIS[orientation])}`;
}

/**
 * One sentence on what is read and what that takes.
 * @param {import("./setting.js").Setting} setting
 * @param {Found} found
 * @returns {string}
 */
export function describe(setting, found) {
  const { grid, cost } = found;
  const times =
    cost.read === cost.wanted
      ? "not a byte more"
      : `${formatDigits(cost.read / cost.wanted)} times as much`;
  return (
    `${describeRegion(setting)} touches ${formatNumber(cost.chunks)} of ` +
    `${plural(grid.chunkCount, "chunk")}${inShards(found)}: ` +
    `${plural(cost.requests, "request")}, ${formatBytes(cost.read)} read for ` +
    `${formatBytes(cost.wanted)} wanted, ${times}.`
  );
}

/**
 * What the chosen reader does with shards, and what the others would need; nothing where there are
 * no shards.
 * @param {import("./setting.js").Setting} setting
 * @param {Found} found
 * @param {Record<string, any>} readers
 * @returns {string}
 */
export function describeReaders(setting, { grid, region }, readers) {
  if (!grid.shardShape) return "";
  const others = Object.entries(readers).map(([key, reader]) => {
    if (key === setting.reader) return "";
    try {
      const { requests, read } = reading(grid, region, reader);
      return ` A reader that ${reader.name}: ${plural(requests, "request")}, ${formatBytes(read)}.`;
    } catch (problem) {
      if (!(problem instanceof ChunkError)) throw problem;
      return ""; // too many chunks to inspect for that one
    }
  });
  return readers[setting.reader].about + others.join("");
}

/**
 * The numbers beside the picture, each with a few words.
 * @param {Found} found
 * @param {object} chosen
 * @param {boolean} chosen.oneFile whether one file holds all chunks
 * @param {boolean} chosen.merges whether the reader merges requests
 * @returns {Record<string, [value: string, more: string]>}
 */
export function figures(found, { oneFile, merges }) {
  const { grid, cost } = found;
  const files = grid.shardCount || grid.chunkCount;
  const each = grid.shardCount ? "one for each shard" : "one for each chunk";
  const gaps = merges ? "whole chunks, indexes and gaps" : "whole chunks and indexes";
  return {
    "Chunks read": [
      formatNumber(cost.chunks),
      `of ${formatNumber(grid.chunkCount)}${inShards(found)}`,
    ],
    Requests: [
      formatNumber(cost.requests),
      cost.shards ? "with those for shard indexes" : "one for each chunk",
    ],
    "Bytes wanted": [formatBytes(cost.wanted), "the region itself"],
    "Bytes read": [formatBytes(cost.read), cost.shards ? gaps : "whole chunks"],
    Amplification: [`${formatDigits(cost.read / cost.wanted)} ×`, "read ÷ wanted"],
    Files: oneFile ? ["1", "holds all chunks"] : [formatNumber(files), each],
  };
}
