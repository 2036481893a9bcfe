// Draws boxes of a volume on a canvas, each { low, high }: its two opposite corners. A viewer sees a
// box's faces near in z, top in y and right in x; `behind` are the other three.

const FACE_AXES = [
  [1, 2],
  [0, 2],
  [0, 1],
]; // the two axes of a face, by the axis across it

/** @typedef {{ low: number[], high: number[] }} Box */

const faceAt = (axis, { low, high }, behind) => ((axis === 2) === behind ? low : high)[axis];

/** Draws on a canvas on which the volume lies as a placement says. */
export class Pencil {
  /**
   * @param {CanvasRenderingContext2D} context
   * @param {import("./placement.js").Placement} placement
   */
  constructor(context, placement) {
    this.context = context;
    this.placement = placement;
  }

  /**
   * Where a point is on the screen.
   * @param {number[]} point
   * @returns {[x: number, y: number]}
   */
  at(point) {
    const {
      steps: [z, y, x],
      origin,
    } = this.placement;
    return [
      origin[0] + point[0] * z[0] + point[1] * y[0] + point[2] * x[0],
      origin[1] + point[0] * z[1] + point[1] * y[1] + point[2] * x[1],
    ];
  }

  traceFace(axis, box, behind) {
    const { context } = this;
    const [a, b] = FACE_AXES[axis];
    const point = [0, 0, 0];
    point[axis] = faceAt(axis, box, behind);
    point[a] = box.low[a];
    point[b] = box.low[b];
    context.moveTo(...this.at(point));
    point[a] = box.high[a];
    context.lineTo(...this.at(point));
    point[b] = box.high[b];
    context.lineTo(...this.at(point));
    point[a] = box.low[a];
    context.lineTo(...this.at(point));
    context.closePath();
  }

  trace(style, lineWidth, alpha, path) {
    const { context } = this;
    context.strokeStyle = style;
    context.lineWidth = lineWidth;
    context.globalAlpha = alpha;
    context.beginPath();
    path();
    context.stroke();
    context.globalAlpha = 1;
  }

  /**
   * Fill boxes of one row from left to right: by this order of the axes a box hides what is left of
   * it. `alphas` are those of the faces across z, y and x.
   * @param {Box[]} boxes
   * @param {string} style
   * @param {number[]} alphas
   */
  fill(boxes, style, alphas, behind = false) {
    const { context } = this;
    context.fillStyle = style;
    for (const axis of [2, 1, 0]) {
      context.globalAlpha = alphas[axis];
      context.beginPath();
      for (const box of boxes) this.traceFace(axis, box, behind);
      context.fill();
    }
    context.globalAlpha = 1;
  }

  /**
   * Draw the edges of boxes.
   * @param {Box[]} boxes
   * @param {string} style
   * @param {number} lineWidth
   */
  stroke(boxes, style, lineWidth, behind = false) {
    this.trace(style, lineWidth, 1, () => {
      for (const box of boxes) for (const axis of [0, 1, 2]) this.traceFace(axis, box, behind);
    });
  }

  /**
   * Draw lines on the faces that are seen, at each of `positions[axis]` that is within the box.
   * @param {number[][]} positions
   * @param {Box} box
   * @param {string} style
   * @param {number} lineWidth
   * @param {number} alpha
   */
  borders(positions, box, style, lineWidth, alpha) {
    const line = (axis, along, across, position) => {
      const point = [0, 0, 0];
      point[axis] = faceAt(axis, box, false);
      point[along] = position;
      point[across] = box.low[across];
      this.context.moveTo(...this.at(point));
      point[across] = box.high[across];
      this.context.lineTo(...this.at(point));
    };
    this.trace(style, lineWidth, alpha, () => {
      FACE_AXES.forEach(([a, b], axis) => {
        for (const [along, across] of [
          [a, b],
          [b, a],
        ]) {
          for (const position of positions[along]) {
            if (position <= box.low[along] || position >= box.high[along]) continue;
            line(axis, along, across, position);
          }
        }
      });
    });
  }
}
