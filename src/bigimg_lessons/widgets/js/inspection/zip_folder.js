// A zip archive, such as an OME-Zarr in one file (.ozx), read by ranges of bytes. The fields are
// those of APPNOTE.TXT, PKWARE's description of the format, sections 4.3.6 to 4.5.3.

import { FetchError } from "../kit/zarr/faults.js";
import { unpack } from "../kit/zarr/fetching.js";
import { crc32 } from "./checksums.js";
import { InspectionError } from "./errors.js";
import { checkDocument, MAX_NAMES, sortedNames } from "./places.js";

const MAX_ENTRIES = 200_000;
const END = 0x06054b50; // "PK\5\6", and so on
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const UNKNOWN = 0xffffffff; // the number that stands in place of one in a field of zip64
const MAX_END = 2 ** 16 + 22; // bytes of the end of an archive, with its comment
// Letters of old archives from 128 on: code page 437.
const OLD_LETTERS =
  "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐" +
  "└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0";

/** @typedef {import("./sources.js").ByteSource} ByteSource */

/**
 * A file in an archive.
 *
 * @typedef {object} ZipEntry
 * @property {number} flags
 * @property {number} method 0 if stored, 8 if deflated
 * @property {number} crc
 * @property {number} stored bytes in the archive
 * @property {number} size bytes once unpacked
 * @property {number} at where its header begins
 */

const damaged = (name, why) =>
  new InspectionError(
    `${name} cannot be read as a zip archive (${why}): it is damaged or cut short.`,
  );

const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const long = (view, at) => Number(view.getBigUint64(at, true));

/**
 * Read an archive's list of files; throws an InspectionError if it is no archive, or has too many.
 *
 * @param {ByteSource} source
 * @param {string} name its path or address
 */
export async function openZip(source, name) {
  const end = await endOf(source, name);
  const count = end.size < UNKNOWN ? Math.max(end.count, Math.floor(end.size / 100)) : Infinity;
  if (count > MAX_ENTRIES) {
    const said = Number.isFinite(count) ? count : MAX_ENTRIES + 1;
    throw new InspectionError(
      `${name} is a zip archive of ${said.toLocaleString("en")} files, and up to ` +
        `${MAX_ENTRIES.toLocaleString("en")} are listed: unpack it, and inspect the folder.`,
    );
  }
  const { begin, size, shift } = await directoryOf(source, end);
  if (begin < 0 || size > 101 * MAX_ENTRIES) {
    throw damaged(name, "Bad offset for central directory");
  }
  const list = await source.read(begin, begin + size);
  return new ZipFolder(source, name, entriesIn(list, shift, name));
}

async function endOf(source, name) {
  const start = Math.max(0, source.size - MAX_END);
  const tail = await source.read(start, source.size);
  const view = viewOf(tail);
  let at = tail.length - 22;
  while (at >= 0 && view.getUint32(at, true) !== END) at--;
  if (at < 0) throw new InspectionError(`${name} is no zip archive, or it is cut short.`);
  return {
    at: start + at,
    count: view.getUint16(at + 10, true),
    size: view.getUint32(at + 12, true),
    offset: view.getUint32(at + 16, true),
  };
}

// Where the list of files is; `shift` is how much was put before the archive.
async function directoryOf(source, end) {
  const locator = viewOf(await source.read(Math.max(0, end.at - 20), end.at));
  const before = end.at - 76; // a record of zip64 stands before its locator
  if (before >= 0 && locator.getUint32(0, true) === LOCATOR_64) {
    const record = viewOf(await source.read(before, before + 56));
    if (record.getUint32(0, true) === END_64) {
      const [size, offset] = [long(record, 40), long(record, 48)];
      return { begin: before - size, size, shift: before - size - offset };
    }
  }
  const begin = end.at - end.size;
  return { begin, size: end.size, shift: begin - end.offset };
}

/** @returns {Map<string, ZipEntry>} */
function entriesIn(list, shift, name) {
  const entries = new Map();
  const view = viewOf(list);
  for (let at = 0; at < list.length; ) {
    if (at + 46 > list.length) throw damaged(name, "Truncated central directory");
    if (view.getUint32(at, true) !== ENTRY) {
      throw damaged(name, "Bad magic number for central directory");
    }
    const [length, extra, comment] = [28, 30, 32].map((place) => view.getUint16(at + place, true));
    const begin = at + 46;
    const flags = view.getUint16(at + 8, true);
    const file = nameOf(list.subarray(begin, begin + length), flags, name);
    const entry = {
      flags,
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      stored: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      at: view.getUint32(at + 42, true),
    };
    widen(entry, list.subarray(begin + length, begin + length + extra), name);
    entry.at += shift;
    entries.set(file, entry);
    at = begin + length + extra + comment;
  }
  return entries;
}

