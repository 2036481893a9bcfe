// Types of pixels: what the cells in HDF5 are, what their setup declares, and what both mean, as
// bigimg_lessons.formats.bdv.pixel_types.

import { pythonRepr } from "./python_text.js";

const TYPES = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"];
const PIXEL_TYPES = [...TYPES, "float32", "float64"];
const UNSIGNED = /unsigned|u(?=byte|char|short|int$|integer|long)/;
/** Names that C, Java, numpy and ImgLib2 give to types; some mean another in each. */
const WORDS = new Map([
  ["bool", ["bool"]],
  ["boolean", ["bool"]],
  ["byte", ["int8", "uint8"]],
  ["char", ["int8", "uint8"]],
  ["short", ["int16"]],
  ["int", ["int32", "int64"]],
  ["integer", ["int32", "int64"]],
  ["long", ["int32", "int64"]],
  ["half", ["float16"]],
  ["single", ["float32"]],
  ["float", ["float32", "float64"]],
  ["real", ["float32", "float64"]],
  ["double", ["float64"]],
]);
const KINDS = new Map([
  ["b", "bool"],
  ["i", "int"],
  ["u", "uint"],
  ["f", "float"],
]);

/** Types that a declared text can mean, however it is spelled; null if it names none. */
function declaredTypes(declared) {
  if (typeof declared !== "string") return null;
  let name = declared.replace(/^[\0 \t\r\n"']+|[\0 \t\r\n"']+$/g, "").toLowerCase();
  const short = /^[<>=|]?([biuf])([1248])$/.exec(name); // numpy's own, such as <u2
  if (short) return [short[1] === "b" ? "bool" : KINDS.get(short[1]) + 8 * Number(short[2])];
  name = name.replace(/[ _-]|_t$|type$/g, "");
  if (/^(?:u?int(?:8|16|32|64|128)|float(?:16|32|64|128)|complex(?:64|128))$/.test(name)) {
    return [name];
  }
  const word = name.replace(UNSIGNED, "");
  const isUnsigned = word !== name;
  const names = WORDS.get(word);
  if (!names || (isUnsigned && !names.some((each) => each.includes("int")))) return null;
  if (!isUnsigned) return names;
  return names.filter((each) => !each.startsWith("u")).map((each) => `u${each}`);
}

/**
 * The type of a setup's pixels.
 *
 * @param {string | null} cells type of the cells in HDF5, as NumPy names it
 * @param {any} declared the setup's attribute dataType: a text, null if it has none, else anything
 * @returns {string}
 * @throws {Error} if either is no type of pixels, or they contradict each other
 */
export function bdvPixelType(cells, declared) {
  const pixels = cells === "bool" ? "uint8" : cells;
  if (!PIXEL_TYPES.includes(pixels)) {
    throw new Error(
      `has cells of type ${cells ?? "unknown"}; known are ${PIXEL_TYPES.join(", ")}. Read them ` +
        "with h5py, convert them to one of these (float16 to float32), and write them with " +
        "write_bdv",
    );
  }
  if (declared === null) return cells === "int16" ? "uint16" : pixels;
  const types = declaredTypes(declared);
  if (types === null) {
    if (cells !== "int16") return pixels;
    throw new Error(
      `has the dataType ${shown(declared)}, which names no type, and cells of type int16, which ` +
        "may hold uint16: set the attribute to 'int16' or 'uint16'",
    );
  }
  if (types.includes(cells) || types.includes(pixels)) return pixels;
  if (cells === "int16" && types.includes("uint16")) return "uint16";
  throw new Error(
    `has the dataType ${shown(declared)} but cells of type ${cells}: one of them is damaged; if ` +
      "the cells are right, correct the attribute",
  );
}

const shown = (declared) => (typeof declared === "string" ? pythonRepr(declared) : "of numbers");
