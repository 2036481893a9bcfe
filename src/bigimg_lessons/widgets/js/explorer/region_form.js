// The form for what is read: a slice or a cube, and its position.

import { make } from "../kit/dom.js";
import { choice, errorLine, fieldGroup, fill, numberField } from "./fields.js";
import { AXES, FIXED_AXIS, lastPositions, turned } from "./setting.js";

// A slider along an axis, with a field for the exact position.
function positionRow(uid, axis) {
  const key = `position-${axis}`;
  const error = errorLine(uid, key);
  const slider = make("input", {
    type: "range",
    min: 0,
    step: 1,
    class: "bx-slider",
    "aria-label": `Position along ${AXES[axis]}`,
    "aria-describedby": error.id,
  });
  const exact = numberField(key, AXES[axis], `Exact position along ${AXES[axis]}`);
  const node = make("div", { class: "bx-place" }, exact.label, slider, error);
  return { key, node, slider, exact: exact.input, error };
}

/**
 * @param {string} uid
 * @param {() => import("./setting.js").Setting} setting
 * @param {(changes: Partial<import("./setting.js").Setting>) => void} choose
 */
export function regionForm(uid, setting, choose) {
  const kinds = ["XY", "XZ", "YZ", "cube"].map((value) =>
    choice(`${uid}-kind`, value, value === "cube" ? "Cube" : value, "bx-kind"),
  );
  const cube = fieldGroup(uid, "cube", "Size of the cube", [
    numberField("cube", "Edge", "Edge of the cube"),
  ]);
  const [edge] = cube.inputs;
  const rows = AXES.map((_, axis) => positionRow(uid, axis));
  for (const { input } of kinds) {
    input.addEventListener("change", () => choose(turned(setting(), input.value)));
  }
  rows.forEach(({ slider }, axis) => {
    slider.addEventListener("input", () => {
      const { position } = setting();
      choose({ position: position.map((at, i) => (i === axis ? Number(slider.value) : at)) });
    });
  });
  return {
    node: make(
      "fieldset",
      { class: "bx-group bx-read" },
      make("legend", {}, "Read"),
      make("div", { class: "bx-kinds" }, ...kinds.map(({ label }) => label)),
      cube.node,
      ...rows.map(({ node }) => node),
    ),
    /** The fields, by what a ChunkError calls them. */
    fields: {
      cube,
      ...Object.fromEntries(rows.map(({ key, exact, error }) => [key, { inputs: [exact], error }])),
    },
    typed: () => ({ edge: edge.value, position: rows.map(({ exact }) => exact.value) }),
    show(now) {
      const isCube = now.orientation === "cube";
      cube.node.hidden = !isCube;
      fill(edge, now.cube_edge);
      for (const { input } of kinds) input.checked = input.value === now.orientation;
      const last = lastPositions(now);
      rows.forEach(({ node, slider, exact }, axis) => {
        node.hidden = !isCube && axis !== FIXED_AXIS[now.orientation];
        slider.max = last[axis];
        slider.value = now.position[axis];
        fill(exact, now.position[axis]);
      });
    },
  };
}
