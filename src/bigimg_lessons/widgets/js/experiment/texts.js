// Numbers, bytes and times of the experiment, as texts that are not broken across lines.

import { formatBytes, formatSeconds } from "../kit/text.js";

const unbroken = (text) => text.replaceAll(" ", "\u00a0");

/** @param {number[]} numbers */
export const shapeText = (numbers) => unbroken(numbers.join(" × "));

// All bytes of the experiment have travelled, so they are counted as networks count them.
export const bytes = (count) => unbroken(formatBytes(Math.round(count), { decimal: true }));

export const duration = (seconds) => unbroken(formatSeconds(seconds));

/**
 * The unit for numbers up to `longest` seconds, and its size.
 *
 * @returns {[string, number]}
 */
export const unitOfTime = (longest) => (longest < 1 ? ["ms", 0.001] : ["s", 1]);

/**
 * The unit for numbers up to `highest` bytes, and its size.
 *
 * @returns {[string, number]}
 */
export const unitOfBytes = (highest) => (highest < 1e6 ? ["kB", 1e3] : ["MB", 1e6]);

/** Two significant digits, and no fraction from 10 on. */
export function short(value) {
  if (Number.isInteger(value)) return String(value);
  return value < 9.95 ? value.toPrecision(2) : value.toFixed(0);
}

/** A range of times, such as "12–15 ms". */
export function durations(shortest, longest) {
  const [unit, size] = unitOfTime(longest);
  return unbroken(`${short(shortest / size)}–${short(longest / size)} ${unit}`);
}
