// Values of a JSON document as Python prints them, so that a message quotes them alike.

import { Real } from "./json_parsing.js";

const CONSTANTS = new Map([
  [null, "None"],
  [undefined, "None"],
  [true, "True"],
  [false, "False"],
]);
const ESCAPES = new Map([
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
  ["\\", "\\\\"],
]);

/**
 * A value as Python's repr() has it.
 *
 * @param {any} value of a parsed document
 * @returns {string}
 */
export function pythonRepr(value) {
  if (CONSTANTS.has(value)) return CONSTANTS.get(value);
  if (typeof value === "string") return quotedText(value);
  if (value instanceof Real) return realText(value.value);
  if (Array.isArray(value)) return `[${value.map(pythonRepr).join(", ")}]`;
  if (value instanceof Map) {
    const entries = [...value].map(([name, each]) => `${quotedText(name)}: ${pythonRepr(each)}`);
    return `{${entries.join(", ")}}`;
  }
  return String(value);
}

/**
 * A value as Python's str() has it, its beginning only.
 *
 * @param {any} value of a parsed document
 * @param {number} [length] maximum number of characters
 */
export function pythonStr(value, length = Infinity) {
  const text = typeof value === "string" ? value : pythonRepr(value);
  return text.length <= length ? text : [...text].slice(0, length).join("");
}

function quotedText(text) {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = (char) => {
    if (ESCAPES.has(char)) return ESCAPES.get(char);
    if (char === quote) return `\\${char}`;
    if (char === " " || !/[\p{C}\p{Z}]/u.test(char)) return char;
    const code = char.codePointAt(0);
    const [letter, digits] = code < 2 ** 8 ? ["x", 2] : code < 2 ** 16 ? ["u", 4] : ["U", 8];
    return `\\${letter}${code.toString(16).padStart(digits, "0")}`;
  };
  return `${quote}${[...text].map(escaped).join("")}${quote}`;
}

// Python writes exponents below 1e-4 and from 1e16 on, and each whole number with ".0".
function realText(value) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  if (Object.is(value, -0)) return "-0.0";
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-4 && size < 1e16)) {
    const text = String(value);
    return text.includes(".") ? text : `${text}.0`;
  }
  const [digits, exponent] = value.toExponential().split("e");
  const power = Math.abs(Number(exponent)).toString().padStart(2, "0");
  return `${digits}e${Number(exponent) < 0 ? "-" : "+"}${power}`;
}
