// Lengths and pixel sizes, written for people.

/** A length in the unit that people would choose. */
export function lengthText(length, unit) {
  if (unit === "µm" && length < 0.995e-1) return lengthText(length * 1e3, "nm");
  if (unit === "µm" && length >= 995) return lengthText(length / 1e3, "mm");
  return `${Number(length.toPrecision(3))} ${unit}`;
}

/** The longest of 1, 2, 5, 10, … that is at most `limit`. */
export function roundLength(limit) {
  const power = 10 ** Math.floor(Math.log10(limit));
  return power * ([5, 2].find((times) => times * power <= limit) ?? 1);
}

/**
 * The size of a level's pixels.
 *
 * @param {number[]} size of a pixel, [y, x]
 * @param {string} unit
 */
export function pixelSizeText([y, x], unit) {
  if (unit === "pixels" && x === 1 && y === 1) return "full resolution";
  const height = Math.abs(y - x) > 0.01 * x ? `${lengthText(y, unit)} × ` : "";
  const of = unit === "pixels" ? " of level 0" : "";
  return `${height}${lengthText(x, unit)}${of} per pixel`;
}