function nameOf(bytes, flags, name) {
  let text = "";
  if (flags & 0x800) {
    try {
      text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw damaged(name, "the name of a file is not UTF-8");
    }
  } else {
    for (const byte of bytes) {
      text += byte < 128 ? String.fromCharCode(byte) : OLD_LETTERS[byte - 128];
    }
  }
  return text.split("\0")[0];
}

// Put in the numbers of zip64 where the fields have no room for them.
function widen(entry, extra, name) {
  const view = viewOf(extra);
  for (let at = 0; at + 4 <= extra.length; ) {
    const length = view.getUint16(at + 2, true);
    let next = at + 4;
    if (next + length > extra.length) throw damaged(name, "Corrupt extra field");
    if (view.getUint16(at, true) === 1) {
      for (const field of ["size", "stored", "at"]) {
        if (entry[field] !== UNKNOWN) continue;
        if (next + 8 > at + 4 + length) throw damaged(name, "Corrupt zip64 extra field");
        entry[field] = long(view, next);
        next += 8;
      }
    }
    at += 4 + length;
  }
}

class ZipFolder {
  /**
   * @param {ByteSource} source
   * @param {string} name
   * @param {Map<string, ZipEntry>} entries
   */
  constructor(source, name, entries) {
    this.source = source;
    this.name = name;
    this.entries = entries;
  }

  async read(path) {
    const entry = this.entries.get(path);
    if (!entry) return null;
    checkDocument(`${this.name}/${path}`, entry.size);
    return this.#whole(path, entry);
  }

  async part(path, start, end = undefined) {
    const entry = this.entries.get(path);
    if (!entry) return null;
    if (entry.method || entry.flags & 1) return (await this.#whole(path, entry)).slice(start, end);
    const begin = await this.#dataStart(path, entry);
    const [from, to] = [start ?? 0, end ?? entry.size].map((at) =>
      Math.min(Math.max(at < 0 ? entry.size + at : at, 0), entry.size),
    );
    return this.source.read(begin + from, begin + Math.max(from, to));
  }

  async names(path = "") {
    const begin = path ? `${path}/` : "";
    const inside = [...this.entries.keys()].filter((name) => name.startsWith(begin));
    const found = new Set(inside.map((name) => name.slice(begin.length).split("/")[0]));
    found.delete("");
    return sortedNames(found).slice(0, MAX_NAMES);
  }

  async counted(path = "") {
    const begin = path ? `${path}/` : "";
    const counted = { number: 0, nbytes: 0, is_all: true };
    for (const [name, { stored }] of this.entries) {
      if (!name.startsWith(begin) || name.endsWith("/")) continue;
      counted.number += 1;
      counted.nbytes += stored;
    }
    return counted;
  }

  #damaged(path, why) {
    return new InspectionError(
      `${path} in ${this.name} cannot be read (${why}): the archive is damaged.`,
    );
  }

  async #dataStart(path, { at }) {
    const header = await this.source.read(Math.max(at, 0), at + 30);
    if (at < 0 || header.length < 30) throw this.#damaged(path, "Truncated file header");
    const view = viewOf(header);
    if (view.getUint32(0, true) !== LOCAL) {
      throw this.#damaged(path, "Bad magic number for file header");
    }
    return at + 30 + view.getUint16(26, true) + view.getUint16(28, true);
  }

  async #whole(path, entry) {
    const { flags, method, crc, size, stored } = entry;
    const begin = await this.#dataStart(path, entry);
    if (flags & 1) {
      const why = `File '${path}' is encrypted, password required for extraction`;
      throw this.#damaged(path, why);
    }
    if (method !== 0 && method !== 8) {
      throw this.#damaged(path, "That compression method is not supported");
    }
    // What cannot be compressed grows by less than a hundredth.
    const most = Math.min(stored, Math.ceil(size * 1.01) + 1024);
    const packed = await this.source.read(begin, begin + most);
    const format = method ? "deflate-raw" : null;
    let content = packed;
    try {
      content = await unpack(packed, { format, length: size }, path);
    } catch (error) {
      if (!(error instanceof FetchError)) throw error;
      throw this.#damaged(path, error.message);
    }
    if (crc32(content) !== crc) {
      throw this.#damaged(path, `Bad CRC-32 for file '${path}'`);
    }
    return content;
  }
}
