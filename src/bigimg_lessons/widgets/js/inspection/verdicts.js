// What is to mend in an image, as bigimg_lessons.inspection.verdicts says it in Python: rules that
// are data, handed over by its rules_as_json(), applied to facts.

import { formatNumber } from "../kit/text.js";
import { factsOf } from "./facts.js";
import { nameHere, shellQuoted } from "./quoting.js";
import { SPATIAL, UNKNOWN_AXIS } from "./report.js";

/**
 * One thing that is to be said of an image.
 * @typedef {object} Verdict
 * @property {string} name
 * @property {string} fact
 * @property {number} above
 * @property {"wrong" | "slow" | "mind"} weight
 * @property {string} text
 * @property {string} remedy
 * @property {string} command
 * @property {string} page
 * @property {string} section
 * @property {string} link path of the section in the book's site, from its root
 */

/**
 * The verdicts that hold, with their texts filled in. What is not known is not judged.
 * @param {import("./report.js").Report} report
 * @param {import("./costs_of.js").Costs} costs
 * @param {any} rules as Python's rules_as_json() has them
 * @returns {Verdict[]}
 */
export function verdictsOf(report, costs, rules) {
  const values = {
    ...factsOf(report, costs, rules),
    source: shellQuoted(nameHere(report.source)),
    target: shellQuoted(targetName(nameHere(report.source))),
    ...examples(report),
  };
  const isRead = isConverted(report);
  return rules.verdicts
    .filter(({ fact, above }) => typeof values[fact] === "number" && values[fact] > above)
    .map((rule) => ({
      ...rule,
      text: filledIn(rule.text, values),
      remedy: filledIn(rule.remedy, values),
      command: isRead ? filledIn(rule.command, values) : "",
    }));
}

// Whether `bigimg convert` reads the image: of a version that it knows, and no other beside.
const isConverted = ({ image, kind, unread_version }) =>
  unread_version === null && (!isOfSeveral(image) || ["BDV-HDF5", "HDF5", "Zarr"].includes(kind));

function isOfSeveral(image) {
  const counts = [...image.matchAll(/the (?:first|largest) of (\d+)/g)].map(([, count]) => count);
  return image !== "" && !(counts.length && counts.every((count) => count === "1"));
}

// What commands ask for: letters for all axes if some have no name, and lengths.
function examples({ axes }) {
  const letters = [...axes];
  const free = ["X", "Y", "Z", "C", "T"].filter((letter) => !axes.includes(letter));
  for (let axis = letters.length - 1; axis >= 0; axis -= 1) {
    if (letters[axis] === UNKNOWN_AXIS) letters[axis] = free.shift() ?? UNKNOWN_AXIS;
  }
  const spatial = letters.filter((letter) => SPATIAL.includes(letter));
  const [chunk, shard] = spatial.length === 3 ? ["64", "512"] : ["512", "4096"];
  return {
    axes: axes.includes(UNKNOWN_AXIS) ? ` --axes ${letters.join("")}` : "",
    size: spatial.join(","),
    chunk: spatial.map(() => chunk).join(","),
    shard: spatial.map(() => shard).join(","),
  };
}

// Texts as they are, numbers rounded, halves up.
const filledIn = (text, values) =>
  text.replace(/{(\w+)}/g, (_, name) => {
    const value = values[name];
    return typeof value === "string" ? value : formatNumber(Math.floor(value + 0.5));
  });

const ENDINGS = [
  ".zarr",
  ".ozx",
  ".tif",
  ".tiff",
  ".btf",
  ".h5",
  ".hdf5",
  ".mat",
  ".ims",
  ".n5",
  ".xml",
  ".ome",
];

/**
 * A name for an image that is written anew: "stack.ome.zarr" for "/data/stack.ome.tif".
 * @param {string} source path of the image
 */
export function targetName(source) {
  const steps = source.replaceAll("\\", "/").split("/");
  const name = steps.filter((step) => step && step !== ".").at(-1) ?? "image";
  const shorter = (stem, ending) => (stem.endsWith(ending) ? stem.slice(0, -ending.length) : stem);
  const stem = ENDINGS.reduce(shorter, name) || "image";
  return /\.(?:zarr|ozx)$/.test(name) ? `${stem}-new.ome.zarr` : `${stem}.ome.zarr`;
}
