// What a design costs, in words.

import { formatBytes, formatNumber, formatSeconds } from "../kit/text.js";

/**
 * @typedef {object} Best
 * @property {number} tried how many designs
 * @property {number} seconds a week, of the best of them
 * @property {string} good one good design, in words
 */

/**
 * The time of a week, how that compares with the best design, and with the design before.
 * @param {import("../costs/design.js").Appraisal} found
 * @param {Best} best
 * @param {number} [before] seconds a week of the design before, if there was one
 * @returns {[time: string, comparison: string, change: string]}
 */
export function summary({ total, files, stored }, best, before = total) {
  const times = formatNumber(Number((total / best.seconds).toPrecision(2)));
  const gain = before - total;
  return [
    `${formatSeconds(total)} a week`,
    `: ${times} times the best of ${formatNumber(best.tried)} designs tried by the model. ` +
      `Files: ${formatNumber(files)}. Stored: ${formatBytes(stored)}.`,
    gain
      ? ` ${gain > 0 ? "Better" : "Worse"} than before by ${formatSeconds(Math.abs(gain))}.`
      : "",
  ];
}

/**
 * The texts of a use's row: requests, bytes read, and seconds each time and in a week.
 * @param {import("../costs/design.js").Cost} cost
 */
export const costTexts = ({ requests, read, seconds, weekly }) => [
  formatNumber(requests),
  formatBytes(read),
  formatSeconds(seconds),
  formatSeconds(weekly),
];
