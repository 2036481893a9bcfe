// The setting that the address of a page holds.

import { linkIn } from "../kit/links.js";
import { fromLink } from "./link.js";

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
