// BigDataViewer's XML from before 2014, rewritten in today's form, as
// bigimg_lessons.formats.bdv.legacy does it; that module names the source of the rules.

/** Name of the first element; today's is "SpimData". */
export const LEGACY_ROOT = "SequenceDescription";

const FORMATS = new Map([
  ["viewer.hdf5.Hdf5ImageLoader", "bdv.hdf5"],
  ["bdv.img.hdf5.Hdf5ImageLoader", "bdv.hdf5"],
  ["bdv.img.remote.RemoteImageLoader", "bdv.remote"],
]);
const MAX_IDS = 100_000;

/** @typedef {import("./xml.js").XmlElement} XmlElement */

/** @returns {XmlElement} */
const made = (name, children = [], text = "", attributes = {}) => ({
  name,
  attributes: Object.assign(Object.create(null), attributes),
  children,
  text,
});
const all = (element, name) => element.children.filter((each) => each.name === name);
const textOf = (element, name) => all(element, name)[0]?.text ?? null;

/**
 * Rewrite a tree; what is missing or makes no sense is left to the reader of the new tree.
 *
 * @param {XmlElement} root the old tree, whose elements may be used in the new one
 * @returns {XmlElement} the new one
 */
export function modernisedXml(root) {
  const loaders = all(root, "ImageLoader").map(modernLoader);
  const setups = made("ViewSetups", all(root, "ViewSetup").map(modernSetup));
  const times = all(root, "Timepoints").map(countedFromZero);
  const sequence = made("SequenceDescription", [...loaders, setups, ...times]);
  const registrations = all(root, "ViewRegistrations").map((old) => ({
    ...old,
    children: old.children.map((view) =>
      view.name === "ViewRegistration" ? modernRegistration(view) : view,
    ),
  }));
  return made("SpimData", [...all(root, "BasePath"), sequence, ...registrations]);
}

function modernLoader(old) {
  const name = old.attributes.class ?? "";
  const children = old.children.map((each) =>
    each.name === "partition" ? modernPartition(each) : each,
  );
  const attributes = Object.assign(Object.create(null), old.attributes);
  attributes.format = FORMATS.get(name) ?? name;
  return { ...old, children, attributes };
}

function modernRegistration(view) {
  const attributes = Object.assign(Object.create(null), view.attributes);
  for (const name of ["timepoint", "setup"]) attributes[name] = textOf(view, name) ?? "";
  const step = made("ViewTransform", all(view, "affine"), "", { type: "affine" });
  return { ...view, attributes, children: [...view.children, step] };
}

function modernSetup(old) {
  const children = all(old, "id");
  const size = row(old, ["width", "height", "depth"]);
  if (size !== null) children.push(made("size", [], size));
  const voxel = row(old, ["pixelWidth", "pixelHeight", "pixelDepth"]);
  if (voxel !== null) children.push(made("voxelSize", [made("size", [], voxel)]));
  const attributes = ["channel", "angle", "illumination"].flatMap((kind) => all(old, kind));
  return made("ViewSetup", [...children, made("attributes", attributes)]);
}

/** Texts of several elements in one; null if none of them is there. */
function row(old, tags) {
  const found = tags.map((tag) => textOf(old, tag));
  return found.every((text) => text === null) ? null : found.map((text) => text || "?").join(" ");
}

/** Time points with the ids that BigDataViewer gives them: from 0, wherever the range begins. */
function countedFromZero(times) {
  const [first, last] = ["first", "last"].map((tag) => wholeOf(times, tag));
  if (times.attributes.type !== "range" || first === null || last === null) return times;
  const children = [made("first", [], "0"), made("last", [], String(last - first))];
  return { ...times, children };
}

/** A partition with its ids written out, which were given as first id, count and offset. */
function modernPartition(old) {
  const children = [...old.children];
  for (const axis of ["timepoint", "setup"]) {
    const told = ["Offset", "Start", "Length"].map((what) => wholeOf(old, axis + what));
    const [offset, start, length] = told;
    // Without them the new tree lacks the ids, and says so.
    if (told.includes(null) || length > MAX_IDS) continue;
    const inside = Array.from({ length }, (_, n) => start + n);
    children.push(made(`${axis}s`, [], inside.map((number) => number + offset).join(" ")));
    children.push(made(`${axis}sMapped`, [], inside.join(" ")));
  }
  return { ...old, children };
}

function wholeOf(parent, tag) {
  const text = (textOf(parent, tag) ?? "").trim();
  return /^[0-9]{1,10}$/.test(text) ? Number(text) : null;
}
