// Where an image lies: a folder or a web server, read within limits, as inspection/places.py has
// them. zip_folder.js has zip archives.

import { FetchError } from "../kit/zarr/faults.js";
import { fetchBytes } from "../kit/zarr/fetching.js";
import { formatBytes } from "../kit/text.js";
import { InspectionError } from "./errors.js";
import { NOT_ALLOWED, refusePage } from "./sources.js";

/** Maximum size of one file of metadata. */
export const MAX_DOCUMENT_BYTES = 4 * 2 ** 20;

/** Number of files of a folder at which counting ends. */
export const MAX_FILES = 10_000;

/** Number of names of a folder that are listed. */
export const MAX_NAMES = 2000;

const MAX_SECONDS = 0.4; // for counting one folder
const ASKED_AT_ONCE = 256; // files whose size is looked up
const MAX_REQUESTS = 200;
const ABSENT = new Set([403, 404, 410]); // stores that may not be listed answer 403

/**
 * Files below a folder: how many, their bytes, and whether counting came to an end.
 *
 * @typedef {{ number: number, nbytes: number, is_all: boolean }} Counted
 */

/**
 * A folder, wherever it lies; paths in it use "/".
 *
 * @typedef {object} Place
 * @property {string} name its path or address
 * @property {(path: string) => Promise<Uint8Array | null>} read a file of metadata, null if there
 *   is none
 * @property {(path: string, start?: number, end?: number) => Promise<Uint8Array | null>} [part]
 *   bytes of any file, null if there is none; a negative start counts from its end
 * @property {(path?: string) => Promise<string[] | null>} names the first names in a folder,
 *   sorted; null if they cannot be listed
 * @property {(path?: string) => Promise<Counted | null>} counted the files below a folder; null if
 *   they cannot be listed
 */

/**
 * What lies in a folder: its name, whether it is a folder itself, and what finds it if not.
 *
 * @typedef {[name: string, isFolder: boolean, file: () => Promise<Blob | null>]} TreeEntry
 */

/**
 * What a folder is made of.
 *
 * @typedef {object} FileTree
 * @property {(path: string) => AsyncIterable<TreeEntry>} list what lies in a folder, nothing if
 *   there is none; it may be left before its end
 * @property {(path: string) => Promise<Blob | null>} file
 */

/** Refuse what is too large for a file of metadata. */
export function checkDocument(name, size) {
  if (size <= MAX_DOCUMENT_BYTES) return;
  throw new InspectionError(
    `${name} has ${formatBytes(size)}, and metadata is read up to ` +
      `${formatBytes(MAX_DOCUMENT_BYTES)}: is it a file of metadata?`,
  );
}

/** Whether a path leads out of its folder, or can be none; metadata may say anything. */
export const leadsOut = (path) =>
  path.startsWith("/") || path.split("/").includes("..") || /\p{Cs}/u.test(path);

/** Sort names as Python does, by their code points. */
export function sortedNames(names) {
  return [...names].sort((a, b) => {
    const [left, right] = [[...a], [...b]];
    const at = left.findIndex((char, n) => char !== right[n]);
    if (at < 0) return left.length - right.length;
    return (left[at].codePointAt(0) ?? 0) - (right[at]?.codePointAt(0) ?? -1);
  });
}

/** The bytes of a file that a person or a program chose; it may be gone since. */
async function bytesOf(blob, name) {
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch (error) {
    throw new InspectionError(`${name} cannot be read (${error.message}).`);
  }
}

/** A folder of this computer. */
export class TreeFolder {
  /**
   * @param {string} name its path, or what it is called
   * @param {FileTree} tree
   */
  constructor(name, tree) {
    this.name = name;
    this.tree = tree;
  }

  async read(path) {
    const file = leadsOut(path) ? null : await this.tree.file(path);
    if (!file) return null;
    const name = `${this.name}/${path}`;
    checkDocument(name, file.size);
    return bytesOf(file, name);
  }

  async part(path, start, end = undefined) {
    const file = leadsOut(path) ? null : await this.tree.file(path);
    return file && bytesOf(file.slice(start, end), `${this.name}/${path}`);
  }

  async names(path = "") {
    const found = [];
    for await (const [name] of this.tree.list(path)) {
      found.push(name);
      if (found.length >= MAX_NAMES) break;
    }
    return sortedNames(found);
  }

