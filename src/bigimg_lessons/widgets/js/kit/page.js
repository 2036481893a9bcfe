// What widgets ask of the page around them, and of the browser: the site, sizes, frames, keys.

const MAX_DENSITY = 2; // device pixels per CSS pixel: beyond, eyes see little more for twice the data

/** Whether this is a page of the book: there is no kernel, and the loader keeps all state there. */
export const isBookPage = () => document.getElementById("anywidget-data") !== null;

/** The relative address of the site's home folder, with a slash at its end; undefined in Jupyter. */
export const siteRoot = () => document.documentElement.dataset.content_root;

/** A URL below the home folder of the site, or of another one; null where there is no site. */
export function siteUrl(path, home = siteRoot()) {
  if (home === undefined) return null;
  return new URL(path, new URL(home.endsWith("/") ? home : `${home}/`, document.baseURI));
}

/** Call back when a node's size has changed, and once at the start; returns what ends this. */
export function onResize(node, callback) {
  const observer = new ResizeObserver(() => callback());
  observer.observe(node);
  return () => observer.disconnect();
}

/** Call back once, as soon as a node is about to be seen; returns what ends this. */
export function onceSeen(node, callback, { margin = "300px" } = {}) {
  const observer = new IntersectionObserver(
    (changes) => {
      if (!changes.some(({ isIntersecting }) => isIntersecting)) return;
      observer.disconnect();
      callback();
    },
    { rootMargin: margin },
  );
  observer.observe(node);
  return () => observer.disconnect();
}

/** Draw at most once for each frame: ask() for it as often as you like, stop() to ask no more. */
export function perFrame(draw) {
  let frame = 0;
  return {
    ask() {
      frame ||= requestAnimationFrame((now) => {
        frame = 0;
        draw(now);
      });
    },
    stop() {
      cancelAnimationFrame(frame);
      frame = 0;
    },
  };
}

/**
 * Give a canvas the pixels of its place on the screen, at most two per CSS pixel along an axis.
 *
 * Returns its { width, height } in CSS pixels and the { density }; null while it has no size. A
 * canvas whose size stays the same keeps what is drawn on it.
 */
export function fitCanvas(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas;
  if (!width || !height) return null;
  const density = Math.min(devicePixelRatio || 1, MAX_DENSITY);
  for (const [name, size] of Object.entries({ width, height })) {
    const pixels = Math.round(size * density);
    if (canvas[name] !== pixels) canvas[name] = pixels;
  }
  return { width, height, density };
}

/** Renew what a live region says only when that is new: each renewal is read aloud. */
export function say(region, text) {
  if (region.textContent !== text) region.textContent = text;
}

/**
 * Act on keys: { ArrowUp: () => …, "+": () => … }. Neither the browser nor a notebook around acts
 * on them as well. Keys with Ctrl, Alt or ⌘ are left alone.
 */
export function onKeys(node, actions, options) {
  const act = (event) => {
    const action = Object.hasOwn(actions, event.key) && actions[event.key];
    if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    action(event);
  };
  node.addEventListener("keydown", act, options);
}

/** Keep from a notebook around what moves sliders and choices: JupyterLab would cancel that. */
export function keepKeys(node) {
  node.addEventListener("keydown", (event) => {
    if (/^(Arrow|Page|Home|End|Enter)/.test(event.key)) event.stopPropagation();
  });
}
