// The form for how the volume is stored: its size and type, chunks, and shards.

import { make } from "../kit/dom.js";
import { plural } from "../kit/text.js";
import { fieldGroup, fill, numberField, select } from "./fields.js";
import { AXES, shardsFor } from "./setting.js";

const triple = (key, thing) =>
  AXES.map((axis, index) => numberField(`${key}-${index}`, axis, `${thing} along ${axis}`));

const texts = ({ inputs }) => inputs.map((input) => input.value);

const fillAll = ({ inputs }, values) =>
  inputs.forEach((input, axis) => {
    fill(input, values[axis]);
  });

/**
 * @param {string} uid
 * @param {import("./setting.js").Known} known
 * @param {() => import("./setting.js").Setting} setting
 * @param {() => void} apply called when something was chosen that is not typed
 */
export function storageForm(uid, { itemSizes, readers }, setting, apply) {
  const dtype = select(
    "Voxel type",
    Object.entries(itemSizes).map(([name, size]) => [name, `${name}, ${plural(size, "byte")}`]),
  );
  const edges = select("At the edge, chunks are", [
    ["padded", "padded (Zarr, HDF5)"],
    ["cut", "cut (TIFF strips)"],
  ]);
  const reader = select(
    "Reader, where it wants a part of a shard",
    Object.entries(readers).map(([key, { name }]) => [key, name]),
    { "aria-describedby": `${uid}-reader` },
  );
  const note = make("p", { id: `${uid}-reader`, class: "bx-small" });
  const sharded = make("input", { type: "checkbox" });
  const shape = fieldGroup(
    uid,
    "shape",
    "Volume, in voxels",
    triple("shape", "Volume"),
    dtype.label,
  );
  const chunk = fieldGroup(uid, "chunk", "Chunk", triple("chunk", "Chunk"), edges.label);
  const shard = fieldGroup(uid, "shard", "Shard", triple("shard", "Shard"), reader.label);
  shard.row.before(make("label", { class: "bx-switch" }, sharded, "Pack into shards"));
  shard.node.append(note);

  for (const { node } of [dtype, edges, reader]) node.addEventListener("change", apply);
  sharded.addEventListener("change", () => {
    if (sharded.checked) {
      const now = setting();
      const four = now.chunk_shape.map((size) => size * 4);
      fillAll(shard, shardsFor(now.shape, now.chunk_shape, four));
    }
    apply();
  });
  return {
    node: make("div", { class: "bx-groups" }, shape.node, chunk.node, shard.node),
    /** The fields, by what a ChunkError calls them. */
    fields: { shape, chunkShape: chunk, edges: chunk, shardShape: shard },
    typed: () => ({
      shape: texts(shape),
      chunk: texts(chunk),
      shard: sharded.checked ? texts(shard) : null,
      dtype: dtype.node.value,
      edges: edges.node.value,
      reader: reader.node.value,
    }),
    show(now, aboutReaders) {
      fillAll(shape, now.shape);
      fillAll(chunk, now.chunk_shape);
      if (now.shard_shape) fillAll(shard, now.shard_shape);
      dtype.node.value = now.dtype;
      edges.node.value = now.edges;
      reader.node.value = now.reader;
      sharded.checked = edges.node.disabled = Boolean(now.shard_shape);
      shard.row.hidden = !now.shard_shape;
      note.textContent = aboutReaders;
    },
  };
}
