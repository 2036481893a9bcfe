// What is known of a file: the object that Report.as_json() of bigimg_lessons.inspection.report
// gives, with null for what is unknown. Axes come slowest first; that module says what each part is.

/** @typedef {"chunks" | "shards" | "strips" | "tiles" | "contiguous"} Cutting */

/**
 * One level of an image.
 * @typedef {object} Level
 * @property {string} path
 * @property {number[]} shape
 * @property {string} dtype as NumPy names it; other texts for what NumPy does not have
 * @property {Cutting} layout
 * @property {number[] | null} chunk_shape
 * @property {number[] | null} shard_shape
 * @property {string[] | null} codec
 * @property {(number | null)[] | null} voxel_size
 * @property {(number | null)[] | null} offset
 * @property {number | null} ratio
 * @property {"padded" | "cut"} edges
 */

/**
 * How many files there are, and their bytes.
 * @typedef {object} FilesCounted
 * @property {number | null} number
 * @property {number | null} nbytes
 * @property {boolean} at_least
 * @property {number | null} expected
 */

/**
 * What an inspection found.
 * @typedef {object} Report
 * @property {string} source
 * @property {string} kind
 * @property {string[]} axes
 * @property {(string | null)[]} units
 * @property {Level[]} levels
 * @property {FilesCounted} files
 * @property {string | null} version
 * @property {string} image
 * @property {string[]} channel_names
 * @property {([number, number] | null)[]} windows
 * @property {boolean} is_labels
 * @property {string | null} method
 * @property {boolean | null} sampled
 * @property {string[]} contradictions
 * @property {string | null} unread_version
 * @property {boolean} one_at_a_time
 * @property {boolean} is_partial
 * @property {string[]} notes
 */

/** Names of the axes of space. */
export const SPATIAL = ["Z", "Y", "X"];

/** Name of an axis of which the file does not say what it is. */
export const UNKNOWN_AXIS = "?";

/**
 * A level; what is not given has the defaults of Python's Level.
 * @param {Pick<Level, "path" | "shape" | "dtype" | "layout" | "chunk_shape"> & Partial<Level>} given
 * @returns {Level}
 */
export const makeLevel = (given) => ({
  shard_shape: null,
  codec: null,
  voxel_size: null,
  offset: null,
  ratio: null,
  edges: "padded",
  ...given,
});

/**
 * Files counted; what is not given has the defaults of Python's Files.
 * @param {Pick<FilesCounted, "number" | "nbytes"> & Partial<FilesCounted>} given
 * @returns {FilesCounted}
 */
export const makeFiles = (given) => ({ at_least: false, expected: null, ...given });

/**
 * A report; what is not given has the defaults of Python's Report.
 * @param {Pick<Report, "source" | "kind" | "axes" | "units" | "levels" | "files"> &
 *   Partial<Report>} given
 * @returns {Report}
 */
export const makeReport = (given) => ({
  version: null,
  image: "",
  channel_names: [],
  windows: [],
  is_labels: false,
  method: null,
  sampled: null,
  contradictions: [],
  unread_version: null,
  one_at_a_time: false,
  is_partial: false,
  notes: [],
  ...given,
});

/**
 * The number of an axis, null if there is none of that name. Axes without a name are taken, from
 * the last on, for those of X, Y and Z that no axis is called.
 * @param {Report} report
 * @param {string} name
 * @returns {number | null}
 */
export function axisNumber(report, name) {
  const { axes } = report;
  if (axes.includes(name)) return axes.indexOf(name);
  const unnamed = [...axes.keys()].filter((axis) => axes[axis] === UNKNOWN_AXIS).reverse();
  const free = SPATIAL.filter((each) => !axes.includes(each)).reverse();
  return unnamed[free.indexOf(name)] ?? null;
}

/**
 * Numbers of the axes of space that there are, in the order Z, Y, X.
 * @param {Report} report
 * @returns {number[]}
 */
export const spatialAxes = (report) =>
  SPATIAL.map((name) => axisNumber(report, name)).filter((axis) => axis !== null);

const NUMBERS = /^(?:u?int(?:8|16|32|64)|float(?:16|32|64)|complex(?:64|128))$/;

/**
 * Bytes of a voxel that is a number; null of any other, such as a text or a date.
 * @param {string} dtype
 * @returns {number | null}
 */
export function itemSizeOf(dtype) {
  if (dtype === "bool") return 1;
  return NUMBERS.test(dtype) ? Number(dtype.match(/\d+$/)[0]) / 8 : null;
}

/**
 * Bytes of a chunk, not compressed; null if they are not known.
 * @param {Level} level
 * @returns {number | null}
 */
export function chunkBytesOf({ chunk_shape: shape, dtype }) {
  const itemSize = itemSizeOf(dtype);
  if (shape === null || itemSize === null) return null;
  return shape.reduce((all, n) => all * n, itemSize);
}
