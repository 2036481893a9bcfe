// Numbers, bytes and times written for people. bigimg_lessons/text.py writes bytes in the same way;
// tests/text_cases.json holds both to it.

const BINARY = ["KiB", "MiB", "GiB", "TiB", "PiB"];
const DECIMAL = ["kB", "MB", "GB", "TB", "PB"];
/** Below which time, which part of a second, which unit. @type {[number, number, string][]} */
const TIMES = [
  [1e-3, 1e-6, "µs"],
  [1, 1e-3, "ms"],
  [120, 1, "s"],
  [7200, 60, "min"],
  [172800, 3600, "h"],
  [63115200, 86400, "days"],
  [Infinity, 31557600, "years"],
];

/** Digits in groups of three: 1048576 -> "1,048,576". */
export const formatNumber = (number) => number.toLocaleString("en");

/** A number of things: plural(1, "chunk") -> "1 chunk", plural(2000, "chunk") -> "2,000 chunks". */
export const plural = (number, noun) => `${formatNumber(number)} ${noun}${number === 1 ? "" : "s"}`;

// Digits behind the point, so that there are three significant ones.
const places = (value) => 3 - [0.9995, 9.995, 99.95].filter((limit) => value >= limit).length;

/** Up to three significant digits: 16.951 -> "17", 1024 -> "1,024". */
export const formatDigits = (value) =>
  value.toLocaleString("en", { maximumFractionDigits: places(value) });

// A number with so many decimals; halves go to the even digit, as in Python.
function fixed(value, decimals) {
  const written = value.toFixed(decimals);
  const isHalf = (value * 2 ** (decimals + 1)) % 2 === 1;
  return isHalf && /[13579]$/.test(written) ? (value * (1 - 2 ** -50)).toFixed(decimals) : written;
}

/**
 * Three significant digits in binary units (1 KiB = 1024 bytes), for memory, chunks and files made of
 * them; in decimal ones (1 kB = 1000 bytes) for what a network or the maker of a disk counts so.
 */
export function formatBytes(count, { decimal = false } = {}) {
  const step = decimal ? 1000 : 1024;
  if (count < step) return count === 1 ? "1 byte" : `${count} bytes`;
  const units = decimal ? DECIMAL : BINARY;
  let value = count / step;
  let rank = 0;
  // 999.5 rather than 1000: what would be rounded up to four digits takes the next unit.
  for (; value >= 999.5 && rank < units.length - 1; rank++) value /= step;
  return `${fixed(value, places(value))} ${units[rank]}`;
}

/** Up to three significant digits, in the unit that people would choose: 0.0125 -> "12.5 ms". */
export function formatSeconds(time) {
  const [, size, unit] = TIMES.find(([below]) => time < below);
  return `${formatDigits(time / size)} ${unit}`;
}
