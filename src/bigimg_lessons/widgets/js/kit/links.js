// Links that hold a setting: copied to be shared, and found in the address of a page.

import { copyParts } from "./copying.js";
import { make } from "./dom.js";

/**
 * Copies the link of a setting; shows it to be copied by hand where that is not possible.
 * @param {() => string} hash what follows the # in the address
 * @param {string} prefix of the classes: that of the widget
 */
export function linkMaker(hash, prefix) {
  const address = () => {
    const url = new URL(location.href);
    url.hash = hash();
    return url.href;
  };
  const said = { button: "Copy link to this setting", field: "Link to this setting" };
  return make("div", { class: `${prefix}-foot` }, ...copyParts(address, said, prefix));
}

/**
 * The link under a key in the fragment of an address, such as #explorer=z256…&explorer-2=z9….
 * @param {string} hash
 * @param {string} key
 * @returns {string | undefined}
 */
export function linkIn(hash, key) {
  const parts = hash
    .slice(1)
    .split("&")
    .map((part) => part.split("="));
  return parts.filter(([name]) => name === key).at(-1)?.[1];
}
