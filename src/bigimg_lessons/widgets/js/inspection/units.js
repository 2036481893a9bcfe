// Units of length and of time: their names, symbols and spellings, as bigimg_lessons.units has them
// in Python; tests/test_inspection_arithmetic.py holds both to the same spellings.

/** Prefixes of Python's table: name, and letter before a symbol. @type {[string, string][]} */
const PREFIXES = [
  ["yotta", "Y"],
  ["zetta", "Z"],
  ["exa", "E"],
  ["peta", "P"],
  ["tera", "T"],
  ["giga", "G"],
  ["mega", "M"],
  ["kilo", "k"],
  ["hecto", "h"],
  ["deca", "da"],
  ["", ""],
  ["deci", "d"],
  ["centi", "c"],
  ["milli", "m"],
  ["micro", "µ"],
  ["nano", "n"],
  ["pico", "p"],
  ["femto", "f"],
  ["atto", "a"],
  ["zepto", "z"],
  ["yocto", "y"],
];

/** @typedef {{ name: string, symbol: string }} Unit */

/** A spelling without what makes equal letters differ; ImageJ writes the micro sign as \u00B5. */
const plainSpelling = (text) =>
  text
    .replace(/\\u00[bB]5/g, "µ")
    .normalize("NFKC")
    .trim();

function spellings(base, symbol, other, rest) {
  /** @type {Map<string, Unit>} */
  const table = new Map();
  const enter = (unit, written) => {
    for (const each of written) table.set(plainSpelling(each), unit);
  };
  for (const [prefix, letter] of PREFIXES) {
    const unit = { name: prefix + base, symbol: letter + symbol };
    const more = prefix === "micro" ? [`u${symbol}`, `u${other}`] : [];
    enter(unit, [unit.name, unit.symbol, prefix + other, letter + other, ...more]);
  }
  for (const [name, sign, ...more] of rest) {
    enter({ name, symbol: sign }, [name, sign, ...more]);
  }
  return { table, enter };
}

const lengths = spellings("meter", "m", "metre", [
  ["angstrom", "Å", "å", "ångström", "ångstrom", "ångstroem"],
  ["inch", "in", "inches"],
  ["foot", "ft", "feet"],
  ["yard", "yd"],
  ["mile", "mi"],
  ["parsec", "pc"],
  ["thou", "thou"],
  ["line", "li"],
  ["point", "pt"],
  ["astronomical_unit", "ua", "au"],
  ["light_year", "ly", "light year"],
]);
lengths.enter(lengths.table.get("micrometer"), ["micron"]);
lengths.enter(lengths.table.get("femtometer"), ["fermi"]);

const times = spellings("second", "s", "sec", [
  ["minute", "min"],
  ["hour", "h", "hr"],
  ["day", "d"],
]);

const PIXELS = ["pixel", "pixels", "px", "voxel", "voxels"];

/**
 * Whether a text that stands where a unit belongs says that there is none.
 * @param {string} text
 */
export const isPixelUnit = (text) => PIXELS.includes(text.trim().toLowerCase());

/**
 * The unit of length that a text names, null if it names none: "µm", "um", "microns".
 * @param {string} text
 */
export const lengthUnit = (text) => unitIn(lengths.table, text);

/**
 * The unit of time that a text names, null if it names none: "s", "sec", "ms".
 * @param {string} text
 */
export const durationUnit = (text) => unitIn(times.table, text);

function unitIn(table, text) {
  const written = plainSpelling(text);
  if (table.has(written)) return table.get(written);
  const folded = written.toLowerCase();
  const letters = [...folded].length;
  if (letters > 3) return table.get(folded) ?? table.get(folded.replace(/s$/, "")) ?? null;
  // A symbol in capitals, where one unit alone can be meant; nM is nanomolar.
  const fits = [...table].filter(([spelling]) => spelling.toLowerCase() === folded);
  const isOne = new Set(fits.map(([, unit]) => unit)).size === 1;
  const isUpper = written === written.toUpperCase() && written !== folded;
  return letters > 1 && isUpper && isOne ? (table.get(folded) ?? null) : null;
}
