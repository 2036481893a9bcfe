// All that the explorer shows, laid out.

import { make, uniqueId } from "../kit/dom.js";
import { linkMaker } from "../kit/links.js";
import { announcer } from "./announcer.js";
import { timeChart } from "./chart.js";
import { complaints } from "./complaints.js";
import { describe, describeReaders } from "./description.js";
import { explanation } from "./explanation.js";
import { figure } from "./figure.js";
import { toLink } from "./link.js";
import { presetButtons } from "./presets.js";
import { regionForm } from "./region_form.js";
import { presetOf, presetSetting } from "./setting.js";
import { storageForm } from "./storage_form.js";
import { numberTiles } from "./tiles.js";

/**
 * Make the nodes; show() brings them in line with a setting and what that costs.
 * @param {object} given
 * @param {import("./setting.js").Known} given.known
 * @param {import("./setting.js").Preset[]} given.presets
 * @param {import("./exploring.js").State} given.state
 * @param {(() => string) | null} given.linkKey under which the page's address has the setting
 * @param {() => import("./setting.js").Setting} given.setting
 * @param {(changes: Partial<import("./setting.js").Setting>) => void} given.choose
 * @param {(source?: string) => void} given.apply called when the fields have changed
 */
export function layOut({ known, presets, state, linkKey, setting, choose, apply }) {
  const uid = uniqueId("bx");
  const { storages, readers } = known;
  const section = make("section", { class: "bx", "aria-labelledby": `${uid}-title` });
  const caption = make("p", { id: `${uid}-caption`, class: "bx-caption" });
  const starts = presetButtons(presets, (preset) => {
    state.preferred = preset.name;
    choose(presetSetting(preset, setting().shape));
  });
  const seen = figure(section, caption.id, state, setting, choose);
  const region = regionForm(uid, setting, choose);
  const stored = storageForm(uid, known, setting, () => apply());
  const tiles = numberTiles();
  const chart = timeChart(uid, storages, (storage) => choose({ storage }));
  const wrong = complaints(section, { ...stored.fields, ...region.fields });
  const voice = announcer(state);
  section.append(
    make("p", { id: `${uid}-title`, class: "bx-title" }, "Chunk explorer"),
    starts.node,
    make(
      "div",
      { class: "bx-columns" },
      make("div", { class: "bx-see" }, ...seen.nodes, region.node),
      make("div", { class: "bx-count" }, wrong.node, caption, tiles.node),
    ),
    chart.node,
    stored.node,
    ...(linkKey ? [linkMaker(() => `${linkKey()}=${toLink(setting())}`, "bx")] : []),
    explanation(storages, presets),
    voice.node,
  );

  /**
   * @param {import("./setting.js").Setting} now
   * @param {import("./setting.js").Found} found
   */
  function show(now, found) {
    const { storage, reader } = now;
    const preset = presetOf(presets, now, state.preferred);
    const oneFile = preset ? preset.one_file : found.grid.edges === "cut";
    const merges = readers[reader].max_gap !== null;
    const sentence = describe(now, found);
    wrong.withdraw();
    section.dataset.kind = now.orientation;
    caption.textContent = sentence;
    starts.show(preset);
    region.show(now);
    stored.show(now, describeReaders(now, found, readers));
    tiles.show(found, { oneFile, merges }, found.times[storage], storages[storage].name);
    chart.show(found.times, storage);
    seen.show(now);
    voice.show(sentence);
  }
  const typed = () => ({ ...stored.typed(), ...region.typed() });
  return { section, typed, show, complain: wrong.complain, leave: seen.leave };
}
