// The experiment: fetch one region of an image from its site at each chunk shape, count, time,
// unpack, show that the regions are equal, and lay the cost model over what was measured.

import { make, uniqueId } from "../kit/dom.js";
import { siteUrl } from "../kit/page.js";
import { caveats, obstacle } from "./advice.js";
import { Experiment } from "./experiment.js";
import { shapeText } from "./texts.js";

function render({ model, el }) {
  const image = model.get("image");
  const folder = siteUrl(`${image.folder}/`, model.get("url") || undefined);
  const uid = uniqueId("fx");
  const root = make(
    "section",
    { class: "fx", "aria-labelledby": `${uid}-title` },
    make("p", { id: `${uid}-title`, class: "fx-title" }, "Measure it on your own connection"),
    make(
      "p",
      {},
      `This site carries one image ${image.copies.length} times, each copy cut into other chunks. ` +
        "Your browser fetches the same region from each copy, and times itself. ",
      make("span", { class: "fx-synthetic" }, "Synthetic data"),
      ` Computed tissue, ${shapeText(image.shape)} voxels.`,
    ),
  );
  el.append(root);
  const reason = obstacle(folder);
  if (reason) {
    root.append(make("p", { class: "fx-note" }, ...reason));
    return undefined;
  }
  const experiment = new Experiment(image, folder, uid);
  const { choices, button, cost, progress, status, failure, results } = experiment.page;
  root.append(
    choices,
    make("div", { class: "fx-start" }, button, cost),
    progress,
    status,
    failure,
    results,
    caveats(),
  );
  return () => experiment.close();
}

export default { render };
