// Image loaders of BigDataViewer, and what opens the pixels of those that are not read here, as
// bigimg_lessons.formats.bdv.loaders has them; that module names the sources of the names.

import { InspectionError } from "./errors.js";

/** For each loader that is read the element that names what holds the pixels. */
export const BDV_CONTAINERS = new Map([
  ["bdv.hdf5", "hdf5"],
  ["bdv.n5", "n5"],
]);

const WITH_TENSORSTORE =
  "open it in Fiji with BigDataViewer, or one of its datasets, such as setup0/timepoint0/s0, " +
  "with tensorstore's n5 driver";
const OME_ZARR = "open the .ome.zarr folder itself, with bioio-ome-zarr";
const IMARIS = "open the .ims file itself, with imaris-ims-file-reader or in Fiji";
const SERVER = "its pixels are on a server; open it in Fiji with BigDataViewer";
const BIGSTITCHER = "open the XML in Fiji with BigStitcher, which can resave it as HDF5";
const PLAYGROUND =
  "open the XML in Fiji with BigDataViewer-Playground, which wrote it and can export it as HDF5";
const OTHERS = "open it in Fiji with BigDataViewer, and export it as XML/HDF5 to read it here";
const REMEDIES = [
  ["bdv.n5", WITH_TENSORSTORE],
  ["bdv.remote", SERVER],
  ["bdv.ome.zarr", OME_ZARR],
  ["ome.zarr", OME_ZARR],
  ["bdv.multimg.zarr", OME_ZARR],
  ["ims", IMARIS],
  ["bdv.imaris", IMARIS],
  ["spimreconstruction.biop_bioformatsimageloader", PLAYGROUND],
  ["spimreconstruction.biop_qupathimageloader", PLAYGROUND],
  ["spimreconstruction.openersimageloader", PLAYGROUND],
  ["spimreconstruction", BIGSTITCHER],
  ["bigstitcher", BIGSTITCHER],
  ["split", BIGSTITCHER],
  ["catmaid", SERVER],
  ["openconnectome", SERVER],
];
const FILES =
  "open these with bioio (TIFF with bioio-tifffile, most others with bioio-bioformats), or ";
const SHOWN = 3; // maximum number of files that are named
const ENDINGS =
  "tiff?|czi|lif|lsm|nd2|oif|oib|vsi|stk|ims|klb|dcimg|png|jpe?g|h5|hdf5|n5|zarr|raw|qpproj";
const FILE = new RegExp(`[^"'<>|\\n\\r]*?[^"'<>|\\n\\r/]\\.(?:${ENDINGS})(?![A-Za-z0-9.])/?`, "gi");

/** The XML is BigDataViewer's, but its pixels are kept in another way than was expected. */
export class LoaderError extends InspectionError {}

/**
 * Say where another loader keeps its pixels, and what opens them: the rest of a sentence.
 *
 * @param {import("./bdv_node.js").BdvNode} loader the element <ImageLoader>
 * @param {string} name its format
 */
export function keptElsewhere(loader, name) {
  const texts = [];
  const walk = (element) => {
    texts.push(element.text);
    element.children.forEach(walk);
  };
  walk(loader.element);
  const found = texts.flatMap((text) => text.match(FILE) ?? []).map((file) => file.trim());
  const files = [...new Set(found)];
  const more = files.length > SHOWN ? ` and ${files.length - SHOWN} more` : "";
  const named = files.length ? `it names ${files.slice(0, SHOWN).join(", ")}${more}` : "";
  const known = REMEDIES.find(([each]) => name === each || name.startsWith(`${each}.`));
  let remedy = known?.[1] ?? OTHERS;
  if (files.length && [BIGSTITCHER, PLAYGROUND].includes(remedy)) remedy = FILES + remedy;
  const isHdf5 = name !== "bdv.hdf5" && !name.startsWith("split") && loader.find("hdf5");
  const hint = isHdf5
    ? 'if its <hdf5> is BigDataViewer\'s, write format="bdv.hdf5" into <ImageLoader>'
    : "";
  return [named, remedy, hint].filter(Boolean).join("; ");
}
