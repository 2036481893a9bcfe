// The picture of a chunked volume: drawn as the book's figures are, x to the right, y down, z away
// from the viewer. Points are fractions [z, y, x] of the volume; lengths on the screen are pixels.

const DEPTH = [0.56, -0.42]; // where a step along z goes, for a step of 1 along x
const THINNEST = 0.1; // an axis this much shorter than the longest is not drawn any shorter
const CLOSEST = 4; // pixels between two borders, or they are thinned out
const MOST_BOXES = 1024; // boxes of the exploded grid: more would take longer than one frame
const FACE_AXES = [[1, 2], [0, 2], [0, 1]]; // the two axes of a face, by the axis across it

// How the volume lies on a canvas of this size. `steps` are its axes on the screen, as vectors.
export function placeVolume(shape, width, height) {
  const longest = Math.max(...shape);
  const lengths = shape.map((n) => Math.max(n / longest, THINNEST));
  const [z, y, x] = lengths;
  const margin = { left: 24, right: 14, top: 10, bottom: 28 };
  const scale = Math.min(
    (width - margin.left - margin.right) / (x + DEPTH[0] * z),
    (height - margin.top - margin.bottom) / (y - DEPTH[1] * z),
  );
  const spareX = width - margin.left - margin.right - scale * (x + DEPTH[0] * z);
  const spareY = height - margin.top - margin.bottom - scale * (y - DEPTH[1] * z);
  return {
    steps: [[DEPTH[0] * z * scale, DEPTH[1] * z * scale], [0, y * scale], [x * scale, 0]],
    origin: [margin.left + spareX / 2, margin.top + spareY / 2 - DEPTH[1] * z * scale],
    toScale: shape.every((n) => n / longest >= THINNEST),
  };
}

// How far along each axis a way on the screen leads, in fractions of the volume.
export function fractionAlong({ steps }, axis, [dx, dy]) {
  const [sx, sy] = steps[axis];
  return (dx * sx + dy * sy) / (sx * sx + sy * sy);
}

// Draws boxes, each { low, high }: its two opposite corners. A viewer sees a box's faces near in z,
// top in y and right in x; `behind` are the other three.
function pencil(context, { steps: [z, y, x], origin }) {
  const at = (point) => [
    origin[0] + point[0] * z[0] + point[1] * y[0] + point[2] * x[0],
    origin[1] + point[0] * z[1] + point[1] * y[1] + point[2] * x[1],
  ];
  const faceAt = (axis, { low, high }, behind) => ((axis === 2) === behind ? low : high)[axis];

  function traceFace(axis, box, behind) {
    const [a, b] = FACE_AXES[axis];
    const point = [0, 0, 0];
    point[axis] = faceAt(axis, box, behind);
    point[a] = box.low[a];
    point[b] = box.low[b];
    context.moveTo(...at(point));
    point[a] = box.high[a];
    context.lineTo(...at(point));
    point[b] = box.high[b];
    context.lineTo(...at(point));
    point[a] = box.low[a];
    context.lineTo(...at(point));
    context.closePath();
  }
  // Boxes of one row from left to right: by this order of the axes a box hides what is left of it.
  function fill(boxes, style, alphas, behind = false) {
    context.fillStyle = style;
    for (const axis of [2, 1, 0]) {
      context.globalAlpha = alphas[axis];
      context.beginPath();
      for (const box of boxes) traceFace(axis, box, behind);
      context.fill();
    }
    context.globalAlpha = 1;
  }
  function trace(style, lineWidth, alpha, path) {
    context.strokeStyle = style;
    context.lineWidth = lineWidth;
    context.globalAlpha = alpha;
    context.beginPath();
    path();
    context.stroke();
    context.globalAlpha = 1;
  }
  const stroke = (boxes, style, lineWidth, behind = false) =>
    trace(style, lineWidth, 1, () => {
      for (const box of boxes) for (const axis of [0, 1, 2]) traceFace(axis, box, behind);
    });
  // Lines on the faces seen, at every one of `places[axis]` that is within the box.
  const borders = (places, box, style, lineWidth, alpha) =>
    trace(style, lineWidth, alpha, () => {
      FACE_AXES.forEach(([a, b], axis) => {
        for (const [along, across] of [[a, b], [b, a]]) {
          for (const place of places[along]) {
            if (place <= box.low[along] || place >= box.high[along]) continue;
            const point = [0, 0, 0];
            point[axis] = faceAt(axis, box, false);
            point[along] = place;
            point[across] = box.low[across];
            context.moveTo(...at(point));
            point[across] = box.high[across];
            context.lineTo(...at(point));
          }
        }
      });
    });
  return { at, fill, stroke, borders };
}

