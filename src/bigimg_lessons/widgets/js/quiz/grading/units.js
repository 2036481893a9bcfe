// Units, and values shown in them.

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
  ["s", 3600, "h", "hour", "hr", "heure", "stunde"],
  ["s", 60, "min", "minute", "mn"],
  ["s", 1, "s", "sec", "second", "seconde", "sek", "sekunde"],
  ["s", 1e-3, "ms", "millisecond", "msec"],
  ["s", 1e-6, "µs", "us", "microsecond"],
  ["s", 1e-9, "ns", "nanosecond"],
  ["s", 86400, "days", "day", "d", "jour", "tag", "tage"],
  ["s", 1e3, "ks", "kilosecond"],
  ["m", 1, "m", "metre"],
  ["m", 1e-3, "mm", "millimetre"],
  ["m", 1e-6, "µm", "um", "micrometre", "micron", "mikrometer"],
  ["m", 1e-9, "nm", "nanometre"],
  ["m", 1e-2, "cm", "centimetre"],
  ["%", 1, "%", "percent", "per cent", "pour cent", "prozent"],
  ["×", 1, "×", "x", "time", "mal", "fois"],
];

const folded = (name) =>
  name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/metre/, "meter");
const BY_NAME = new Map(UNITS.flatMap((unit) => unit.slice(2).map((name) => [folded(name), unit])));

/**
 * The unit of a name in English, French ("Mo") or German ("Minuten"), or undefined.
 *
 * @returns {any[] | undefined} as in UNITS; bits have the dimension "bit"
 */
export function unitNamed(name) {
  const bits = /^(.*bit)s?$|^([KMGT]i?)b$/.exec(name);
  if (bits)
    return ["bit", unitNamed(bits[2] ? `${bits[2]}B` : name.replace(/bits?$/, "byte"))?.[1]];
  const plain = folded(name)
    .replace(/octet/, "byte")
    .replace(/^([kmgt]i?)(o|bytes?)$/, "$1b");
  return [plain, plain.replace(/(..)[ns]$/, "$1")].map((key) => BY_NAME.get(key)).find(Boolean);
}

/** A value in base units as it is shown: shown(262144, "B") -> "256 KiB". */
export function shown(value, unit) {
  const fits = ([dimension, size]) => dimension === unit && size <= value;
  const [, size, name] = UNITS.find(fits) ?? [unit, 1, unit];
  return `${(value / size).toLocaleString("en").replaceAll(",", "\u00a0")} ${name}`;
}
