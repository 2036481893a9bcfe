// The fields of the planner: what each is called, and how its text becomes a part of a project.

import { ChunkError } from "../costs/grid.js";
import { formatBytes } from "../kit/text.js";

/**
 * @typedef {object} Field
 * @property {string} key where its value is in a project
 * @property {string} label
 * @property {string} kind "number", "sizes", "levels", "text", "flag", or the name of a choice
 * @property {number} [unit] how many of the project's units one of the field's has
 * @property {number} [count] how many sizes
 * @property {boolean} [optional] whether it may be empty
 * @property {number} [columns] how many of three columns its text needs, if not one
 */

const MEGA = 1e6;
const number = (key, label, unit = 1, more = {}) => ({ key, label, kind: "number", unit, ...more });
const sizes = (key, label, count, more = {}) => ({ key, label, kind: "sizes", count, ...more });
const other = (key, label, kind, more = {}) => ({ key, label, kind, ...more });
const TWO = { columns: 2 };
const THREE = { columns: 3 };

const storage = (key, whose) => [
  other(key, `${whose} on`, "storages"),
  number(`${key}.latency`, `${whose}: wait for each request, ms`, 1e-3),
  number(`${key}.bandwidth`, `${whose}: MB/s for all workers`, MEGA),
  number(`${key}.concurrency`, `${whose}: requests at once, each worker`),
];

/** @type {{ name: string, fields: Field[] }[]} */
export const GROUPS = [
  {
    name: "The image",
    fields: [
      sizes("conversion.shape", "Voxels along T, C, Z, Y, X", 5, TWO),
      other("bytes", "or its size, such as 2 TB", "bytes"),
      other("conversion.dtype", "Voxel type", "dtypes"),
    ],
  },
  {
    name: "As it is stored",
    fields: [
      other("conversion.source_kind", "Cut into", "source_kinds", TWO),
      sizes("conversion.source_chunk", "One of them: Z, Y, X", 3),
      number("conversion.source_ratio", "Compression, times smaller"),
    ],
  },
  {
    name: "As it is to be stored",
    fields: [
      sizes("conversion.chunk", "Chunk: Z, Y, X", 3),
      sizes("conversion.shard", "Shard: Z, Y, X; empty for none", 3, { optional: true }),
      other("conversion.factors", "Factors of the levels; empty: halve all axes", "levels"),
      number("conversion.ratio", "Compression, times smaller"),
    ],
  },
  {
    name: "Who works",
    fields: [
      number("workforce.workers", "Workers"),
      number("workforce.threads", "Threads of each"),
      number("workforce.memory", "Memory of each, GiB", 2 ** 30),
      number("workforce.line", "Network line of each, MB/s; empty for none", MEGA, {
        optional: true,
      }),
      number("workforce.decode", "A core decodes, MB/s", MEGA),
      number("workforce.shrink", "A core averages, MB/s", MEGA),
      number("workforce.encode", "A core encodes, MB/s", MEGA),
    ],
  },
  {
    name: "Where it lies",
    fields: [
      ...storage("source", "Original"),
      ...storage("target", "Result"),
      other("one_disk", "Both on the same disk or server", "flag"),
    ],
  },
  {
    name: "What it costs",
    fields: [
      other("prices", "Prices", "price_lists"),
      number("prices.month", "1 GB kept for a month"),
      number("prices.put", "1,000 requests that write"),
      number("prices.get", "1,000 requests that read"),
      number("prices.egress", "1 GB that leaves the network"),
      other("prices.gigabyte", "A GB has", "gigabytes"),
      other("prices.currency", "Currency", "text"),
      other("prices.source", "Prices read at", "text", THREE),
      other("prices.date", "Read on", "text"),
      other("source_in_bucket", "The original lies in a bucket, too", "flag"),
      other("outside", "The workers are outside the provider's network", "flag"),
      number("read_monthly", "People read later, GB a month", 1e9),
    ],
  },
];

/** @type {Field[]} */
export const FIELDS = GROUPS.flatMap((group) => group.fields);

const step = (value, name) => value?.[name];

/** A part of a project: partOf(project, "conversion.shape"). */
export const partOf = (project, key) => key.split(".").reduce(step, project);

/** The same project with another part; neither is changed afterwards. */
export function withPart(project, key, value) {
  const [name, ...rest] = key.split(".");
  const inner = rest.length ? withPart(project[name], rest.join("."), value) : value;
  return { ...project, [name]: inner };
}

const times = (numbers) => numbers.join(" × ");

// As it was typed; of what comes from a division, such as 1/13 ms, six digits.
function shownNumber(value) {
  const exact = String(Number(value.toPrecision(12)));
  return exact.length > 12 ? String(Number(value.toPrecision(6))) : exact;
}

/**
 * What a field shows of a project.
 * @param {Field} field
 * @param {any} project
 * @param {any} offered what Python sends along
 * @returns {string}
 */
export function textOf({ key, kind, unit = 1 }, project, offered) {
  const value = partOf(project, key);
  if (kind === "bytes") {
    const { shape, dtype } = project.conversion;
    const { itemSize } = offered.voxels[dtype];
    return formatBytes(
      shape.reduce((all, n) => all * n, itemSize),
      { decimal: true },
    );
  }
  if (kind === "storages" || kind === "price_lists") {
    return Object.keys(offered[kind]).find((name) => offered[kind][name].name === value.name) ?? "";
  }
  if (kind === "flag") return value ? "1" : "";
  if (value === null) return "";
  if (kind === "sizes") return times(value);
  if (kind === "levels") return value.map(times).join("; ");
  return kind === "number" ? shownNumber(value / unit) : String(value);
}

const BYTES = /^([\d,]*\.?\d+)\s*([kMGTP]?)(i?)B?$/i;

function parsedBytes(text, wrong) {
  const found = BYTES.exec(text.trim());
  if (!found) wrong("a number of bytes, such as 2 TB");
  const power = " kmgtp".indexOf(found[2].toLowerCase() || " ");
  return Math.round(Number(found[1].replaceAll(",", "")) * (found[3] ? 1024 : 1000) ** power);
}

const separated = (text) =>
  text
    .split(/[×x,\s]+/i)
    .filter(Boolean)
    .map(Number);

/**
 * The value that a text stands for; throws ChunkError if it is none.
 * @param {Field} field
 * @param {string} text
 */
export function parsedText({ key, label, kind, unit = 1, count, optional }, text) {
  const wrong = (wanted) => {
    throw new ChunkError(key, `${label}: “${text.slice(0, 30)}” was typed. Give ${wanted}.`);
  };
  if (kind === "bytes") return parsedBytes(text, wrong);
  if (kind === "flag") return text === "1";
  if (kind === "gigabytes") return Number(text);
  if ((optional || kind === "levels") && !text.trim()) return null;
  if (kind === "sizes") {
    const numbers = separated(text);
    if (numbers.length !== count || numbers.some(Number.isNaN)) wrong(`${count} whole numbers`);
    return numbers;
  }
  if (kind === "levels") {
    const levels = text.split(";").map(separated);
    if (levels.flat().some(Number.isNaN)) wrong("1 × 1 × 1; 1 × 2 × 2; and so on");
    return levels;
  }
  if (kind !== "number") return text;
  const typed = text.trim().replaceAll(",", "");
  if (!/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(typed)) wrong("a number");
  const value = Number(typed) * unit;
  return unit >= 2 ** 20 ? Math.round(value) : value;
}
