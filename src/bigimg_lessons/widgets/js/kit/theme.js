// The theme of the page around a widget: the book, JupyterLab, Notebook, VS Code or a plain page.
// Style sheets follow it by themselves (see colours.css); a canvas is drawn anew.

// The tokens of colours.css that are drawn with; tests/test_colours.py knows that all are there.
const DRAWN = [
  "page",
  "paper",
  "edge",
  "ink",
  "muted",
  "accent",
  "on-accent",
  "lit",
  "lit-edge",
  "bad",
  "tile",
  "tile-edge",
  "ground",
  "image-lit",
  "image-bad",
  "image-border",
  "image-on-border",
];
// Where the book, JupyterLab and VS Code write their theme: attributes of the root or of the body.
// The style too: JupyterLab hides its page while it changes the theme, VS Code has its colours there.
const MARKS = ["data-theme", "data-jp-theme-light", "data-vscode-theme-kind", "class", "style"];

const camelCase = (name) => name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());

/** Return the colours to draw with inside a node: { page, ink, tileEdge, imageLit, … }. */
export function tokens(node) {
  const style = getComputedStyle(node);
  const value = (name) => style.getPropertyValue(`--bigimg-${name}`).trim();
  return Object.fromEntries(DRAWN.map((name) => [camelCase(name), value(name)]));
}

/**
 * Call back when the colours inside a node have changed, and before and after it is printed.
 *
 * The callback is given { atOnce }: true where it must have drawn when it returns, because the page
 * is about to be printed. Returns a function that ends this.
 */
export function onThemeChange(node, callback) {
  // With whether the node is shown: JupyterLab hides its page for a moment, and nothing is drawn then.
  const now = () => JSON.stringify([tokens(node), node.clientWidth > 0]);
  let known = now();
  const check = () => {
    const before = known;
    known = now();
    if (known !== before) callback({ atOnce: false });
  };
  const observer = new MutationObserver(check);
  for (const marked of [document.documentElement, document.body]) {
    observer.observe(marked, { attributes: true, attributeFilter: MARKS });
  }
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const print = matchMedia("print");
  const drawAtOnce = () => {
    known = now();
    callback({ atOnce: true });
  };
  dark.addEventListener("change", check);
  print.addEventListener("change", drawAtOnce);
  return () => {
    observer.disconnect();
    dark.removeEventListener("change", check);
    print.removeEventListener("change", drawAtOnce);
  };
}

/** Whether the reader asked the system for less motion. */
export const prefersLessMotion = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
