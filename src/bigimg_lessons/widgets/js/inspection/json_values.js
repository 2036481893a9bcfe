// Values of a JSON document that may be damaged: each of the type that is wanted, or null. As
// inspection/json_values.py has them; the document itself is parsed by json_parsing.js.

import { InspectionError } from "./errors.js";
import { JsonError, parseJson, Real } from "./json_parsing.js";

/** An object of JSON; Maps, so that no name of a file can be one of JavaScript's. */
/** @typedef {Map<string, any>} JsonObject */

/**
 * Parse a document that must be an object. Other encodings than UTF-8, which Python guesses, are
 * refused.
 *
 * @param {Uint8Array} content the whole file
 * @param {string} name of the file, for the message
 * @returns {JsonObject}
 */
export function parsedObject(content, name) {
  let value;
  try {
    value = parseJson(decoded(content));
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw new InspectionError(`${name} is no JSON (${error.message}): the file is damaged.`);
  }
  if (!(value instanceof Map)) {
    throw new InspectionError(`${name} should hold an object of JSON, and does not.`);
  }
  return value;
}

function decoded(content) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch {
    throw new JsonError("its bytes are not UTF-8");
  }
}

/**
 * An object, an empty one in place of anything else.
 *
 * @returns {JsonObject}
 */
export const asObject = (value) => (value instanceof Map ? value : new Map());

/**
 * A list, an empty one in place of anything else.
 *
 * @returns {any[]}
 */
export const asItems = (value) => (Array.isArray(value) ? value : []);

/**
 * A text that is not empty.
 *
 * @returns {string | null}
 */
export const asText = (value) => (typeof value === "string" && value ? value : null);

/**
 * A finite number.
 *
 * @returns {number | null}
 */
export function asNumber(value) {
  const isNumber = ["number", "bigint"].includes(typeof value) || value instanceof Real;
  const found = isNumber ? Number(value) : Number.NaN;
  return Number.isFinite(found) ? found : null;
}

/**
 * Whole numbers of 1 or more, such as a shape; null if not all are.
 *
 * @returns {number[] | null}
 */
export function asExtents(value) {
  const found = asItems(value);
  const isGood = found.every((n) => typeof n === "number" && n > 0);
  return found.length && found.length <= 32 && isGood ? [...found] : null;
}
