// An HDF5 file as its readers need it, on top of h5wasm: names, shapes, types, attributes, and the
// few values that say how an image lies in it; and voxels, where a page asks for some.

import { formatBytes } from "../kit/text.js";
import { InspectionError } from "./errors.js";
import { isSuperblock, possibleStarts } from "./hdf5_start.js";

const MARKED = "already open for write"; // words of HDF5, which gives no code for it
const MAX_ATTRIBUTE_BYTES = 2 ** 20;
const MAX_REGION_BYTES = 128 * 2 ** 20; // of a region, and of a chunk, which is unpacked as a whole
const RESOLVED = ["group", "dataset", "type"]; // by the numbers of H5G_obj_t
// Numbers of H5T_class_t.
const INTEGER = 0;
const FLOAT = 1;
const STRING = 3;
const BITFIELD = 4;
const COMPOUND = 6;
const ENUM = 8;

/** @typedef {{ shape: number[], chunks: number[] | null, dtype: string | null, itemSize: number }} Hdf5Dataset */
/** Texts as bytes, without the zeros at their ends; or what JavaScript makes of other values. */
/** @typedef {{ isArray: boolean, texts: Uint8Array[] | null, values: any }} Hdf5Attribute */

/** An open file. Paths have no slash at their beginning; "" is the root. */
export class Hdf5File {
  /**
   * @param {any} h5wasm the library, ready
   * @param {string} path in its file system
   * @param {string} name for messages
   */
  constructor(h5wasm, path, name) {
    this.name = name;
    this.path = path;
    this.library = h5wasm;
    this.names_ = new Map();
    this.stream = null;
    this.start_ = null;
    h5wasm.Module.activate_throwing_error_handler();
    this.file = openedFile(h5wasm, path, name);
    this.id = this.file.file_id;
  }

  close() {
    if (this.stream) this.library.FS.close(this.stream);
    this.file.close();
  }

  /** Names in a group. */
  names(path = "") {
    let found = this.names_.get(path);
    if (!found) {
      found = new Set(told(() => this.library.Module.get_names(this.id, path || "/", false)));
      this.names_.set(path, found);
    }
    return found;
  }

  /** What lies under a path to which names lead: "group", "dataset", "type"; null if nothing. */
  kind(path) {
    if (path === "") return "group";
    try {
      return RESOLVED[told(() => this.library.Module.get_type(this.id, path))] ?? null;
    } catch (error) {
      if (isBroken(error)) throw error;
      return null; // a link that leads nowhere
    }
  }

  /** Whether there is an object of that path; asked name by name, as HDF5 takes no other well. */
  has(path) {
    let at = "";
    for (const name of path.split("/")) {
      if (this.kind(at) !== "group" || !this.names(at).has(name)) return false;
      at = at ? `${at}/${name}` : name;
    }
    return this.kind(at) !== null;
  }

  /** How the last name of a path leads on: "hard", "soft" or "external". */
  link(path) {
    const { Module } = this.library;
    return told(() => {
      if (Module.get_external_link(this.id, path).filename !== undefined) return "external";
      return Module.get_symbolic_link(this.id, path) === null ? "hard" : "soft";
    });
  }

  /**
   * How a dataset is stored; null if a path leads to none.
   *
   * @returns {Hdf5Dataset | null}
   */
  dataset(path) {
    if (!this.has(path) || this.kind(path) !== "dataset") return null;
    const found = told(() => this.library.Module.get_dataset_metadata(this.id, path));
    const { shape, chunks, size } = found;
    return { shape: shape ?? [], chunks: chunks ?? null, dtype: numpyName(found), itemSize: size };
  }

  /** Numbers of a dataset's filters. @returns {number[]} */
  filters(path) {
    const found = told(() => this.library.Module.get_dataset_filters(this.id, path));
    return found.map((each) => each.id);
  }

  /** All values of a small dataset of numbers, in their order. @returns {number[]} */
  values(path) {
    const found = told(() => new this.library.Dataset(this.id, path).json_value);
    if (!Array.isArray(found) || !found.every((each) => typeof each === "number")) {
      throw new Error(`${path} holds no numbers`);
    }
    return found;
  }

  /** For each axis of a dataset its label, else the name of its scale, else "". */
  axisNames(path) {
    const { Module } = this.library;
    const labels = this.labels_(path);
    return told(() =>
      (this.dataset(path)?.shape ?? []).map((_, axis) => {
        const label = labels[axis];
        const [scale = ""] = label ? [] : Module.get_attached_scales(this.id, path, axis);
        return label || scale.slice(scale.lastIndexOf("/") + 1);
      }),
    );
  }

  // As the attribute that they are, so that whoever wrote them is understood.
  labels_(path) {
    const found = this.attribute(path, "DIMENSION_LABELS");
    if (found?.texts) return found.texts.map((text) => new TextDecoder().decode(text));
    if (!found?.values?.some((each) => typeof each === "string")) return [];
    return told(() => this.library.Module.get_dimension_labels(this.id, path));
  }

  /**
   * An attribute of an object; null if there is none of that name.
   *
   * @returns {Hdf5Attribute | null}
   */
  attribute(path, name) {
    const { Module, Group } = this.library;
    const at = path || "/";
    return told(() => {
      if (!Module.get_attribute_names(this.id, at).includes(name)) return null;
      const { type, vlen, shape, size, total_size } = Module.get_attribute_metadata(
        this.id,
        at,
        name,
      );
      const isArray = (shape ?? []).length > 0;
      const nbytes = size * total_size;
      const isRead = shape !== null && nbytes > 0 && nbytes <= MAX_ATTRIBUTE_BYTES;
      if (!isRead) return { isArray, texts: null, values: null };
      if (type === STRING && !vlen) {
        return { isArray, texts: this.texts_(at, name, size, total_size), values: null };
      }
      const values = new Group(this.id, at).get_attribute(name, true);
      return { isArray, texts: null, values };
    });
  }

