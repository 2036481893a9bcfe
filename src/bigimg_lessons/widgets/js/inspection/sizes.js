// Voxel sizes that a file states and that cannot be: they become unknown, and a note says so, as in
// bigimg_lessons.inspection.sizes.

const isSize = (number) => Number.isFinite(number) && number > 0;

/**
 * Take sizes that are no finite numbers above 0, and positions that are none, for unknown.
 *
 * @param {import("./report.js").Report} report
 */
export function withPossibleSizes(report) {
  const levels = report.levels.map(possibleLevel);
  const lost = levels.map((level, number) => {
    const before = report.levels[number].voxel_size ?? [];
    return report.axes.filter((_, axis) => before[axis] != null && !level.voxel_size?.[axis]);
  });
  const number = lost.findIndex((axes) => axes.length);
  const notes = [...report.notes];
  if (number >= 0) {
    notes.push(
      `Level ${number} states a voxel size along ${lost[number].join(", ")} that is no number ` +
        "above 0, so it is not known.",
    );
  }
  return { ...report, levels, notes };
}

function possibleLevel(level) {
  const kept = level.voxel_size?.map((size) => (isSize(size) ? size : null));
  const isLost = level.voxel_size?.some((size) => size !== null && !isSize(size));
  const isPlaced = level.offset?.every((each) => each === null || Number.isFinite(each));
  return {
    ...level,
    voxel_size: isLost && !kept.some((size) => size !== null) ? null : (kept ?? null),
    offset: isPlaced ? level.offset : null,
  };
}
