// The chunks that a kernel sends.

import { TYPES } from "../kit/zarr/array.js";

const PATIENCE = 60e3; // milliseconds

/**
 * The image of a model, as a source.
 *
 * @param {any} model of anywidget
 * @returns {import("../kit/zarr/image.js").Source}
 */
export function openKernel(model) {
  const { levels, dtype, unit, pixel_size, window } = model.get("image");
  const view = Math.random().toString(36).slice(2); // all views hear all answers
  const waiting = new Map();
  const hear = (answer, buffers) => {
    const asked = answer.to === view && waiting.get(answer.key);
    if (!asked) return;
    waiting.delete(answer.key);
    if (answer.kind === "fault") return asked.reject(new Error(answer.message));
    const { buffer, byteOffset, byteLength } = buffers[0];
    const pixels = new TYPES[dtype](buffer.slice(byteOffset, byteOffset + byteLength));
    asked.resolve({ pixels, bytes: byteLength });
  };
  model.on("msg:custom", hear);
  return {
    levels: levels.map((level) => ({ ...level, origin: [0, 0] })),
    name: (...position) => position.join("/"),
    unit,
    pixelSize: pixel_size,
    window,
    caption: "",
    itemSize: TYPES[dtype].BYTES_PER_ELEMENT,
    isByte: dtype === "uint8",
    counted: "as the kernel sends them, uncompressed",
    isRemote: false,
    close: () => model.off("msg:custom", hear),
    load(level, row, column, signal) {
      const key = `${level}/${row}/${column}/${Math.random()}`;
      /** @type {ReturnType<typeof setTimeout>} */
      let timer;
      return new Promise((resolve, reject) => {
        const late = () => reject(new Error("the kernel has not answered for a minute"));
        timer = setTimeout(late, PATIENCE);
        signal.addEventListener("abort", () => reject(signal.reason));
        waiting.set(key, { resolve, reject });
        model.send({ kind: "chunk", from: view, key, level, row, column });
      }).finally(() => {
        clearTimeout(timer);
        waiting.delete(key);
      });
    },
  };
}
