// The directories of a TIFF file, read within limits, as bigimg_lessons.inspection.tiff_tags reads
// them in Python: which tags they have, not the pixels. TIFF 6.0, sections 2 and 8, and BigTIFF
// (www.awaresystems.be/imaging/tiff/bigtiff.html).

import { formatNumber } from "../kit/text.js";
import { InspectionError } from "./errors.js";
import { DirectoriesAhead } from "./tiff_ahead.js";

const MAX_DIRECTORIES = 100_000; // one a plane, at which counting ends

/** Number of values of a tag that are read, of strips and their sizes for example. */
export const MAX_TAG_VALUES = 65_536;

const MAX_TEXT = 4 * 2 ** 20;
const MAX_TAGS = 4096;
const MAX_MILLISECONDS = 2500; // for all directories; a page reads a file more slowly than Python

/** Bytes of each type of values, how many are one value, and how a DataView gets each. */
const VALUE_TYPES = {
  1: [1, 1, "getUint8"],
  2: [1, 1, null],
  3: [2, 1, "getUint16"],
  4: [4, 1, "getUint32"],
  5: [8, 2, "getUint32"],
  6: [1, 1, "getInt8"],
  7: [1, 1, null],
  8: [2, 1, "getInt16"],
  9: [4, 1, "getInt32"],
  10: [8, 2, "getInt32"],
  11: [4, 1, "getFloat32"],
  12: [8, 1, "getFloat64"],
  13: [4, 1, "getUint32"],
  16: [8, 1, "getBigUint64"],
  17: [8, 1, "getBigInt64"],
  18: [8, 1, "getBigUint64"],
};
const TEXT_KINDS = [1, 2, 7];

/**
 * A tag of a directory. Counts and places beyond 2⁵³ are a bigint, and so beyond any file.
 * @typedef {object} Tag
 * @property {number} kind of its values
 * @property {any} count how many there are
 * @property {any} place where they lie in the file
 * @property {Uint8Array | null} inline they themselves, if they lie in the directory
 */

/**
 * A directory: one plane, at one level. Of most few tags are looked at.
 * @typedef {object} Directory
 * @property {any} place where it lies
 * @property {Uint8Array} bytes of it
 * @property {Map<number, number>} entries where in them the tags are stored, by their numbers
 * @property {any} following where the next directory lies; 0 if this is the last
 */

const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** A TIFF file, and what its directories say. */
export class TiffTags {
  /**
   * Read the header; throws InspectionError if it is no TIFF file.
   * @param {import("./sources.js").ByteSource} source
   * @param {string} name how the user calls it
   */
  static async of(source, name) {
    const tags = new TiffTags(source, name);
    const head = await tags.bytesAt(0, 16);
    const begin = String.fromCharCode(...head.subarray(0, 2));
    tags.little = begin === "II";
    const magic = head.length < 8 ? 0 : viewOf(head).getUint16(2, tags.little);
    if (!["II", "MM"].includes(begin) || ![42, 43].includes(magic)) {
      throw new InspectionError(`${name} is no TIFF file: it does not begin as one.`);
    }
    tags.isBig = magic === 43;
    if (tags.isBig && head.length < 16) throw tags.damaged("its header is cut short");
    tags.first = tags.wordAt(viewOf(head), tags.isBig ? 8 : 4);
    return tags;
  }

  /**
   * @param {import("./sources.js").ByteSource} source
   * @param {string} name
   */
  constructor(source, name) {
    this.source = source;
    this.name = name;
    this.size = source.size;
    this.ahead = new DirectoriesAhead(
      (place, length) => this.bytesAt(place, length),
      source.blob !== undefined,
    );
    this.little = true;
    this.isBig = false;
    /** @type {any} */
    this.first = 0;
  }

  /** The error that says what is wrong with the file. */
  damaged(what) {
    return new InspectionError(`${this.name} is a damaged TIFF file, or cut short: ${what}.`);
  }

  /** Go through the directories, as many as are read within the limits. */
  async *directories() {
    let place = this.first;
    const seen = new Set();
    const end = performance.now() + MAX_MILLISECONDS;
    while (place && seen.size < MAX_DIRECTORIES) {
      if (seen.has(place)) throw this.damaged("its directories lead back to an earlier one");
      seen.add(place);
      const directory = await this.directory(place);
      yield directory;
      place = directory.following;
      if (seen.size % 64 === 0 && performance.now() > end) return;
    }
  }

  /**
   * Read the directory at a place in the file.
   * @param {any} place
   * @returns {Promise<Directory>}
   */
  async directory(place) {
    const [width, entry, word] = this.isBig ? [8, 20, 8] : [2, 12, 4];
    let bytes = place < this.size ? await this.ahead.at(place) : new Uint8Array();
    const written = () => formatNumber(place);
    if (bytes.length < width) {
      throw this.damaged(`a directory should begin at ${written()}, and the file ends before`);
    }
    const count = this.isBig ? this.wordAt(viewOf(bytes), 0) : this.shortAt(bytes);
    if (!(count > 0 && count <= MAX_TAGS)) {
      throw this.damaged(`the directory at ${written()} has ${formatNumber(count)} tags`);
    }
    const behind = width + count * entry;
    if (bytes.length < behind + word) bytes = await this.bytesAt(place, behind + word);
    if (bytes.length < behind) throw this.damaged(`the directory at ${written()} is not complete`);
    const view = viewOf(bytes);
    const entries = new Map();
    for (let at = width; at < behind; at += entry) {
      entries.set(view.getUint16(at, this.little), at);
    }
    // Some writers forget the place of the next directory after the last one.
    const following = bytes.length < behind + word ? 0 : this.wordAt(view, behind);
    return { place, bytes, entries, following };
  }