// Where borders lie along each axis, so thinned out that they can be told apart.
function visibleBorders(shape, size, steps) {
  return shape.map((n, axis) => {
    let every = size[axis];
    const pixels = Math.hypot(...steps[axis]);
    while (every < n && (every / n) * pixels < CLOSEST) every *= 2;
    const places = [];
    for (let place = every; place < n; place += every) places.push(place / n);
    return { places, every: every / size[axis] };
  });
}

function labelAxes(context, { at }, grid, { colours, font }) {
  context.fillStyle = colours.muted;
  context.font = font;
  const count = (n) => n.toLocaleString("en");
  const [z, y, x] = grid.shape.map(count);
  const [frontX, frontY] = at([0, 1, 0.45]);
  context.textAlign = "center";
  context.textBaseline = "top";
  context.fillText(`x ${x}`, frontX, frontY + 9);
  const [sideX, sideY] = at([0, 0.5, 0]);
  context.save();
  context.translate(sideX - 9, sideY);
  context.rotate(-Math.PI / 2);
  context.textBaseline = "bottom";
  context.fillText(`y ${y}`, 0, 0);
  context.restore();
  context.textAlign = "right";
  context.textBaseline = "top";
  context.fillText(`z ${z}`, at([1, 1, 1])[0] + 2, frontY + 9);
}

// A block of glass: the touched chunks shine through, and the region through these.
function drawGlass(pen, place, { grid, region, spans, colours }) {
  const part = (voxels, axis) => Math.min(1, voxels / grid.shape[axis]);
  const all = { low: [0, 0, 0], high: [1, 1, 1] };
  const lit = {
    low: spans.map(([first], axis) => part(first * grid.chunkShape[axis], axis)),
    high: spans.map(([, last], axis) => part((last + 1) * grid.chunkShape[axis], axis)),
  };
  const wanted = {
    low: region.map(([start], axis) => part(start, axis)),
    high: region.map(([, stop], axis) => part(stop, axis)),
  };
  const chunks = visibleBorders(grid.shape, grid.chunkShape, place.steps);
  const chunkPlaces = chunks.map(({ places }) => places);

  pen.fill([all], colours.tile, [0.35, 0.55, 0.45], true);
  pen.stroke([all], colours.tileEdge, 1, true);

  pen.fill([lit], colours.lit, [0.5, 0.5, 0.5], true);
  pen.fill([lit], colours.lit, [0.6, 0.4, 0.8]);
  pen.borders(chunkPlaces, lit, colours.litEdge, 1, 0.75);
  pen.stroke([lit], colours.litEdge, 1.5);

  pen.fill([all], colours.tile, [0.14, 0.05, 0.22]);
  pen.borders(chunkPlaces, all, colours.tileEdge, 1, 0.7);
  if (grid.shardShape) {
    const shards = visibleBorders(grid.shape, grid.shardShape, place.steps);
    pen.borders(shards.map(({ places }) => places), all, colours.ink, 1.75, 1);
  }
  pen.stroke([all], colours.ink, 1.75);

  pen.fill([wanted], colours.accent, [0.8, 0.7, 0.8]);
  pen.borders(chunkPlaces, wanted, colours.page, 1, 0.5);
  pen.stroke([wanted], colours.accent, 2);
  return chunks.map(({ every }) => every);
}

// For each axis the boxes of the exploded grid: voxels from, voxels to, and where they are drawn.
function boxesAlong(grid, axis, every) {
  const [n, chunk] = [grid.shape[axis], grid.chunkShape[axis]];
  const inside = grid.perShard?.[axis] ?? Infinity;
  const count = Math.ceil(grid.gridShape[axis] / every);
  const gap = count > 1 ? 0.3 : 0;
  const cell = (index) => Math.floor((index * every) / inside);
  const wide = every >= inside ? 0 : 0.8; // between shards, in chunks
  const size = (index) => Math.min(n, (index + 1) * every * chunk) - index * every * chunk;
  const full = Math.min(n, every * chunk);
  const total = n + cell(count - 1) * wide * full - gap * full;
  return Array.from({ length: count }, (_, index) => {
    const from = index * every * chunk;
    const low = (from + cell(index) * wide * full) / total;
    const long = Math.max(0.25 * full, size(index) - gap * full);
    return { from, to: from + size(index), low, high: low + long / total };
  });
}

