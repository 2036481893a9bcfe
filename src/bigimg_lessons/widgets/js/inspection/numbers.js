// Numbers as Python reads and writes them.

const FLOAT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/**
 * The finite number that a text states, null if it states none.
 * @param {string | null | undefined} text
 */
export function finite(text) {
  const written = (text ?? "").trim();
  const value = Number(written);
  return FLOAT.test(written) && Number.isFinite(value) ? value : null;
}

/**
 * The number above zero that a text states, null if it states none.
 * @param {string | null | undefined} text
 */
export function positive(text) {
  const value = finite(text);
  return value !== null && value > 0 ? value : null;
}

/**
 * A number as Python's format "g" writes it, halves going to the even digit.
 * @param {number} value finite
 * @param {number} [digits] how many are significant
 */
export function general(value, digits = 6) {
  const written = value.toExponential(digits - 1);
  // The digits that a double has behind those, of which 99 tell a half from what is near it.
  const behind = value.toExponential(99).split("e")[0].replace(/[-.]/g, "").slice(digits);
  const isOdd = /[13579]$/.test(written.split("e")[0]);
  const rounded =
    /^50*$/.test(behind) && isOdd ? (value * (1 - 2 ** -50)).toExponential(digits - 1) : written;
  const power = Number(rounded.split("e")[1]);
  if (power >= -4 && power < digits) return Object.is(value, -0) ? "-0" : String(Number(rounded));
  const mantissa = String(Number(rounded.split("e")[0]));
  return `${mantissa}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}
