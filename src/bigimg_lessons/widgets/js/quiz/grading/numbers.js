// Numbers with units that people type, and how they were worked out.

import { unitNamed } from "./units.js";

const SMALL =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(
    " ",
  );
const TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split(" ");
const SCALES = { dozen: 12, hundred: 100, thousand: 1e3, million: 1e6, billion: 1e9 };
const NUMBER_WORD = [...SMALL, ...TENS, ...Object.keys(SCALES)].join("|");
const NUMBER_WORDS = new RegExp(
  `\\b(${NUMBER_WORD})(?:[\\s-]+(?:and\\s+)?(?:${NUMBER_WORD}))*\\b`,
  "gi",
);

/** The name of a small number: "three". */
export const wordFor = (count) => SMALL[count] ?? count;

// "two hundred and fifty-six" -> 256
function spelledOut(words) {
  let [sum, group] = [0, 0];
  for (const word of words.toLowerCase().match(/[a-z]+/g)) {
    const scale = SCALES[word];
    if (scale > 100) [sum, group] = [sum + (group || 1) * scale, 0];
    else if (scale) group = (group || 1) * scale;
    else if (SMALL.includes(word)) group += SMALL.indexOf(word);
    else if (TENS.includes(word)) group += 10 * (TENS.indexOf(word) + 2);
  }
  return sum + group;
}

const GERMAN = [
  [/\bmillionen\b|\bmio\.?(?=\s*(byte|octet))/gi, "million"],
  [/\b(mrd\.?|milliarden?|milliards?)(?!\p{L})/giu, "billion"],
  [/\b(tausend|mille)\b/gi, "thousand"],
  [/\bhundert\b/gi, "hundred"],
  [/\b(zwei|deux)\b/gi, "two"],
  [/\b(drei|trois)\b/gi, "three"],
  [/\b(sieben|sept)\b/gi, "seven"],
  [/\b(une? |eine? )?(demie?|halbe[rs]?)\b-?/gi, "0.5 "],
  [/\bfourty/gi, "forty"],
];

// One way to write what has many: signs, powers, and words for numbers.
function plain(text) {
  const signs = text
    .replace(/[⁻⁰¹²³⁴-⁹]+/g, "^$&")
    .normalize("NFKC")
    .replace(/[−–]/g, "-")
    .replace(/[·⋅∙]/g, "*")
    .replace(/[÷⁄]/g, "/")
    .replace(/\*\*/g, "^");
  return GERMAN.reduce((folded, [from, to]) => folded.replace(from, to), signs)
    .replace(/^\s*\+|\bor so\b/g, "")
    .replace(/(\d)k\b/gi, "$1 * 1000")
    .replace(/(\d+) (\d)\/(\d+)/, "$1 + $2/$3")
    .replace(/^(\d+):(\d\d) ?(h|min)\b/, "($1 + $2/60) $3")
    .replace(/[- ]?fold\b/gi, " times")
    .replace(/\btwice\b|\bdouble\b/gi, "2 times")
    .replace(/([\d)])\s*(dozen|hundred|thousand|million|billion)s?\b/gi, (_, end, word) => {
      return `${end} * ${SCALES[word.toLowerCase()]}`;
    })
    .replace(NUMBER_WORDS, spelledOut)
    .replace(/(\d) and a half/gi, "$1.5")
    .replace(/\bhalf( an?)?\b/gi, "0.5")
    .replace(/\b(an?|one|1) quarter\b/gi, "0.25")
    .replace(/([^\s×]\s*)×\s*(?=[\d(])/g, "$1* ")
    .replace(/([\d)]\s*)x\s*(?=[\d(])/gi, "$1* ")
    .replace(/(\d\s*)(times|by|mal|fois)(?=\s*[\d(])/gi, "$1*")
    .replace(/([\p{L}\d%)]\s*)[([][^)\]]*[)\]]/gu, "$1"); // a remark, where no factor can stand
}