  // h5wasm makes texts of each, and takes those that are not marked as UTF-8 for another encoding.
  texts_(path, name, size, count) {
    const { Module } = this.library;
    const pointer = Module._malloc(size * count);
    try {
      Module.get_attribute_data(this.id, path, name, BigInt(pointer));
      const starts = Array.from({ length: count }, (_, n) => pointer + n * size);
      return starts.map((start) => {
        const bytes = Module.HEAPU8.slice(start, start + size);
        return bytes.subarray(0, bytes.findLastIndex((each) => each !== 0) + 1);
      });
    } finally {
      Module._free(pointer);
    }
  }

  /**
   * Values of a region of a dataset, row by row.
   *
   * @param {string} path
   * @param {number[][]} ranges for each axis the first voxel, and the one after the last
   */
  region(path, ranges) {
    const found = this.dataset(path);
    if (!found) throw new Error(`there is no dataset ${path}`);
    const product = (numbers) => numbers.reduce((all, n) => all * n, found.itemSize);
    const nbytes = product(ranges.map(([start, stop]) => stop - start));
    if (Math.max(nbytes, product(found.chunks ?? [])) > MAX_REGION_BYTES) {
      throw new Error(`more than ${formatBytes(MAX_REGION_BYTES)} would have to be read at once`);
    }
    return told(() => new this.library.Dataset(this.id, path).slice(ranges));
  }

  /** Where an object's header begins, from the superblock on. @returns {number} */
  address(path) {
    const found = told(() => this.library.Module.create_object_reference(this.id, path));
    return Number(new DataView(Uint8Array.from(found).buffer).getBigUint64(0, true));
  }

  /**
   * Bytes of the file itself, at places that count from the superblock on; fewer where it ends.
   *
   * @returns {Uint8Array}
   */
  bytes(start, end) {
    this.start_ ??= this.superblock_();
    return this.raw_(this.start_ + start, this.start_ + end);
  }

  superblock_() {
    for (const start of possibleStarts(this.library.FS.stat(this.path).size)) {
      if (isSuperblock(this.raw_(start, start + 8))) return start;
    }
    return 0; // h5wasm has opened it, so this is not met
  }

  raw_(start, end) {
    const { FS } = this.library;
    this.stream ??= FS.open(this.path, "r");
    const found = new Uint8Array(end - start);
    return found.subarray(0, FS.read(this.stream, found, 0, end - start, start));
  }
}

/** A file of h5wasm; one that is being written is read in HDF5's mode for many readers (SWMR). */
function openedFile(h5wasm, path, name) {
  const open = (mode) => told(() => new h5wasm.File(path, mode));
  try {
    return open("r");
  } catch (error) {
    if (isBroken(error)) throw error;
    if (!error.message.includes(MARKED)) {
      throw new InspectionError(
        `${name} cannot be read (as HDF5: ${error.message}): it is damaged, cut short, still being ` +
          "written, or no HDF5 file.",
      );
    }
  }
  try {
    return open("Sr");
  } catch (error) {
    if (isBroken(error)) throw error;
    throw new InspectionError(
      `${name} is marked as open for writing: it is still being written, or its program ended ` +
        "without closing it. Close it there. If no program has it open, make a copy, and take the " +
        "mark off that with h5clear -s, one of the HDF5 tools.",
    );
  }
}

/** Whether an error has left the library itself in a state that is not known. */
export function isBroken(error) {
  return error instanceof WebAssembly.RuntimeError || error instanceof RangeError;
}

/** Call the library; of the many lines of its errors the first and the last are kept. */
function told(call) {
  try {
    return call();
  } catch (error) {
    if (isBroken(error)) throw error;
    const said = String(error?.message ?? error);
    const found = [...said.matchAll(/^\s*#\d+: .*? in \w+\(\): (.*)$/gm)].map((match) => match[1]);
    if (!found.length) throw new Error(said.replace(/\s+/g, " ").slice(0, 200));
    const first = found[0][0].toUpperCase() + found[0].slice(1);
    throw new Error(found.length > 1 ? `${first} (${found.at(-1)})` : first);
  }
}

/** The name that NumPy has for a type of HDF5; null if it has none. */
function numpyName({ type, size, signed, enum_type, compound_type }) {
  if (type === ENUM) {
    const { members } = enum_type;
    const isBool = Object.keys(members).length === 2 && members.FALSE === 0 && members.TRUE === 1;
    return isBool ? "bool" : numpyName({ ...NO_PARTS, type: enum_type.type, size, signed });
  }
  const isPower = [1, 2, 4, 8].includes(size);
  if (type === INTEGER && isPower) return `${signed ? "" : "u"}int${size * 8}`;
  if (type === BITFIELD && isPower) return `uint${size * 8}`;
  if (type === FLOAT && [2, 4, 8, 16].includes(size)) return `float${size * 8}`;
  if (type === COMPOUND && [8, 16, 32].includes(size)) {
    const [real, imaginary, ...others] = compound_type.members;
    const isPart = (part, name) =>
      part?.name === name && part.type === FLOAT && part.size === size / 2;
    const isComplex = isPart(real, "r") && isPart(imaginary, "i") && !others.length;
    return isComplex ? `complex${size * 8}` : null;
  }
  return null;
}

const NO_PARTS = { enum_type: null, compound_type: null };
