// A folder and a file of this computer, as the page has those that were dropped on it.
import { openAsBlob } from "node:fs";
import { opendir, stat } from "node:fs/promises";
import { join } from "node:path";

import { TreeFolder } from "../../src/bigimg_lessons/widgets/js/inspection/places.js";

async function blobAt(path) {
  const found = await stat(path).catch(() => null);
  return found?.isFile() ? openAsBlob(path) : null;
}

/**
 * A folder of the disk.
 *
 * @param {string} path
 */
export function nodeFolder(path) {
  return new TreeFolder(path, {
    async *list(inside) {
      const folder = await opendir(join(path, inside)).catch(() => null);
      for await (const entry of folder ?? []) {
        const file = () => blobAt(join(path, inside, entry.name));
        yield [entry.name, entry.isDirectory(), file];
      }
    },
    file: (inside) => blobAt(join(path, inside)),
  });
}

/**
 * A file of the disk, null if there is none.
 *
 * @param {string} path
 */
export async function nodeFile(path) {
  const blob = await blobAt(path);
  if (!blob) return null;
  return {
    name: path,
    size: blob.size,
    read: async (start, end) => new Uint8Array(await blob.slice(start, end).arrayBuffer()),
  };
}
