// JSON as Python's module json reads it: NaN and Infinity are numbers, 64.0 is another number than
// 64, whole numbers have any size, and what is wrong is said in the same words.

const MAX_DEPTH = 900; // lists and objects inside one another; Python 3.11 gives up near 1000
const MAX_DIGITS = 4300; // of a whole number, as in Python
/** @type {[word: string, make: () => any][]} */
const CONSTANTS = [
  ["null", () => null],
  ["true", () => true],
  ["false", () => false],
  ["NaN", () => new Real(Number.NaN)],
  ["Infinity", () => new Real(Number.POSITIVE_INFINITY)],
  ["-Infinity", () => new Real(Number.NEGATIVE_INFINITY)],
];
const ESCAPES = new Map(Object.entries({ b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" }));
for (const same of '"\\/') ESCAPES.set(same, same);

/** A number written with a point or an exponent; whole ones are numbers, large ones BigInts. */
export class Real {
  /** @param {number} value */
  constructor(value) {
    this.value = value;
  }

  valueOf() {
    return this.value;
  }
}

/** What is wrong with a text that should be JSON. */
export class JsonError extends Error {}

// A place in a text, counted in characters as Python does.
function wrong(what, text, at) {
  const before = [...text.slice(0, at)];
  const line = before.filter((each) => each === "\n").length + 1;
  const column = before.length - before.lastIndexOf("\n");
  return new JsonError(`${what}: line ${line} column ${column} (char ${before.length})`);
}

/**
 * Parse a text. Objects become Maps; of a name that stands twice the last value is kept.
 *
 * @param {string} text
 * @returns {any}
 */
export function parseJson(text) {
  const reader = new Reader(text);
  reader.skip();
  const value = reader.value(0);
  reader.skip();
  if (reader.at < text.length) throw wrong("Extra data", text, reader.at);
  return value;
}

class Reader {
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  skip() {
    while (" \t\n\r".includes(this.text[this.at] ?? "x")) this.at++;
  }

  value(depth) {
    const { text, at } = this;
    if (text[at] === '"') return this.string();
    if (text[at] === "{") return this.object(depth + 1);
    if (text[at] === "[") return this.list(depth + 1);
    for (const [word, make] of CONSTANTS) {
      if (text.startsWith(word, at)) {
        this.at += word.length;
        return make();
      }
    }
    return this.number();
  }

  number() {
    const pattern = /(-?(?:0|[1-9][0-9]*))(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (!found) throw wrong("Expecting value", this.text, this.at);
    this.at = pattern.lastIndex;
    if (found[2] || found[3]) return new Real(Number(found[0]));
    const digits = found[0].replace("-", "").length;
    if (digits > MAX_DIGITS) {
      throw new JsonError(
        `Exceeds the limit (${MAX_DIGITS} digits) for integer string conversion: value has ` +
          `${digits} digits`,
      );
    }
    const value = Number(found[0]);
    return Number.isSafeInteger(value) ? value : BigInt(found[0]);
  }

  string() {
    const { text } = this;
    const begin = this.at;
    let value = "";
    for (let at = begin + 1; ; ) {
      const end = /["\\\p{Cc}]/u.exec(text.slice(at, at + 4096));
      if (!end && at + 4096 < text.length) {
        value += text.slice(at, at + 4096);
        at += 4096;
        continue;
      }
      if (!end) throw wrong("Unterminated string starting at", text, begin);
      value += text.slice(at, at + end.index);
      at += end.index;
      if (text[at] === '"') {
        this.at = at + 1;
        return value;
      }
      if (text[at] < " ") throw wrong("Invalid control character at", text, at);
      if (text[at] !== "\\") value += text[at++];
      else {
        const [char, length] = this.escape(at, begin);
        value += char;
        at += length;
      }
    }
  }

  /**
   * What an escape stands for, and how long it is.
   *
   * @returns {[char: string, length: number]}
   */
  escape(at, begin) {
    const { text } = this;
    const letter = text[at + 1];
    if (letter === undefined) throw wrong("Unterminated string starting at", text, begin);
    if (ESCAPES.has(letter)) return [ESCAPES.get(letter), 2];
    if (letter !== "u") throw wrong("Invalid \\escape", text, at);
    const digits = text.slice(at + 2, at + 6);
    if (!/^[0-9a-fA-F]{4}$/.test(digits) || at + 6 >= text.length) {
      throw wrong("Invalid \\uXXXX escape", text, at + 1);
    }
    return [String.fromCharCode(Number.parseInt(digits, 16)), 6];
  }

  deeper(depth, what) {
    if (depth > MAX_DEPTH) {
      throw new JsonError(
        `maximum recursion depth exceeded while decoding a JSON ${what} from a unicode string`,
      );
    }
    this.at++;
    this.skip();
  }

  list(depth) {
    const found = [];
    this.deeper(depth, "array");
    if (this.ends("]")) return found;
    for (;;) {
      found.push(this.value(depth));
      this.skip();
      if (this.ends("]")) return found;
      this.pass(",");
    }
  }

  object(depth) {
    const found = new Map();
    this.deeper(depth, "object");
    if (this.ends("}")) return found;
    for (;;) {
      if (this.text[this.at] !== '"') {
        throw wrong("Expecting property name enclosed in double quotes", this.text, this.at);
      }
      const name = this.string();
      this.skip();
      this.pass(":");
      found.set(name, this.value(depth));
      this.skip();
      if (this.ends("}")) return found;
      this.pass(",");
    }
  }

  ends(char) {
    if (this.text[this.at] !== char) return false;
    this.at++;
    return true;
  }

  pass(char) {
    if (!this.ends(char)) throw wrong(`Expecting '${char}' delimiter`, this.text, this.at);
    this.skip();
  }
}
