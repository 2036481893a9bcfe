// The chunk explorer: several may stand on one page.

import { isBookPage } from "../kit/page.js";
import { exploring } from "./exploring.js";

// Explorers of one page, in their order: each has a key of its own in the address.
const numbered = new Map();

function initialize({ model }) {
  numbered.set(model, numbered.size + 1);
  return () => numbered.delete(model);
}

function render({ model, el }) {
  const linkKey = () => {
    const number = numbered.get(model) ?? 1;
    return number === 1 ? "explorer" : `explorer-${number}`;
  };
  // Only a page of the book has an address to share, not a notebook in Jupyter.
  return exploring({ model, el, linkKey: isBookPage() ? linkKey : null });
}

export default { initialize, render };