function drawExploded(pen, place, { grid, region, spans, colours }) {
  const every = grid.gridShape.map((count, axis) => {
    const pixels = Math.hypot(...place.steps[axis]);
    let step = 1;
    while (step < count && (pixels / count) * step < 2 * CLOSEST) step *= 2;
    return step;
  });
  const boxCount = (axis) => Math.ceil(grid.gridShape[axis] / every[axis]);
  while (boxCount(0) * boxCount(1) * boxCount(2) > MOST_BOXES) {
    const counts = [0, 1, 2].map(boxCount);
    every[counts.indexOf(Math.max(...counts))] *= 2;
  }
  const many = every.some((step) => step > 1);
  const axes = grid.shape.map((_, axis) => boxesAlong(grid, axis, every[axis]));

  // Where a part of the volume is drawn in each box along one axis.
  const inBoxes = (axis, start, stop) =>
    axes[axis].map(({ from, to, low, high }) => {
      const drawn = (voxel) =>
        low + ((Math.min(Math.max(voxel, from), to) - from) / (to - from)) * (high - low);
      return { low: drawn(start), high: drawn(stop) };
    });
  const read = spans.map(([first, last], axis) =>
    inBoxes(axis, first * grid.chunkShape[axis], (last + 1) * grid.chunkShape[axis]),
  );
  const wanted = region.map(([start, stop], axis) => inBoxes(axis, start, stop));
  const isLit = (axis, index) =>
    (index + 1) * every[axis] > spans[axis][0] && index * every[axis] <= spans[axis][1];
  const columns = axes[2].map((_, x) => x);
  const lit = columns.filter((x) => isLit(2, x));

  // Row by row from far to near, so that what is near covers what is behind it.
  for (let z = axes[0].length - 1; z >= 0; z--) {
    for (let y = axes[1].length - 1; y >= 0; y--) {
      const boxes = (along, which) =>
        which.map((x) => ({
          low: [along[0][z].low, along[1][y].low, along[2][x].low],
          high: [along[0][z].high, along[1][y].high, along[2][x].high],
        }));
      const store = (which) =>
        pen.fill(boxes(axes, which), colours.tileEdge, [0.22, 0.14, 0.36]);
      if (!isLit(0, z) || !isLit(1, y)) {
        store(columns);
        continue;
      }
      store(columns.filter((x) => x < lit[0]));
      // A box that stands for many chunks is lit only as far as these are read.
      if (many) store(lit);
      pen.fill(boxes(read, lit), colours.lit, [0.85, 0.65, 1]);
      pen.stroke(boxes(read, lit), colours.litEdge, 0.75);
      pen.fill(boxes(wanted, lit), colours.accent, [0.8, 0.7, 0.8]);
      pen.stroke(boxes(wanted, lit), colours.accent, 1);
      store(columns.filter((x) => x > lit.at(-1)));
    }
  }
  return every;
}

// Draw all; the answer is what the reader must be told about the picture, or "".
export function drawVolume(context, scene) {
  const { width, height, grid, exploded } = scene;
  const place = placeVolume(grid.shape, width, height);
  const pen = pencil(context, place);
  context.clearRect(0, 0, width, height);
  context.lineJoin = "round";
  const every = (exploded ? drawExploded : drawGlass)(pen, place, scene);
  labelAxes(context, pen, grid, scene);

  const thinned = every.flatMap((step, axis) => {
    const number = step.toLocaleString("en");
    return step > 1 ? [`${exploded ? "" : "one in "}${number} along ${"zyx"[axis]}`] : [];
  });
  const notes = [];
  if (thinned.length) {
    notes.push(
      exploded
        ? `Too many chunks for a box each: one box stands for ${thinned.join(", ")}.`
        : `Too many chunks to see each border: drawn is ${thinned.join(", ")}.`,
    );
  }
  if (grid.edges === "padded" && grid.chunkShape.some((n, axis) => n > grid.shape[axis])) {
    notes.push("Chunks are longer than the volume, and are stored in full size all the same.");
  }
  if (!place.toScale) notes.push("Thin axes are drawn thicker than they are.");
  return notes.join(" ");
}
