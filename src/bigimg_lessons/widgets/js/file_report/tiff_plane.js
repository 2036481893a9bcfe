// A plane of a TIFF file, put together from its strips or tiles: those that are not compressed, and
// those that browsers unpack by themselves.

import { axisNumber } from "../inspection/report.js";
import { dtypeOf } from "../inspection/tiff.js";
import { TiffTags } from "../inspection/tiff_tags.js";
import { TYPES } from "../kit/zarr/array.js";
import { check } from "../kit/zarr/faults.js";
import { unpack } from "../kit/zarr/fetching.js";
import { checkPlaneBytes, numbersIn, placePart } from "./plane.js";

const FARTHEST = 256; // directories that are gone through for the plane in the middle
/** How strips are compressed, by their number in the file. @type {Record<number, any>} */
const FORMATS = { 1: null, 8: "deflate", 32946: "deflate" };

// The directory of the plane in the middle, or the nearest, of a level of that size.
async function directoryOf(tiff, wanted, size) {
  const [height, width] = size;
  let found = null;
  let number = 0;
  for await (const directory of tiff.directories()) {
    const coarser = (await tiff.numbers(directory, 330)).filter((place) => place > 0);
    for (const place of [null, ...coarser]) {
      const one = place === null ? directory : await tiff.directory(place);
      const isIt =
        (await tiff.number(one, 257)) === height && (await tiff.number(one, 256)) === width;
      if (!isIt) continue;
      found = { directory: one, number };
      break;
    }
    number += 1;
    if (number > Math.min(wanted, FARTHEST)) break;
  }
  check(found, "the plane is not found again in the file");
  return found;
}

/** What of its tags decides how a plane is stored. */
async function storedPlane(tiff, directory, size, dtype) {
  const [height, width] = size;
  const get = (code, otherwise) => tiff.number(directory, code, otherwise);
  const isTiled = (await get(322, 0)) > 0;
  const rows = isTiled ? await get(323, 1) : Math.min((await get(278, 0)) || height, height);
  const columns = isTiled ? await get(322, 1) : width;
  const isPlanar = (await get(284, 1)) === 2;
  const compression = await get(259, 1);
  const predictor = await get(317, 1);
  check(compression in FORMATS, "the page does not unpack how it is compressed");
  const isDifference = predictor === 2 && !dtype.startsWith("float");
  check(predictor === 1 || isDifference, "the page does not undo how it was prepared");
  check((await get(266, 1)) === 1, "the bits of its bytes are in reverse order");
  check((await dtypeOf(tiff, directory)) === dtype, "the plane in the middle is of another type");
  return {
    isTiled,
    rows,
    columns,
    samples: isPlanar ? 1 : await get(277, 1),
    format: FORMATS[compression],
    isDifference,
    places: await tiff.numbers(directory, isTiled ? 324 : 273),
    sizes: await tiff.numbers(directory, isTiled ? 325 : 279),
  };
}

// Each number was stored as its difference to the one before it in the row.
function sumRows(numbers, long, samples) {
  for (let at = 0; at < numbers.length; at++) {
    if (at % long >= samples) numbers[at] += numbers[at - samples];
  }
}

/**
 * Read the plane in the middle of a level; of several colours the first.
 * @param {import("../inspection/sources.js").ByteSource} source
 * @param {import("../inspection/report.js").Report} report
 * @param {number} number of the level
 * @returns {Promise<import("./plane.js").PlaceablePlane>}
 */
export async function tiffPlane(source, report, number) {
  const { axes, levels } = report;
  const { shape, dtype } = levels[number];
  const size = ["Y", "X"].map((name) => shape[axisNumber(report, name)]);
  const Numbers = TYPES[dtype];
  check(Numbers && dtype !== "bool", `its pixels are of type ${dtype}`);
  const tiff = await TiffTags.of(source, report.source);
  const isBefore = (axis) => axis < axisNumber(report, "Y") && axes[axis] !== "S";
  const planes = shape.reduce((all, n, axis) => (isBefore(axis) ? all * n : all), 1);
  const found = await directoryOf(tiff, planes >> 1, size);
  const stored = await storedPlane(tiff, found.directory, size, dtype);
  const { rows, columns, samples } = stored;
  const across = Math.ceil(size[1] / columns);
  const count = across * Math.ceil(size[0] / rows);
  checkPlaneBytes(count * rows * columns * samples * Numbers.BYTES_PER_ELEMENT);
  const plane = { pixels: new Numbers(size[0] * size[1]), shape: size };
  for (let index = 0; index < count; index++) {
    const corner = [Math.floor(index / across) * rows, (index % across) * columns];
    // The last strip ends with the image; a tile is always whole.
    const high = stored.isTiled ? rows : Math.min(rows, size[0] - corner[0]);
    const length = high * columns * samples * Numbers.BYTES_PER_ELEMENT;
    const [place, bytes] = [stored.places[index], stored.sizes[index]];
    check(place > 0 && bytes > 0, "a strip or tile of it is not stored");
    const packed = await source.read(place, place + Math.min(bytes, 2 * length + 1024));
    const own = stored.format ? packed : packed.subarray(0, length);
    const name = `${report.source}, plane ${found.number}`;
    const numbers = numbersIn(
      await unpack(own, { format: stored.format, length }, name),
      Numbers,
      tiff.little,
    );
    if (stored.isDifference) sumRows(numbers, columns * samples, samples);
    const grey = samples === 1 ? numbers : numbers.filter((_, at) => at % samples === 0);
    placePart(plane, grey, [high, columns], corner);
  }
  const colour = samples > 1 ? ", its first colour" : "";
  return { ...plane, where: `level ${number}, plane ${found.number} of the file${colour}` };
}
