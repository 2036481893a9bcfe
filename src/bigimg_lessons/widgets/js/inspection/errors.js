// The one error of an inspection, as bigimg_lessons.inspection.errors has it.

/** The file cannot be described, for the reason that the message states in a sentence or a few. */
export class InspectionError extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = "InspectionError";
  }
}

/** An array is in order, and has no axes or no elements, so that it is no image. */
export class NoImageError extends InspectionError {}

/** More would have to be read than an inspection may read; what was read before is right. */
export class LimitError extends InspectionError {}
