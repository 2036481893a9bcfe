// What people type: words, and numbers with units.

// Spellings are folded to one of the two that English has. What comes out may be no word: it is
// only compared with others folded in the same way.
const SPELLINGS = [
  [/([a-z]{3})our/, "$1or"], // colour
  [/(cent|fib|lit|met)re/, "$1er"], // centre
  [/is(e[ds]?|er|ing|ations?)$/, "iz$1"], // organise
  [/ys(e[ds]?|er|ing)$/, "yz$1"], // analyse
  [/ogue/, "og"], // catalogue
  [/ell(ed|ing|er)$/, "el$1"], // labelled
  [/grey/, "gray"],
];

/** What counts in a text, for comparing: "The  Resolution-Pyramid" -> "resolutionpyramid". */
export function fold(text) {
  const plain = text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const words =
    plain
      .replace(/%/g, " percent ")
      .replace(/×/g, "x")
      .match(/[\p{L}\p{N}]+/gu) ?? [];
  if (words.length > 1 && /^(an?|the)$/.test(words[0])) words.shift();
  return words
    .map((word) => SPELLINGS.reduce((folded, [from, to]) => folded.replace(from, to), word))
    .join("");
}

function pluralOf(word) {
  if (/(s|x|z|ch|sh)$/.test(word)) return `${word}es`;
  return /[^aeiou]y$/.test(word) ? `${word.slice(0, -1)}ies` : `${word}s`;
}

/** Whether two folded texts are the same word, one of them perhaps in the plural. */
export const same = (given, listed) =>
  given === listed || given === pluralOf(listed) || pluralOf(given) === listed;

// One letter more, less or other, or two neighbours swapped: what is left between the common
// beginning and the common end tells.
function oneSlip(a, b) {
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  let end = 0;
  const longest = Math.min(a.length, b.length) - start;
  while (end < longest && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const [x, y] = [a, b].map((word) => word.slice(start, word.length - end));
  return (x.length < 2 && y.length < 2) || (x.length === 2 && x === [...y].reverse().join(""));
}

/** Whether a folded text is the listed one but for one slip; in short words a slip is another word. */
export const misspelt = (given, listed) =>
  listed.length >= 5 && [listed, pluralOf(listed)].some((word) => oneSlip(given, word));

/**
 * Dimension, size in base units, names. A value is shown in the first that is not too large.
 *
 * @type {any[][]}
 */
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
