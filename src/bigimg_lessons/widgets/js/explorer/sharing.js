// The link to a setting: copied to be shared, and followed when the page's address has one.

import { make } from "../kit/dom.js";
import { fromLink, linkIn, toLink } from "./link.js";

/**
 * Copies the link of a setting; shows it to be copied by hand where that is not possible.
 * @param {() => string} key under which the address has the setting
 * @param {() => import("./setting.js").Setting} setting
 */
export function linkMaker(key, setting) {
  const button = make(
    "button",
    { type: "button", class: "bx-button" },
    "Copy link to this setting",
  );
  const field = make("input", {
    type: "text",
    readonly: "",
    class: "bx-link",
    "aria-label": "Link to this setting",
  });
  const said = make("span", { class: "bx-small", role: "status" });
  field.hidden = true;
  button.addEventListener("click", async () => {
    const url = new URL(location.href);
    url.hash = `${key()}=${toLink(setting())}`;
    try {
      await navigator.clipboard.writeText(url.href);
      field.hidden = true;
      said.textContent = "Copied.";
    } catch {
      field.hidden = false;
      field.value = url.href;
      field.select();
      said.textContent = "Copy it from the field: this browser does not let the page do so.";
    }
  });
  return make("div", { class: "bx-foot" }, button, field, said);
}

/**
 * The setting that the page's address holds under a key, or null.
 * @param {string} key
 * @param {import("./setting.js").Setting} before
 * @param {import("./setting.js").Known} known
 */
export function linkedSetting(key, before, known) {
  const link = linkIn(location.hash, key);
  return link === undefined ? null : fromLink(link, before, known);
}
