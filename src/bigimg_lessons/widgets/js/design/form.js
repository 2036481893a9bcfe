// The form in which a design is entered.

import { make, submitOnEnter } from "../kit/dom.js";

/** A field with its label. */
export const labelled = (text, field) => make("label", {}, make("span", {}, text), field);

/** A choice of entries, each with a name, by their keys. */
export const selectOf = (entries) =>
  make(
    "select",
    {},
    ...Object.entries(entries).map(([value, { name }]) => make("option", { value }, name)),
  );

const number = () => make("input", { type: "number", min: 1, placeholder: "none" });

/**
 * @param {Record<string, { name: string }>} formats
 * @param {(design: import("../costs/design.js").Design) => void} onSubmit
 */
export function designForm(formats, onSubmit) {
  const format = selectOf(formats);
  const [chunk, shard] = [0, 0].map(() => [0, 1, 2].map(number));
  const levels = number();
  const triple = (name, fields) =>
    ["Z or T", "Y", "X"].map((axis, at) => labelled(`${name} along ${axis}`, fields[at]));
  const node = make(
    "form",
    { novalidate: "" },
    labelled("Format", format),
    ...triple("Chunk", chunk),
    ...triple("Shard", shard),
    labelled("Levels, with level 0", levels),
    make("button", {}, "Appraise my design"),
  );
  const sizes = (fields) => fields.map(({ value }) => Number(value));
  node.addEventListener("submit", (event) => {
    event.preventDefault();
    onSubmit({
      format: format.value,
      chunk_shape: sizes(chunk),
      shard_shape: sizes(shard).some(Boolean) ? sizes(shard) : null,
      levels: Number(levels.value),
    });
  });
  submitOnEnter(node);
  return {
    node,
    /** @param {import("../costs/design.js").Design} design */
    show(design) {
      format.value = design.format;
      levels.value = String(design.levels);
      chunk.forEach((field, axis) => {
        field.value = String(design.chunk_shape[axis]);
      });
      shard.forEach((field, axis) => {
        field.value = String(design.shard_shape?.[axis] ?? "");
      });
    },
  };
}
