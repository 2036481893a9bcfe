// Facts of an image that verdicts are made of, as bigimg_lessons.inspection.facts has them in Python:
// numbers and texts, null for what is not known.

import { formatBytes } from "../kit/text.js";
import { SCREEN_PIXELS } from "./costs_of.js";
import { general } from "./numbers.js";
import {
  SPATIAL,
  UNKNOWN_AXIS,
  axisNumber,
  chunkBytesOf,
  itemSizeOf,
  spatialAxes,
} from "./report.js";
import { isPixelUnit } from "./units.js";

const SMALL_CHUNK = 32 * 2 ** 10; // bytes: the lower end of what the cheat sheet advises, in shards
const MANY_CHUNKS = 10_000;

/**
 * Facts of an image.
 * @param {import("./report.js").Report} report
 * @param {import("./costs_of.js").Costs} costs
 * @param {{ browser: Record<string, string[]>, strides: string[] }} rules codecs that browsers
 *   decode, by kind of file, and ways to shrink an image in which voxels stay at their place
 * @returns {Record<string, number | string | null>}
 */
export function factsOf(report, costs, { browser, strides }) {
  const { shape } = report.levels[0];
  const unnamed = shape.filter((n, axis) => n > 1 && report.axes[axis] === UNKNOWN_AXIS);
  return {
    kind: report.kind,
    version: report.unread_version,
    unread: Number(report.unread_version !== null),
    contradicting: report.contradictions.length,
    contradictions: report.contradictions.join(" ") || null,
    averaged: report.sampled === null ? null : Number(report.sampled),
    sampled_level: 1,
    ...pyramidFacts(report),
    ...unscaledFacts(report),
    ...unshiftedFacts(report, strides),
    ...cuttingFacts(report, costs),
    ...filesFacts(report),
    ...lengthFacts(report),
    unnamed: unnamed.length,
    axes_said: report.axes.join(" "),
    ...windowFacts(report),
    ...codecFacts(report, browser),
  };
}

function pyramidFacts(report) {
  const [y, x] = [axisNumber(report, "Y"), axisNumber(report, "X")];
  const coarsest = report.levels.at(-1).shape;
  if (y === null || x === null || coarsest.length !== report.axes.length) return {};
  const voxels = Math.max(coarsest[y], coarsest[x]) / SCREEN_PIXELS;
  return { [report.levels.length === 1 ? "flat" : "coarsest"]: voxels };
}

// The first level whose voxel size does not follow from its shape.
function unscaledFacts(report) {
  const [full, ...coarser] = report.levels;
  for (const [index, level] of coarser.entries()) {
    for (const axis of axesOfBoth(report, full, level)) {
      const [told, real] = factorsAlong(full, level, axis);
      // Writers round the voxels of a level down or up, so one more or less is right.
      if (told !== null && Math.abs(level.shape[axis] - full.shape[axis] / told) > 1.01) {
        return {
          unscaled: 1,
          unscaled_level: index + 1,
          unscaled_axis: report.axes[axis],
          told_factor: general(told, 3),
          real_factor: general(real, 3),
        };
      }
    }
  }
  return { unscaled: 0 };
}

function axesOfBoth(report, full, level) {
  const count = report.axes.length;
  const isSame = full.shape.length === count && level.shape.length === count;
  return isSame ? spatialAxes(report) : [];
}

// How many voxels of level 0 one of a level is long, as is told and by the shapes.
function factorsAlong(full, level, axis) {
  const real = full.shape[axis] / level.shape[axis];
  const told = level.voxel_size?.[axis] / full.voxel_size?.[axis];
  return [told > 0 && Number.isFinite(told) ? told : null, real];
}

