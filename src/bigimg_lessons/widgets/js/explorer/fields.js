// Fields of the explorer's forms, each with its label.

import { make } from "../kit/dom.js";

/** A text field for a whole number; `hint` names it where its label alone would not do. */
export function numberField(key, label, hint) {
  const input = make("input", {
    type: "text",
    inputmode: "numeric",
    class: "bx-number",
    autocomplete: "off",
    "aria-label": hint,
    "data-field": key,
  });
  return { input, label: make("label", { class: "bx-field" }, make("span", {}, label), input) };
}

/** The line that says what is wrong with a field. */
export const errorLine = (uid, key) =>
  make("p", { id: `${uid}-${key}-error`, class: "bx-error", "aria-live": "polite" });

/** Fields of one kind, with the line for what is wrong with them. */
export function fieldGroup(uid, key, legend, fields, ...more) {
  const error = errorLine(uid, key);
  const row = make("div", { class: "bx-fields" }, ...fields.map(({ label }) => label), ...more);
  const node = make("fieldset", { class: "bx-group" }, make("legend", {}, legend), row, error);
  return { node, row, error, inputs: fields.map(({ input }) => input) };
}

/** One of several to choose from. */
export function choice(name, value, label, kind) {
  const input = make("input", { type: "radio", name, value });
  return { input, label: make("label", { class: kind }, input, make("span", {}, label)) };
}

/** A choice that is folded until it is opened. */
export function select(label, options, attributes = {}) {
  const node = make(
    "select",
    attributes,
    ...options.map(([value, text]) => make("option", { value }, text)),
  );
  const field = { class: "bx-field bx-wide" };
  return { node, label: make("label", field, make("span", {}, label), node) };
}

/** Put a value into a field, unless it is there: the cursor stays where it is. */
export function fill(input, value) {
  if (input.value !== String(value)) input.value = value;
}
