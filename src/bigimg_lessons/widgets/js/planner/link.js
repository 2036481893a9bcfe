// A project as text, for a link: the preset that is nearest, and the texts of the fields that differ:
// laptop,threads:16,chunk:64x64x64.

import { plan } from "../costs/plan.js";
import { FIELDS, textOf } from "./fields.js";
import { typedProject } from "./typed.js";

const MAX_TEXT = 300; // characters

// A field whose name another one has too keeps where it is.
const nameOf = (key) => {
  const last = key.split(".").at(-1);
  return FIELDS.filter((field) => field.key.split(".").at(-1) === last).length > 1 ? key : last;
};

const NAMED = FIELDS.filter(({ kind }) => kind !== "bytes");

/**
 * @param {any} project
 * @param {Record<string, { project: any }>} presets
 * @param {any} offered
 * @returns {string}
 */
export function planLink(project, presets, offered) {
  const links = Object.entries(presets).map(([name, preset]) => {
    const parts = NAMED.flatMap((field) => {
      const text = textOf(field, project, offered);
      if (text === textOf(field, preset.project, offered)) return [];
      return [`${nameOf(field.key)}:${encodeURIComponent(text.replaceAll(" × ", "x"))}`];
    });
    return [name, ...parts];
  });
  return links.reduce((least, one) => (one.length < least.length ? one : least)).join(",");
}

/**
 * The project that a link holds, or null where it makes no sense.
 * @param {string} text
 * @param {Record<string, { project: any }>} presets
 * @param {any} offered
 */
export function linkedProject(text, presets, offered) {
  const [name, ...parts] = text.split(",");
  if (!Object.hasOwn(presets, name)) return null;
  try {
    const pairs = parts.map((part) => {
      const [short, value] = part.split(":");
      const field = NAMED.find(({ key }) => nameOf(key) === short);
      if (!field || value === undefined || value.length > 3 * MAX_TEXT) throw new Error(short);
      return [field.key, decodeURIComponent(value).slice(0, MAX_TEXT)];
    });
    const project = typedProject(Object.fromEntries(pairs), presets[name].project, offered);
    plan(project, offered.voxels);
    return project;
  } catch {
    return null;
  }
}