// What may stand before a number, and adds nothing to it.
const BEFORE =
  /^(\s|[=~≈:]|(about|approx\w*|ca|circa|roughly|around|exactly|nearly|almost|just|only|some|it|its|it's|is|are|has|touches|goes|through|amplification|read|write|faktor|level|niveau|i|think|guess|so|thus|the|an?|by|of|in|total|factor|ratio|answer|result|all|we|you|get|needs?|takes?|makes?|would|be|will|must|every|etwa|rund|environ|times?)(?![\p{L}\d])[.:]?)*/iu;

const DIGITS =
  /^\s*(?:([1-9]\d{0,2})([ ,'’._])(\d{3}(?:\2\d{3})*)(?!\d)(?:(?!\2)([.,]\d+))?|(\d*[.,]?\d+))(e[-+]?\d+)?(?!\d|[.,]\d)/i;

/** As many characters as an input takes. */
export const LONGEST = 500;

const WORD = /^\s*-?\s*((?:per|pour) cent|[\p{L}%×][\p{L}'’.]*)/u;

/** Reads a sum of products of numbers with units, from left to right. */
class Reader {
  constructor(text, other) {
    this.rest = text;
    this.other = other; // whether "1.500" and "1,500" are read the other way
    this.unsure = false;
  }

  take(pattern) {
    const found = pattern.exec(this.rest);
    if (found) this.rest = this.rest.slice(found[0].length);
    return found;
  }

  // The digits of one number; a point groups only when it does so twice, or a comma follows.
  number() {
    const found = this.take(DIGITS);
    if (!found) return null;
    const [, head, separator, groups = "", decimals = "", simple, power = ""] = found;
    let digits = simple ?? `${head}${groups.replaceAll(separator, "")}${decimals}`;
    if (/[.,]/.test(separator) && groups.length === 3 && !decimals) {
      this.unsure = true;
      if ((separator === ".") !== this.other) digits = `${head}.${groups}`;
    }
    return Number(digits.replace(",", ".") + power);
  }

  unit() {
    const [whole, word] = WORD.exec(this.rest) ?? [];
    const found = word && unitNamed(word.replace(/\.$/, ""));
    if (found) this.rest = this.rest.slice(whole.length);
    return found;
  }

  // A number, or a sum in brackets, with its power and its unit: "2^20 B", "(4 + 3) × 2", "40 MB/s".
  factor() {
    const inside = this.take(/^\s*\(/) && this.sum();
    if (inside === null ? false : !this.take(/^\s*\)/)) return null;
    const base = inside?.value ?? this.number();
    if (base === null) return null;
    const power = this.take(/^\s*\^\s*(-?\d+)/)?.[1] ?? 1;
    let amount = { value: base ** Number(power), units: { ...inside?.units }, size: 1 };
    for (let unit = this.unit(), sign = 1; unit; sign = -1) {
      amount = times(amount, { value: unit[1], units: { [unit[0]]: 1 } }, sign);
      amount.size = unit[1];
      const before = this.rest;
      unit = this.take(/^\s*(\/|per\b)/) && this.unit();
      if (!unit) this.rest = before;
    }
    return amount;
  }

  // Words between two numbers only name what is counted: "40 planes × 2000 columns".
  operator(pattern) {
    const before = this.rest;
    this.take(/^(\s*(?!(?:of|and|plus|or)\b)\p{L}[\p{L}-]*)*/u);
    const found = this.take(pattern);
    if (!found) this.rest = before;
    return found?.[1];
  }

  product() {
    let amount = this.factor();
    for (
      let sign = amount && this.operator(/^\s*([*/:]|of\b)/);
      sign;
      sign = amount && this.operator(/^\s*([*/:]|of\b)(?=\s*[\d.(])/)
    ) {
      const next = this.factor();
      amount = next && (/[/:]/.test(sign) ? over(amount, next) : times(amount, next, 1));
    }
    return amount;
  }

  sum() {
    let amount = this.product();
    while (amount) {
      const sign = this.operator(/^\s*([+-]|plus\b|and\b)(?=\s*[\d.(])/);
      // One after the other without a sign, as in "1 min 30 s".
      if (!sign && !(Object.keys(amount.units).length && /^\s*\d/.test(this.rest))) break;
      amount = plus(amount, this.product(), sign === "-" ? -1 : 1);
    }
    return amount;
  }
}

function times(a, b, sign) {
  const units = { ...a.units };
  for (const [name, power] of Object.entries(b.units)) {
    units[name] = (units[name] ?? 0) + sign * power;
    if (!units[name]) delete units[name];
  }
  return { value: a.value * b.value ** sign, units, size: b.size ?? a.size };
}

// In "100/4 ms" the unit is that of the quotient.
function over(a, b) {
  if (Object.keys(a.units).length || !Object.keys(b.units).length) return times(a, b, -1);
  return { ...b, value: (a.value / b.value) * b.size ** 2 };
}

// A term without a unit has that of the other one.
function plus(a, b, sign) {
  if (!b) return null;
  const [first, second] = [a, b].map(({ units }) => Object.keys(units).join());
  if (first && second && first !== second) return null;
  const [left, right] = [first || !second ? 1 : b.size, second || !first ? 1 : a.size];
  return {
    value: a.value * left + sign * b.value * right,
    units: first ? a.units : b.units,
    size: b.size,
  };
}

function read(text, other) {
  const lead = BEFORE.exec(text)[0];
  const factor = /^\s*[x×*]\s*(?=[\d.])/i;
  const body = text.slice(lead.length);
  const reader = new Reader(body.replace(factor, ""), other);
  const amount = reader.sum();
  if (!amount || !(amount.value >= 0 && amount.value < Infinity)) return null;
  const rest = reader.rest.trim().replace(/^[-,.]\s*|\.$/g, "");
  if (!/^[-\s\p{L}%×.,'’]*$/u.test(rest)) return null;
  const units = Object.entries(amount.units);
  const isFactor = factor.test(body) || /\bfactor|\bratio/i.test(lead);
  const [dimension, power] = units[0] ?? [isFactor ? "×" : "", 1];
  const mixed = units.length > 1 || power !== 1;
  const { value, size } = amount;
  return { value, size, dimension: mixed ? "mixed" : dimension, rest, reader };
}

/**
 * Read a number: "8 KiB", "8,192 bytes", "64 × 64 × 2 B", "1/512", "10⁶", "0,5 s", "1 min 30 s".
 *
 * @param {string} text
 * @returns {{value: number, size: number, dimension: string, rest: string, other?: number} | null}
 *   the value in base units; the size of its unit; the dimension, "B", "s", "m", "%", "×", "bit", "mixed" or "" without a unit; what
 *   follows ("XY planes"); and the value if a thousand was a decimal, or the other way round, where
 *   both are possible; null without a number
 */
export function quantity(text) {
  if (text.length > LONGEST) return null;
  const folded = plain(text);
  const found = read(folded, false);
  if (!found) return null;
  const { reader, ...amount } = found;
  return reader.unsure ? { ...amount, other: read(folded, true)?.value } : amount;
}
