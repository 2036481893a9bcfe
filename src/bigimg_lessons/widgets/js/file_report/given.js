// What a reader drops or chooses: files, a folder, or an example that the page carries.

import { droppedFolder, listedFolder } from "../inspection/places.js";
import { blobSource } from "../inspection/sources.js";

/**
 * What is to be inspected, and what was given with it.
 * @typedef {object} Given
 * @property {string} name
 * @property {any} what the source of a file, or the place of a folder
 * @property {Map<string, any>} others sources and places, by their names
 */

const XML = /\.xml$/i;
const NAMED_BY_XML = /\.(h5|hdf5|n5)$/i;

/**
 * What was given; null if it is nothing. An XML of BigDataViewer names the HDF5 file or the N5 folder
 * beside it, and so comes first; an XML beside another image is no image.
 * @param {any[]} all sources and places
 * @returns {Given | null}
 */
function givenOf(all) {
  if (!all.length) return null;
  const isXml = ({ name }) => XML.test(name);
  const isPair = all.some(({ name }) => NAMED_BY_XML.test(name));
  const what = all.find((one) => isXml(one) === isPair) ?? all[0];
  const others = all.filter((one) => one !== what).map((one) => [one.name, one]);
  return { name: what.name, what, others: new Map(/** @type {[string, any][]} */ (others)) };
}

const sourceOf = (file) => blobSource(file, file.name);

/**
 * Files that were chosen.
 * @param {File[]} files
 */
export const chosenFiles = (files) => givenOf(files.map(sourceOf));

/**
 * A folder, by its files, whose paths begin with its name.
 * @param {{ path: string, file: Blob }[]} files
 */
function folderOf(files) {
  if (!files.length) return null;
  const name = files[0].path.split("/")[0];
  const inside = files.map(({ path, file }) => ({ path: path.slice(name.length + 1), file }));
  return givenOf([listedFolder(name, inside)]);
}

/**
 * A folder that was chosen.
 * @param {File[]} files
 */
export const chosenFolder = (files) =>
  folderOf(files.map((file) => ({ path: file.webkitRelativePath, file })));

/**
 * What was dropped; null if it is no file. To be called before the event has ended.
 * @param {DataTransfer} transfer
 */
export function dropped({ items }) {
  const all = [...items].flatMap(
    /** @returns {any[]} */ (item) => {
      const entry = item.webkitGetAsEntry?.();
      if (entry?.isDirectory) {
        return [droppedFolder(entry.name, /** @type {FileSystemDirectoryEntry} */ (entry))];
      }
      const file = item.getAsFile();
      return file ? [sourceOf(file)] : [];
    },
  );
  return givenOf(all);
}

const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

/**
 * An example: a file, or a folder.
 * @param {{ name: string, files: Record<string, string> }} example
 */
export function exampleGiven({ name, files }) {
  const found = Object.entries(files).map(([path, text]) => ({
    path,
    file: new File([bytesOf(text)], path.split("/").at(-1)),
  }));
  return found[0].path === name ? chosenFiles([found[0].file]) : folderOf(found);
}
