// Words that people type.

// Spellings are folded to one of the two that English has. What comes out may be no word: it is
// only compared with others folded in the same way.
const SPELLINGS = [
  [/([a-z]{3})our/, "$1or"], // colour
  [/(cent|fib|lit|met)re/, "$1er"], // centre
  [/is(e[ds]?|er|ing|ations?)$/, "iz$1"], // organise
  [/ys(e[ds]?|er|ing)$/, "yz$1"], // analyse
  [/ogue/, "og"], // catalogue
  [/ell(ed|ing|er)$/, "el$1"], // labelled
  [/grey/, "gray"],
  [/^3d$/, "threedimensional"],
  [/^2d$/, "twodimensional"],
];

function foldedWords(text) {
  const plain = text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const words =
    plain
      .replace(/%/g, " percent ")
      .replace(/×/g, "x")
      .replace(/\b([23])-d\b/g, "$1d")
      .match(/[\p{L}\p{N}]+/gu) ?? [];
  if (words.length > 1 && /^(an?|the)$/.test(words[0])) words.shift();
  return words.map((word) =>
    SPELLINGS.reduce((folded, [from, to]) => folded.replace(from, to), word),
  );
}

/** What counts in a text, for comparing: "The  Resolution-Pyramid" -> "resolutionpyramid". */
export const fold = (text) => foldedWords(text).join("");

function pluralOf(word) {
  if (/(s|x|z|ch|sh)$/.test(word)) return `${word}es`;
  return /[^aeiou]y$/.test(word) ? `${word.slice(0, -1)}ies` : `${word}s`;
}

/** Whether two folded texts are the same word, one of them perhaps in the plural. */
export const same = (given, listed) =>
  given === listed || given === pluralOf(listed) || pluralOf(given) === listed;

// One letter more, less or other, or two neighbours swapped: where it is in both, or -1.
function slip(a, b) {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  const [x, y] = [a.slice(at), b.slice(at)];
  const [xs, ys] = [x.slice(1), y.slice(1)];
  const swapped = x[0] === y[1] && x[1] === y[0] && x.slice(2) === y.slice(2);
  return swapped || xs === y || x === ys || xs === ys ? at : -1;
}

const BY_EAR = /sz|zs|ck|kc/;

/**
 * Whether a text is the listed one but for one slip. In a word under five letters a slip makes
 * another word: the Z axis is no X axis, a tile no file. In one of four only a letter may be too
 * many, lazzy, or one that sounds alike, lasy.
 */
export function misspelt(given, listed) {
  const words = foldedWords(listed);
  const last = words.pop() ?? "";
  const typed = fold(given);
  return [last, pluralOf(last)].some((end) => {
    const text = [...words, end].join("");
    let at = slip(typed, text);
    if (at < 0) return false;
    const least = typed.length > text.length || BY_EAR.test(typed[at] + text[at]) ? 4 : 5;
    for (const word of words) {
      if (at < word.length) return word.length >= least;
      at -= word.length;
    }
    return end.length >= least;
  });
}

const FILLERS =
  /^(an?|the(y|ir)?|its?|is|are|this|called|so(me)?|i|think|guess|maybe|probably|just|simply|as|by|with|in(to)?|of|to|be|his|your|single|each|about|really|only|[dls]|d(u|ie|as|e[mnrs]?)|l[ae]s?|une?|eine?[mnrs]?)?$/;
const NEAR = 6;

/**
 * A text without words that say nothing of their own: fillers, and those of the sentence that stand
 * next to the gap. The text as it is comes first, then the longer ones.
 */
export function readings(text, before, after) {
  const split = (part) =>
    part
      .replace(/`/g, "")
      .replace(/(\p{L})[-'’](?=\p{L})/gu, "$1 ")
      .trim()
      .split(/\s+/);
  const words = split(text);
  const plain = words.map(fold);
  const ahead = split(before).slice(-NEAR).map(fold);
  const behind = split(after).slice(0, NEAR).map(fold);
  const idle = (word, near) => FILLERS.test(word) || (near.includes(word) && !/^not?$/.test(word));
  let [first, last] = [0, words.length];
  const found = [text];
  while (first < last - 1 && idle(plain[first], ahead)) first++;
  while (last > first + 1 && idle(plain[last - 1], behind)) last--;
  for (let from = 0; from <= first; from++)
    for (let to = words.length; to >= last; to--) found.push(words.slice(from, to).join(" "));
  return found;
}
