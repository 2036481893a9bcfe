// A large 2-D image to pan and zoom, drawn chunk by chunk from its resolution pyramid.

import { make } from "../kit/dom.js";
import { isBookPage, onceSeen } from "../kit/page.js";
import { FetchError } from "../kit/zarr/faults.js";
import { openImage } from "../kit/zarr/image.js";
import { openKernel } from "./kernel.js";
import { viewerPage, wideButton } from "./page.js";
import { Viewer } from "./viewer.js";

/** A still image in place of the viewer, with a text below. */
function stillImage(title, src, ...text) {
  return make(
    "figure",
    { class: "bz bz-still" },
    ...(src ? [make("img", { src, alt: title })] : []),
    make("figcaption", { role: "status" }, ...text),
  );
}

function render({ model, el }) {
  const [title, url, picture] = ["title", "url", "picture"].map((name) => model.get(name));
  const isLive = !isBookPage() && model.get("image").levels;
  const show = (...text) => el.replaceChildren(stillImage(title, picture, ...text));
  const small = picture && /** @type {HTMLImageElement} */ (make("img", { src: picture, alt: "" }));
  // As high as the viewer, so that the page does not jump.
  const wait = () =>
    el.replaceChildren(
      make("div", { class: "bz bz-waiting" }, make("div", { class: "bz-first" }, small || "")),
    );
  if (!isLive && !url)
    return show(`${title}. To zoom in, run this cell in Jupyter: its kernel has the pixels.`);

  /** @type {Viewer} */
  let viewer;
  const gone = new AbortController();
  async function begin() {
    wait();
    const opening = new AbortController();
    const stop = () => opening.abort();
    gone.signal.addEventListener("abort", stop);
    try {
      const source = isLive ? openKernel(model) : await openImage(url, opening.signal);
      const page = viewerPage(title, source);
      el.replaceChildren(page.root);
      viewer = new Viewer(source, page, small || null);
    } catch (error) {
      if (!gone.signal.aborted) explain(error);
    } finally {
      stop(); // where one file has failed, the others are of no use
      gone.signal.removeEventListener("abort", stop);
    }
  }
  function explain(error) {
    const why = error instanceof FetchError ? error.message : "this page cannot make sense of it";
    const again = wideButton("Try again");
    again.addEventListener("click", async () => {
      await begin();
      el.querySelector("canvas, button").focus({ preventScroll: true });
    });
    show(
      `${title} cannot be shown: ${why}. Check that ${url} is an OME-Zarr image ` +
        "that this page may read, then ",
      again,
    );
  }
  wait();
  const ignore = onceSeen(el, begin);
  return () => {
    gone.abort();
    ignore();
    viewer?.close();
  };
}

export default { render };