// Levels that begin where level 0 does; only OME-Zarr from 0.4 on can tell that.
function unshiftedFacts(report, strides) {
  const [full, ...coarser] = report.levels;
  const method = (report.method ?? "").toLowerCase();
  if (report.kind !== "OME-Zarr" || full.voxel_size === null || strides.includes(method)) return {};
  const begin = full.offset ?? full.shape.map(() => 0);
  const stays = (level) => {
    // A level of which no size is known is one whose position is not known either.
    if (level.voxel_size === null) return false;
    const here = level.offset ?? begin;
    const isSmaller = (axis) => level.shape[axis] < full.shape[axis];
    const axes = axesOfBoth(report, full, level).filter(isSmaller);
    return axes.length > 0 && axes.every((axis) => here[axis] === begin[axis]);
  };
  return { unshifted: coarser.filter(stays).length };
}

function cuttingFacts(report, costs) {
  const level = report.levels[0];
  const nbytes = chunkBytesOf(level);
  const chunk = level.chunk_shape;
  if (nbytes === null || chunk === null || itemSizeOf(level.dtype) === null) return {};
  const count = level.shape.reduce((all, n, axis) => all * Math.ceil(n / chunk[axis]), 1);
  const axes = spatialAxes(report);
  const covers = axes.length > 0 && axes.every((axis) => chunk[axis] >= level.shape[axis]);
  // One plane of a stack of planes is no volume.
  const isDeep = axes.filter((axis) => level.shape[axis] > 1).length > 2;
  const isWhole = covers && isDeep && ["chunks", "shards"].includes(level.layout);
  const areCrumbs = count > MANY_CHUNKS && level.layout === "chunks";
  const side = costs.views.find(({ view }) => view === "YZ");
  return {
    chunk_said: formatBytes(nbytes),
    chunks: count,
    whole: isWhole ? nbytes : 0,
    large: isWhole ? 0 : nbytes,
    small: areCrumbs ? SMALL_CHUNK / nbytes : 0,
    ...(side && {
      strips: level.layout === "strips" ? side.read : 0,
      side_said: formatBytes(side.read),
      side_wanted: formatBytes(side.wanted),
    }),
  };
}

function filesFacts({ files }) {
  const known = [files.number, files.expected].filter((n) => n !== null);
  return { files: known.length ? Math.max(...known) : null };
}

function lengthFacts(report) {
  // Of planes that nobody named it is not known whether they are slices, so whether they have a
  // thickness.
  const named = SPATIAL.filter((name) => report.axes.includes(name));
  const names = named.length ? named : SPATIAL;
  const there = names.filter((name) => axisNumber(report, name) !== null);
  const { voxel_size: size, shape } = report.levels[0];
  const sizeless = [];
  const unitless = [];
  for (const name of there) {
    const axis = axisNumber(report, name);
    // Along an axis of one voxel there is nothing to measure.
    if (shape[axis] === 1) continue;
    const unit = report.units[axis];
    if ((size?.[axis] ?? null) === null) sizeless.push(name);
    else if (unit === null || isPixelUnit(unit)) unitless.push(name);
  }
  return {
    sizeless: sizeless.length,
    sizeless_axes: listed(sizeless),
    unitless: unitless.length,
    unitless_axes: listed(unitless),
  };
}

const listed = (names) =>
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;

function windowFacts({ windows }) {
  const channel = windows.findIndex((window) => window && window[1] <= window[0]);
  if (channel < 0) return { dark: 0 };
  const [low, high] = windows[channel];
  return {
    dark: 1,
    dark_channel: channel,
    dark_low: general(low),
    dark_high: general(high),
  };
}

const HDF5_KINDS = ["BDV-HDF5", "Imaris"];
const TIFF_KINDS = ["OME-TIFF", "BigTIFF"];

function codecFacts({ kind, levels }, browser) {
  const { codec } = levels[0];
  let family = kind.split(" ")[0];
  if (HDF5_KINDS.includes(kind)) family = "HDF5";
  if (TIFF_KINDS.includes(kind)) family = "TIFF";
  if (codec === null || !(family in browser)) return {};
  const foreign = codec.filter((name) => !browser[family].includes(name.split(" ")[0]));
  return { foreign: Number(foreign.length > 0), foreign_codec: foreign.join(" and ") || null };
}