  /** Count the files below a folder without listing any folder whole. */
  async counted(path = "") {
    const end = performance.now() + 1e3 * MAX_SECONDS;
    const folders = [path];
    const counted = { number: 0, nbytes: 0, is_all: true };
    /** @type {Promise<Blob | null>[]} */
    let asked = [];
    const weigh = async () => {
      for (const file of await Promise.all(asked)) counted.nbytes += file?.size ?? 0;
      asked = [];
    };
    while (folders.length) {
      const folder = folders.pop();
      for await (const [name, isFolder, file] of this.tree.list(folder)) {
        if (isFolder) folders.push(folder ? `${folder}/${name}` : name);
        else {
          counted.number += 1;
          asked.push(file());
        }
        if (asked.length < ASKED_AT_ONCE && counted.number < MAX_FILES) continue;
        await weigh();
        counted.is_all = counted.number < MAX_FILES && performance.now() < end;
        if (!counted.is_all) return counted;
      }
    }
    await weigh();
    return counted;
  }
}

/**
 * A folder that was chosen: all of its files, none of them read.
 *
 * @param {string} name of the folder
 * @param {Iterable<{ path: string, file: Blob }>} files with their paths in it
 */
export function listedFolder(name, files) {
  const blobs = new Map();
  const folders = new Map([["", new Map()]]);
  for (const { path, file } of files) {
    blobs.set(path, file);
    const parts = path.split("/");
    parts.forEach((part, depth) => {
      const [folder, inside] = [depth, depth + 1].map((n) => parts.slice(0, n).join("/"));
      const isFolder = inside !== path;
      folders.get(folder).set(part, isFolder);
      if (isFolder && !folders.has(inside)) folders.set(inside, new Map());
    });
  }
  return new TreeFolder(name, {
    async *list(path) {
      for (const [part, isFolder] of folders.get(path) ?? []) {
        yield [part, isFolder, async () => blobs.get(path ? `${path}/${part}` : part)];
      }
    },
    file: async (path) => blobs.get(path) ?? null,
  });
}

/**
 * A folder that was dropped, whose files are looked for as they are needed: it may have millions.
 *
 * @param {string} name of the folder
 * @param {FileSystemDirectoryEntry} root
 */
export function droppedFolder(name, root) {
  // What is not there, or may not be read, is an error of the browser's.
  const asked = (ask) => new Promise((resolve) => ask(resolve, () => resolve(null)));
  const fileOf = (entry) => asked((...both) => entry.file(...both));
  return new TreeFolder(name, {
    async *list(path) {
      const folder = path ? await asked((...both) => root.getDirectory(path, {}, ...both)) : root;
      const reader = folder?.createReader();
      for (;;) {
        const some = reader ? await asked((...both) => reader.readEntries(...both)) : null;
        if (!some?.length) return;
        for (const entry of some) yield [entry.name, entry.isDirectory, () => fileOf(entry)];
      }
    },
    async file(path) {
      const entry = await asked((...both) => root.getFile(path, {}, ...both));
      return entry && fileOf(entry);
    },
  });
}

// As urllib.parse.quote() has it.
const quotedPath = (path) =>
  encodeURIComponent(path)
    .replaceAll("%2F", "/")
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

/** A folder of a web server, which cannot be listed. What was read once is not asked for again. */
export class WebFolder {
  #asked = new Map();
  #reads = 0;

  /** @param {string} url without a slash at the end */
  constructor(url) {
    this.name = url;
  }

  async read(path) {
    this.#reads += 1;
    if (this.#reads > MAX_REQUESTS) {
      throw new InspectionError(
        `${this.name} needs more than ${MAX_REQUESTS} requests: inspect one image of it.`,
      );
    }
    if (leadsOut(path)) return null;
    if (!this.#asked.has(path)) this.#asked.set(path, this.#fetched(path));
    return this.#asked.get(path);
  }

  async #fetched(path) {
    const [base, ...query] = this.name.split("?");
    const url = `${base}/${quotedPath(path)}${query.length ? `?${query.join("?")}` : ""}`;
    const { signal } = new AbortController();
    try {
      const bytes = await fetchBytes(url, { signal, max: MAX_DOCUMENT_BYTES });
      refusePage(url, bytes);
      return bytes;
    } catch (error) {
      if (!(error instanceof FetchError)) throw error;
      if (error.reason === "status") {
        if (ABSENT.has(error.status)) return null;
        throw new InspectionError(`The server of ${url} answers ${error.status}: try later.`);
      }
      if (error.reason === "content") checkDocument(url, MAX_DOCUMENT_BYTES + 1);
      throw new InspectionError(
        error.reason === "late"
          ? `${url} cannot be reached (${error.message}): check the address and the network.`
          : `${url} cannot be reached: check the address and the network. ${NOT_ALLOWED}`,
      );
    }
  }

  async names() {
    return null;
  }

  async counted() {
    return null;
  }
}
