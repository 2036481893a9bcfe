// Names of files in commands that are shown, as bigimg_lessons.inspection.quoting writes them where it
// is not run on Windows: a page does not know where its commands will be.

const PLAIN = /^[\w:./-]+$/;
const ALIVE = /["$`\\!]/; // between double quotes, to one shell or another

const ADDRESS = /^https?:\/\//i;

/**
 * What an image is called where commands are run, which change no server.
 * @param {string} source path or address of the image
 */
export function nameHere(source) {
  if (!ADDRESS.test(source)) return source;
  const [, ...steps] = source.replace(ADDRESS, "").split(/[?#]/)[0].replace(/\/+$/, "").split("/");
  return unquoted(steps.at(-1) ?? "") || "image";
}

/**
 * A sentence on commands for an image on a server; empty if it lies on none.
 * @param {string} source path or address of the image
 */
export function downloadNote(source) {
  if (!ADDRESS.test(source)) return "";
  return (
    "The commands are for a copy of the image on your computer: download it first, with all that " +
    "belongs to it."
  );
}

// As urllib.parse.unquote() has it: what is no UTF-8 is replaced, and a lone % stays.
function unquoted(text) {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
    const bytes = run.match(/[0-9a-f]{2}/gi).map((pair) => Number.parseInt(pair, 16));
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(bytes));
  });
}

/**
 * A name as one word of a command line. Between double quotes most mean the same to all shells.
 * @param {string} text
 */
export function shellQuoted(text) {
  const word = text.startsWith("-") ? `./${text}` : text;
  if (PLAIN.test(word)) return word;
  return ALIVE.test(word) ? `'${word.replaceAll("'", `'"'"'`)}'` : `"${word}"`;
}

/**
 * A sentence on shells to which that means something else; empty if there is none.
 * @param {string} text
 */
export function quotingNote(text) {
  if (!ALIVE.test(text)) return "";
  return (
    "The commands are written for the shells of Linux and macOS: cmd of Windows wants the name " +
    "between double quotes."
  );
}
