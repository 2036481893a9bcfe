// A picture of one plane of a coarse level, where the page can decode it.

import { PackingError, UnknownCodec } from "../inspection/codec_errors.js";
import { InspectionError } from "../inspection/errors.js";
import { make } from "../kit/dom.js";
import { FetchError } from "../kit/zarr/faults.js";
import { extremes, toned } from "../viewer/pixels.js";
import { levelToShow } from "./plane.js";

/** @typedef {import("../inspection/report.js").Report} Report */

const FEW = 320; // pixels

function windowOf({ windows, levels }, pixels) {
  const [low, high] = windows[0] ?? [0, 0];
  // What a file wants to be black and white may leave nothing between them.
  if (low < high) return [low, high];
  return levels[0].dtype === "uint8" ? [0, 255] : extremes(pixels);
}

// Why there is none, as a clause.
function whyNot(error) {
  if (error instanceof UnknownCodec) return `${error.message} cannot be unpacked here`;
  const isKnown = [FetchError, InspectionError, PackingError].some((kind) => error instanceof kind);
  if (isKnown) return error.message.replace(/\.$/, "");
  console.error(error);
  return "this page cannot make sense of it";
}

/**
 * A figure; in place of a picture that cannot be made one sentence says why.
 * @param {Report} report
 * @param {(report: Report, level: number) => Promise<import("./plane.js").PlaceablePlane>}
 *   read brings a plane, and throws FetchError with a clause if it cannot
 * @param {AbortSignal} signal
 * @returns {Promise<HTMLElement | null>} null where nobody waits for it any more
 */
export async function pictureNode(report, read, signal) {
  try {
    const { pixels, shape, where } = await read(report, levelToShow(report));
    const canvas = toned({ shape, chunk: shape }, [0, 0], pixels, windowOf(report, pixels));
    canvas.setAttribute("role", "img");
    canvas.toggleAttribute("data-few", Math.max(...shape) < FEW); // each is shown as the square it is
    canvas.setAttribute("aria-label", `Picture of the image: ${where}`);
    const caption = make("figcaption", { class: "br-small" }, `Picture: ${where}.`);
    return make("figure", { class: "br-picture" }, canvas, caption);
  } catch (error) {
    if (signal.aborted) return null;
    return make("p", { class: "br-small" }, `There is no picture: ${whyNot(error)}.`);
  }
}
