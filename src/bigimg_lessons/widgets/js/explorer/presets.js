// Buttons with the formats to start from; the one that the setting equals is pressed.

import { make } from "../kit/dom.js";

/** @typedef {import("./setting.js").Preset} Preset */

/**
 * @param {Preset[]} presets
 * @param {(preset: Preset) => void} onChoose
 */
export function presetButtons(presets, onChoose) {
  const buttons = presets.map((preset) => {
    const button = make("button", { type: "button", class: "bx-button" }, preset.name);
    button.addEventListener("click", () => onChoose(preset));
    return button;
  });
  const group = { class: "bx-presets", role: "group", "aria-label": "Stored as" };
  return {
    node: make("div", group, ...buttons),
    /** @param {Preset | undefined} pressed */
    show(pressed) {
      buttons.forEach((button, index) => {
        button.setAttribute("aria-pressed", String(presets[index] === pressed));
      });
    },
  };
}
