// A server that is a map from paths to answers, for modules that fetch: no network, no browser.

const BASE = "http://localhost:1/site/";

/**
 * Serve what `answers` has for a path: JSON values, bytes (a Uint8Array) or a status.
 *
 * @returns what was asked for, in order
 */
export function serve(answers) {
  const asked = [];
  globalThis.document = { baseURI: `${BASE}page.html` };
  globalThis.fetch = async (url) => {
    const path = String(url).replace(`${BASE}image/`, "");
    asked.push(path);
    const answer = Object.hasOwn(answers, path) ? answers[path] : 404;
    if (typeof answer === "number") return new Response(null, { status: answer });
    return new Response(answer instanceof Uint8Array ? answer : JSON.stringify(answer));
  };
  return asked;
}

export const FOLDER = new URL(`${BASE}image/`);

/** Metadata of a Zarr v3 array of uint8. */
export const array = (shape, chunk = [256, 256], entries = {}) => ({
  zarr_format: 3,
  node_type: "array",
  shape,
  data_type: "uint8",
  chunk_grid: { name: "regular", configuration: { chunk_shape: chunk } },
  chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
  codecs: [{ name: "bytes" }],
  fill_value: 7,
  ...entries,
});

/** Metadata of an OME-Zarr image. */
export const image = (datasets, attributes = {}) => ({
  attributes: { ome: { version: "0.5", multiscales: [{ datasets }] }, ...attributes },
});

/** A level with a scale. */
export const scaled = (scale, path = "0") => ({
  path,
  coordinateTransformations: [{ type: "scale", scale }],
});