  /**
   * @param {Directory} directory
   * @param {number} code
   * @returns {Tag | null}
   */
  tagOf({ place, bytes, entries }, code) {
    const at = entries.get(code);
    if (at === undefined) return null;
    const word = this.isBig ? 8 : 4;
    const view = viewOf(bytes);
    const kind = view.getUint16(at + 2, this.little);
    const count = this.wordAt(view, at + 4);
    const length = (VALUE_TYPES[kind]?.[0] ?? 0) * Number(count);
    const inside = at + 4 + word;
    return length <= word
      ? { kind, count, place: place + inside, inline: bytes.subarray(inside, inside + length) }
      : { kind, count, place: this.wordAt(view, inside), inline: null };
  }

  /**
   * The values of a tag, at most MAX_TAG_VALUES; none if it is not there. A fraction is one number.
   * Values that should lie beyond the file's end are left out.
   * @param {Directory} directory
   * @param {number} code
   * @returns {Promise<number[]>}
   */
  async numbers(directory, code) {
    const tag = this.tagOf(directory, code);
    const [size, each, getter] = VALUE_TYPES[tag?.kind] ?? [0, 0, null];
    if (getter === null) return [];
    const wanted = size * Math.min(Number(tag.count), MAX_TAG_VALUES);
    const content = tag.inline ?? (await this.bytesAt(tag.place, wanted));
    const view = viewOf(content);
    const value = (at) => Number(view[getter](at, this.little));
    const count = Math.floor(content.length / size);
    return Array.from({ length: count }, (_, index) => {
      const at = index * size;
      if (each === 1) return value(at);
      const below = value(at + 4);
      return below ? value(at) / below : 0;
    });
  }

  /**
   * The first value of a tag as a whole number.
   * @param {Directory} directory
   * @param {number} code
   * @param {number | null} [otherwise] if there is none
   */
  async number(directory, code, otherwise = null) {
    const [value] = await this.numbers(directory, code);
    return Math.abs(value) < 2 ** 53 ? Math.trunc(value) : otherwise;
  }

  /**
   * Refuse a plane of which a strip or tile should end behind the end of the file, or of which that is
   * not known because these values should lie there themselves. Of very many the first MAX_TAG_VALUES
   * are looked at.
   * @param {Directory} directory
   * @param {number[]} stored the tags that say where they lie and how many bytes they have
   */
  async checkIsWhole(directory, stored) {
    const [starts, lengths] = [
      await this.numbers(directory, stored[0]),
      await this.numbers(directory, stored[1]),
    ];
    const counts = stored.map((code) => Number(this.tagOf(directory, code)?.count ?? 0));
    const isKnown = Math.min(starts.length, lengths.length) >= Math.min(MAX_TAG_VALUES, ...counts);
    const isBehind = (length, index) => length > 0 && starts[index] + length > this.size;
    if (!isKnown || lengths.some(isBehind)) {
      const size = formatNumber(this.size);
      throw this.damaged(
        `strips or tiles of its voxels should end behind the ${size} bytes that it has`,
      );
    }
  }

  /**
   * The text of a tag; null if there is none.
   * @param {Directory} directory
   * @param {number} code
   */
  async text(directory, code) {
    const tag = this.tagOf(directory, code);
    if (!TEXT_KINDS.includes(tag?.kind)) return null;
    if (tag.count > MAX_TEXT) {
      const said = formatNumber(tag.count);
      throw this.damaged(`its description has ${said} bytes, and 4 MiB are read`);
    }
    const content = tag.inline ?? (await this.bytesAt(tag.place, tag.count));
    let end = content.length;
    while (end > 0 && content[end - 1] === 0) end -= 1;
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(content.subarray(0, end));
  }

  /**
   * Bytes of the file; fewer, or none, beyond its end.
   * @param {any} place
   * @param {number} length
   */
  async bytesAt(place, length) {
    if (place >= this.size || length <= 0) return new Uint8Array();
    return this.source.read(place, Math.min(place + length, this.size));
  }

  /** The number of 2 bytes with which a directory begins. */
  shortAt(bytes) {
    return viewOf(bytes).getUint16(0, this.little);
  }

  /** A count or a place: of 8 bytes in BigTIFF, else of 4. */
  wordAt(view, at) {
    if (!this.isBig) return view.getUint32(at, this.little);
    const word = view.getBigUint64(at, this.little);
    return word <= Number.MAX_SAFE_INTEGER ? Number(word) : word;
  }
}
