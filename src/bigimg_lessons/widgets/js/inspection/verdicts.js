// What is to mend in an image, as bigimg_lessons.inspection.verdicts says it in Python: rules that
// are data, handed over by its rules_as_json(), applied to facts.

import { formatNumber } from "../kit/text.js";
import { factsOf } from "./facts.js";
import { nameHere, shellQuoted } from "./quoting.js";

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
  };
  return rules.verdicts
    .filter(({ fact, above }) => typeof values[fact] === "number" && values[fact] > above)
    .map((rule) => ({
      ...rule,
      text: filledIn(rule.text, values),
      remedy: filledIn(rule.remedy, values),
      command: filledIn(rule.command, values),
    }));
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
