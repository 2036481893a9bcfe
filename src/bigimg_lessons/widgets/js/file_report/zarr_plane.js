// Voxels of a level of a Zarr image.

import { readZarrNode } from "../inspection/zarr_arrays.js";
import { ZarrVoxels } from "../inspection/zarr_chunks.js";
import { chunkedPlane } from "./plane.js";

/**
 * A level's array, whose voxels can be read; throws UnknownCodec if it cannot be unpacked here.
 * @param {any} place
 * @param {import("../inspection/report.js").Level} level
 */
export async function levelVoxels(place, { path }) {
  const inside = path === "." ? "" : path;
  const { array } = await readZarrNode(place, inside);
  return new ZarrVoxels(place, inside, array);
}

/**
 * Read a plane.
 * @param {any} place
 * @param {import("../inspection/report.js").Report} report
 * @param {number} number of the level
 */
export const zarrPlane = (place, report, number) =>
  chunkedPlane(report, number, async (region) => {
    const voxels = await levelVoxels(place, report.levels[number]);
    return (await voxels.read(region)).values;
  });
