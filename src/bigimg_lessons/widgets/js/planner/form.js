// The form of the planner: a field for each part of a project, in groups that fold.

import { make, uniqueId } from "../kit/dom.js";
import { plural } from "../kit/text.js";
import { FIELDS, GROUPS, textOf } from "./fields.js";

const OPEN = 3; // groups that are open at first
const KINDS = { strips: "planes, or strips of rows", tiles: "tiles of a plane", chunks: "chunks" };

/** For each kind of choice, its values and what they are called. */
function optionsOf(kind, offered) {
  const named = (entries) => Object.entries(entries).map(([key, { name }]) => [key, name]);
  const options = {
    dtypes: () => Object.keys(offered.voxels).map((name) => [name, name]),
    source_kinds: () => offered.source_kinds.map((name) => [name, KINDS[name]]),
    gigabytes: () => offered.gigabytes.map((size) => [String(size), plural(size, "byte")]),
    storages: () => [...named(offered.storages), ["", "as typed"]],
    price_lists: () => [...named(offered.price_lists), ["", "as typed"]],
  };
  return options[kind]?.();
}

function inputFor({ key, kind }, offered) {
  const common = { "data-field": key };
  if (kind === "flag") return make("input", { ...common, type: "checkbox" });
  const options = optionsOf(kind, offered);
  if (options) {
    const nodes = options.map(([value, text]) => make("option", { value }, text));
    return make("select", common, ...nodes);
  }
  const mode = kind === "number" ? "decimal" : "text";
  return make("input", { ...common, type: "text", inputmode: mode, autocomplete: "off" });
}

const isFlag = (input) => input.type === "checkbox";

// What an error calls a field; the source's and the target's numbers are called by their keys.
const ALIASES = { chunkShape: "conversion.chunk", shardShape: "conversion.shard" };
const keyOf = (name) =>
  ALIASES[name] ?? FIELDS.find(({ key }) => key === name || key.endsWith(`.${name}`))?.key;

/**
 * @param {any} offered what Python sends along
 */
export function plannerForm(offered) {
  const inputs = new Map();
  const groups = GROUPS.map(({ name, fields }, index) => {
    const labels = fields.map((field) => {
      const input = inputFor(field, offered);
      inputs.set(field.key, input);
      const kind = isFlag(input) ? "bp-flag" : `bp-field bp-columns-${field.columns ?? 1}`;
      const text = make("span", {}, field.label);
      return make("label", { class: kind }, ...(isFlag(input) ? [input, text] : [text, input]));
    });
    const group = make("details", {}, make("summary", {}, name));
    group.append(make("div", { class: "bp-fields", role: "group", "aria-label": name }, ...labels));
    group.toggleAttribute("open", index < OPEN);
    return group;
  });
  const wrong = make("p", { id: uniqueId("bp"), role: "alert", class: "bp-wrong" });
  const withdraw = () => {
    wrong.textContent = "";
    for (const input of inputs.values()) {
      input.removeAttribute("aria-invalid");
      input.removeAttribute("aria-describedby");
    }
  };
  return {
    node: make("form", { novalidate: "" }, ...groups, wrong),
    texts() {
      const entries = [...inputs].map(([key, input]) => [
        key,
        isFlag(input) ? (input.checked ? "1" : "") : input.value,
      ]);
      return Object.fromEntries(entries);
    },
    show(project) {
      withdraw();
      for (const field of FIELDS) {
        const input = inputs.get(field.key);
        const text = textOf(field, project, offered);
        if (isFlag(input)) input.checked = text === "1";
        else if (input.value !== text) input.value = text;
      }
    },
    /** @param {import("../costs/grid.js").ChunkError} problem */
    complain(problem) {
      withdraw();
      wrong.textContent = problem.message;
      const input = inputs.get(keyOf(problem.field));
      input?.setAttribute("aria-invalid", "true");
      input?.setAttribute("aria-describedby", wrong.id);
      input?.closest("details").toggleAttribute("open", true);
    },
  };
}
