// What was typed or chosen in the planner, made into a project.

import { shapeOfBytes } from "../costs/plan.js";
import { FIELDS, parsedText, textOf, withPart } from "./fields.js";

const AS_TYPED = "as typed";
const CUTS = { tiles: [1, 256, 256], chunks: [64, 64, 64] };

/** @param {string} key */
const whole = (key) => key.split(".")[0];

// An object store grows with those who read it; a disk and a server do not.
function chosen(kind, name, project, offered) {
  const entry = offered[kind][name];
  if (name !== "s3") return entry;
  return { ...entry, bandwidth: entry.bandwidth * project.workforce.workers };
}

function changed(field, text, project, offered) {
  const { key, kind } = field;
  if (kind === "storages" || kind === "price_lists") {
    return Object.hasOwn(offered[kind], text)
      ? withPart(project, key, chosen(kind, text, project, offered))
      : project;
  }
  const value = parsedText(field, text);
  if (kind === "bytes") {
    const { shape, dtype } = project.conversion;
    const { itemSize } = offered.voxels[dtype];
    return withPart(project, "conversion.shape", shapeOfBytes(value, shape, itemSize));
  }
  const next = withPart(project, key, value);
  const part = whole(key);
  const isOffered = ["source", "target", "prices"].includes(part);
  return isOffered ? withPart(next, `${part}.name`, AS_TYPED) : next;
}

// Strips stay as wide as the image; another way to cut begins with its usual sizes.
function fitted(next, before, texts) {
  const { shape, source_kind: kind, source_chunk: chunk } = next.conversion;
  const was = before.conversion;
  if (texts["conversion.source_chunk"] !== undefined) return next;
  if (kind !== was.source_kind) {
    const usual = Object.hasOwn(CUTS, kind) ? CUTS[kind] : [1, ...shape.slice(3)];
    return withPart(next, "conversion.source_chunk", usual);
  }
  if (kind !== "strips" || String(shape) === String(was.shape)) return next;
  const rows = chunk[1] === was.shape[3] ? shape[3] : chunk[1];
  return withPart(next, "conversion.source_chunk", [1, rows, shape[4]]);
}

/**
 * The project that texts make of another one; throws ChunkError for a text that makes no sense.
 * @param {Record<string, string>} texts of the fields that differ, by their keys
 * @param {any} before
 * @param {any} offered
 */
export function typedProject(texts, before, offered) {
  const next = FIELDS.filter(({ key }) => Object.hasOwn(texts, key)).reduce(
    (project, field) => changed(field, texts[field.key], project, offered),
    before,
  );
  return fitted(next, before, texts);
}

/** The texts that differ from what the fields show of a project. */
export function differing(texts, project, offered) {
  const fields = FIELDS.filter(({ key }) => texts[key] !== undefined);
  return Object.fromEntries(
    fields
      .filter((field) => texts[field.key] !== textOf(field, project, offered))
      .map(({ key }) => [key, texts[key]]),
  );
}
