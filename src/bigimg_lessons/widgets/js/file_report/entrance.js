// Where a file comes in: dropped, chosen, by its address, or one of the examples.

import { make, submitOnEnter, uniqueId } from "../kit/dom.js";
import { chosenFiles, chosenFolder, dropped, exampleGiven } from "./given.js";

/**
 * What is done with what was given.
 * @typedef {object} Acts
 * @property {(given: import("./given.js").Given | null) => void} inspect
 * @property {(address: string) => void} inspectAddress
 */

// The field lies over its whole button, so that it is what takes clicks, keys and drops.
function fileField(text, attributes, onFiles) {
  const input = /** @type {HTMLInputElement} */ (make("input", { type: "file", ...attributes }));
  input.addEventListener("change", () => {
    const files = [...input.files];
    input.value = ""; // so that the same file can be chosen again, when it has changed
    onFiles(files);
  });
  return make("label", { class: "br-button br-file" }, make("span", {}, text), input);
}

function addressForm(inspectAddress) {
  const id = uniqueId("br");
  const field = /** @type {HTMLInputElement} */ (
    make("input", {
      id,
      type: "url",
      class: "br-link",
      placeholder: "https://…/image.ome.zarr",
      autocomplete: "off",
      spellcheck: "false",
    })
  );
  const label = make("label", { for: id }, "or give the address of one on a server");
  const send = make("button", { type: "submit", class: "br-button" }, "Inspect");
  const form = /** @type {HTMLFormElement} */ (
    make("form", { class: "br-address", novalidate: "" }, label, field, send)
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    inspectAddress(field.value.trim());
  });
  submitOnEnter(form);
  return form;
}

function exampleButtons(examples, inspect) {
  const buttons = examples.map((example) => {
    const button = make("button", { type: "button", class: "br-button" }, example.title);
    button.addEventListener("click", () => inspect(exampleGiven(example)));
    return button;
  });
  const label = { role: "group", "aria-label": "Examples", class: "br-examples" };
  return make("div", label, make("span", {}, "No file at hand? Try "), ...buttons);
}

// The page would be left if the browser opened what is dropped beside the zone.
function letDrop(zone, inspect) {
  const isFile = ({ dataTransfer }) => dataTransfer?.types.includes("Files");
  const over = (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    zone.toggleAttribute("data-over", true);
  };
  zone.addEventListener("dragover", over);
  zone.addEventListener("dragleave", () => zone.removeAttribute("data-over"));
  zone.addEventListener("drop", (event) => {
    zone.removeAttribute("data-over");
    if (!isFile(event)) return;
    event.preventDefault();
    inspect(dropped(event.dataTransfer));
  });
}

/**
 * @param {HTMLElement} zone onto which files may be dropped
 * @param {any[]} examples
 * @param {Acts} acts
 */
export function entranceNodes(zone, examples, { inspect, inspectAddress }) {
  letDrop(zone, inspect);
  const files = fileField("Choose a file", { multiple: "" }, (all) => inspect(chosenFiles(all)));
  const folder = fileField("Choose a Zarr folder", { webkitdirectory: "" }, (all) =>
    inspect(chosenFolder(all)),
  );
  const drop = make(
    "div",
    { class: "br-drop" },
    make("p", {}, "Drop a file or a Zarr folder here, or"),
    make("div", { class: "br-choices" }, files, folder),
  );
  return [drop, addressForm(inspectAddress), exampleButtons(examples, inspect)];
}
