// Numbers with units, as people type them.

import { fold } from "./words.js";

// Dimension, size in base units, names. A value is shown in the first that is not too large.
export const UNITS = [
  ["B", 2 ** 40, "TiB", "tebibyte"],
  ["B", 2 ** 30, "GiB", "gibibyte"],
  ["B", 2 ** 20, "MiB", "mebibyte"],
  ["B", 2 ** 10, "KiB", "kibibyte"],
  ["B", 1, "B", "byte"],
  ["B", 1e12, "TB", "terabyte"],
  ["B", 1e9, "GB", "gigabyte"],
  ["B", 1e6, "MB", "megabyte"],
  ["B", 1e3, "kB", "kilobyte"],
  ["s", 3600, "h", "hour"],
  ["s", 60, "min", "minute"],
  ["s", 1, "s", "sec", "second"],
  ["s", 1e-3, "ms", "millisecond"],
  ["s", 1e-6, "µs", "us", "microsecond"],
  ["s", 1e-9, "ns", "nanosecond"],
  ["m", 1, "m", "metre"],
  ["m", 1e-3, "mm", "millimetre"],
  ["m", 1e-6, "µm", "um", "micrometre"],
  ["m", 1e-9, "nm", "nanometre"],
  ["m", 1e-2, "cm", "centimetre"],
  ["%", 1, "%"],
  ["×", 1, "×", "time", "fold"],
];

const ABOUT = /^(\s|[=~≈]|(about|approx\w*|circa|ca)\b\.?)*/i;

// What joins it to the factor before; digits, in groups of three or plain; a power.
const FACTOR =
  /^\s*([×x*·/]?)\s*((?:[1-9]\d{0,2}([ ,'’])\d{3}(?:\3\d{3})*(?!\d)(?:(?!\3)[.,]\d+)?|\d*[.,]?\d+)(?:e[-+]?\d+)?)(?:\s*(?:\^|\*\*)\s*(-?\d+))?/i;

/**
 * Read a number: "8 KiB", "8,192 bytes", "64 × 64 × 2 B", "1/512", "10⁶", "0,5 s".
 *
 * @param {string} text
 * @returns {{value: number, dimension: string} | null} the value in base units, and the dimension:
 *   "B", "s", "m", "%", "×", "bit", "" or what else follows ("XY planes"); null without a number
 */
export function quantity(text) {
  const powers = text.replace(/[⁻⁰¹²³⁴-⁹]+/g, "^$&");
  let rest = powers.normalize("NFKC").replace(/−/g, "-").replace(ABOUT, "");
  let value;
  for (let found = FACTOR.exec(rest); found; found = FACTOR.exec(rest)) {
    const [factor, operator, digits, separator, power = 1] = found;
    if (!operator !== (value === undefined)) return null;
    const number =
      Number(digits.replaceAll(separator ?? " ", "").replace(",", ".")) ** Number(power);
    value = operator === "/" ? value / number : (value ?? 1) * number;
    rest = rest.slice(factor.length);
  }
  if (!Number.isFinite(value) || !/^[-\s\p{L}%×.]*$/u.test(rest)) return null;
  rest = rest.trim().replace(/^(×|x|times) .*/, "×");
  const bits = /^(\w*bits?|[KMGT]i?b)$/.test(rest);
  const name = fold(bits ? rest.replace(/bits?$/, "b") : rest).replace(/(..)s$/, "$1");
  const named = ([, , ...names]) => names.some((entry) => fold(entry) === name);
  const [dimension, size] = UNITS.find(named) ?? [rest, 1];
  return { value: value * size, dimension: bits ? "bit" : dimension };
}

/** A value in base units as it is shown: shown(262144, "B") -> "256 KiB". */
export function shown(value, unit) {
  const fits = ([dimension, size]) => dimension === unit && size <= value;
  const [, size, name] = UNITS.find(fits) ?? [unit, 1, unit];
  return `${(value / size).toLocaleString("en").replaceAll(",", "\u00a0")} ${name}`;
}
