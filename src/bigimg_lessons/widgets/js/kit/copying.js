// A button that copies a text; shows it to be copied by hand where that is not possible.

import { make } from "./dom.js";

/**
 * @param {() => string} text
 * @param {object} said
 * @param {string} said.button what the button says
 * @param {string} said.field what the field is called from which it can be copied by hand
 * @param {string} prefix of the classes: that of the widget
 */
export function copyParts(text, { button: label, field: name }, prefix) {
  const button = make("button", { type: "button", class: `${prefix}-button` }, label);
  const attributes = { type: "text", readonly: "", class: `${prefix}-link`, "aria-label": name };
  const field = make("input", attributes);
  const said = make("span", { class: `${prefix}-small`, role: "status" });
  field.hidden = true;
  button.addEventListener("click", async () => {
    const copied = text();
    try {
      await navigator.clipboard.writeText(copied);
      field.hidden = true;
      said.textContent = "Copied.";
    } catch {
      field.hidden = false;
      field.value = copied;
      field.select();
      said.textContent = "Copy it from the field: this browser does not let the page do so.";
    }
  });
  return [button, field, said];
}
