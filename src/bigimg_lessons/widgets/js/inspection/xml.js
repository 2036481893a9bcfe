// XML that may be damaged or hostile, read safely: the tree of its elements, strictly, as
// bigimg_lessons.formats.bdv.xmltree reads it in Python. A browser has a parser of its own, but Node
// has none, and that of a browser would build what is refused here. Entities can only be declared in
// a document type; with that refused there is nothing to expand and nothing to fetch.

import { formatBytes } from "../kit/text.js";
import { InspectionError } from "./errors.js";

const MAX_DEPTH = 64;
const MAX_LENGTH = 4 * 2 ** 20; // letters
const ENTITIES = new Map(Object.entries({ amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" }));

/**
 * An element. Names are as they are written, with their prefixes; `text` is what stands before the
 * first child.
 * @typedef {object} XmlElement
 * @property {string} name
 * @property {Record<string, string>} attributes
 * @property {XmlElement[]} children
 * @property {string} text
 */

// Each is tried where the last one ended.
const NAME = /[\p{L}_:][\p{L}\p{M}\p{N}_:.\-·]*/uy;
const TARGET = /^[\p{L}_:][\p{L}\p{M}\p{N}_:.\-·]*(?:[ \t\n]|$)/u;
const BLANKS = /[ \t\n]*/y;
const DECLARATION =
  /<\?xml[ \t\n]+version[ \t\n]*=[ \t\n]*["']1\.\d["'](?:[ \t\n]+(?:encoding|standalone)[ \t\n]*=[ \t\n]*["'][A-Za-z][\w.-]*["'])*[ \t\n]*\?>/y;
const VALUE = /[ \t\n]*=[ \t\n]*(?:"([^"<]*)"|'([^'<]*)')/y;
// What XML does not allow anywhere: most control characters, halves of surrogate pairs.
const FORBIDDEN = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

/**
 * Read an XML.
 * @param {string | Uint8Array} content the whole file; bytes are decoded as they say, and as
 *   Windows-1252 if they claim to be UTF-8 and are not
 * @param {string} [source] the file's name, for messages
 * @returns {XmlElement} the root
 * @throws {InspectionError} if it is not well-formed, declares a document type, nests too deeply,
 *   is too long, or is in an encoding that is not known
 */
export function parseXml(content, source = "The XML") {
  if (content.length > MAX_LENGTH) {
    throw new InspectionError(
      `${source} has ${formatBytes(content.length)}, and XML is read up to ` +
        `${formatBytes(MAX_LENGTH)}: is it damaged?`,
    );
  }
  const text = typeof content === "string" ? content : decodedXml(content, source);
  return new XmlReading(text.replace(/^\ufeff/, "").replace(/\r\n?/g, "\n"), source).root();
}

function decodedXml(bytes, source) {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    return new TextDecoder(first === 0xff ? "utf-16le" : "utf-16be").decode(bytes);
  }
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, 200));
  const said = head.match(/^(?:ï»¿)?<\?xml[^>]*\sencoding\s*=\s*["']([\w.:-]+)["']/)?.[1];
  const isUtf8 = !said || /^utf-?8$/i.test(said);
  try {
    return new TextDecoder(isUtf8 ? "utf-8" : said, { fatal: true }).decode(bytes);
  } catch {
    if (isUtf8) return new TextDecoder("windows-1252").decode(bytes);
    throw new InspectionError(`${source} is in an encoding that cannot be read: ${said}.`);
  }
}

class XmlReading {
  /**
   * @param {string} text
   * @param {string} source
   */
  constructor(text, source) {
    this.text = text;
    this.source = source;
    this.at = 0;
  }

  /** The error of what is not well-formed here, in the words of Python's parser. */
  malformed(what, at = this.at) {
    const lines = this.text.slice(0, at).split("\n");
    const place = `line ${lines.length}, column ${lines.at(-1).length}`;
    return new InspectionError(`${this.source} is not well-formed XML: ${what}: ${place}.`);
  }

  /** What matches here, after which reading goes on; null if it does not. */
  taken(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found) this.at = pattern.lastIndex;
    return found;
  }

  /** Whether this stands here. */
  begins(text) {
    return this.text.startsWith(text, this.at);
  }

  /** What stands between these two, null if the first one does not stand here. */
  between(begin, end) {
    if (!this.begins(begin)) return null;
    const from = this.at + begin.length;
    const to = this.text.indexOf(end, from);
    if (to < 0) throw this.malformed("unclosed token");
    this.at = to + end.length;
    return this.text.slice(from, to);
  }

  /** Whether a comment or an instruction stood here, which are skipped. */
  skipped() {
    const start = this.at;
    const comment = this.between("<!--", "-->");
    const instruction = comment ?? this.between("<?", "?>");
    if (instruction === null) return false;
    if (comment === null ? !TARGET.test(instruction) : /--|-$/.test(comment)) {
      throw this.malformed("not well-formed (invalid token)", start);
    }
    if (comment === null && /^xml(?:[ \t\n]|$)/i.test(instruction)) {
      throw this.malformed("XML or text declaration not at start of entity", start);
    }
    return true;
  }

  root() {
    const forbidden = this.text.search(FORBIDDEN);
    if (forbidden >= 0) throw this.malformed("not well-formed (invalid token)", forbidden);
    const isDeclared = this.taken(DECLARATION) !== null;
    if (!isDeclared && /^<\?xml[ \t\n]/.test(this.text)) {
      throw this.malformed("XML declaration not well-formed");
    }
    this.skipAside();
    if (this.at === this.text.length) throw this.malformed("no element found");
    const root = this.tree();
    this.skipAside();
    if (this.at < this.text.length) throw this.malformed("junk after document element");
    return root;
  }

  /** Go past blanks, comments and instructions outside of the root. */
  skipAside() {
    do this.taken(BLANKS);
    while (this.skipped());
    if (this.begins("<!DOCTYPE")) {
      throw new InspectionError(
        `${this.source} declares a document type (<!DOCTYPE …>), which BigDataViewer never ` +
          "writes and which can hide entities: remove the declaration if you trust the file.",
      );
    }
  }

  /** Read the root element with all that is in it. */
  tree() {
    const root = this.opened();
    const open = root.isOpen ? [root.element] : [];
    while (open.length) {
      const inside = open.at(-1);
      if (this.begins("</")) {
        this.close(inside);
        open.pop();
      } else if (this.begins("<!") || this.begins("<?")) {
        this.addAside(inside);
      } else if (this.begins("<")) {
        const { element, isOpen } = this.opened();
        inside.children.push(element);
        if (open.length === MAX_DEPTH) {
          throw new InspectionError(
            `${this.source} nests more than ${MAX_DEPTH} elements: it is damaged.`,
          );
        }
        if (isOpen) open.push(element);
      } else {
        this.addText(inside);
      }
    }
    return root.element;
  }

  /** Read the tag with which an element begins. */
  opened() {
    const start = this.at;
    const found = this.begins("<") && ++this.at && this.taken(NAME);
    if (!found) throw this.malformed("not well-formed (invalid token)");
    /** @type {XmlElement} */
    const element = {
      name: found[0],
      attributes: Object.create(null),
      children: [],
      text: "",
    };
    for (;;) {
      const blanks = this.taken(BLANKS)[0];
      if (this.begins(">") || this.begins("/>")) break;
      if (this.at === this.text.length) throw this.malformed("unclosed token", start);
      const key = blanks && this.taken(NAME);
      const value = key && this.taken(VALUE);
      if (!value) throw this.malformed("not well-formed (invalid token)");
      if (key[0] in element.attributes) throw this.malformed("duplicate attribute");
      const plain = (value[1] ?? value[2]).replace(/[\t\n]/g, " ");
      element.attributes[key[0]] = this.expanded(plain);
    }
    const isOpen = this.begins(">");
    this.at += isOpen ? 1 : 2;
    return { element, isOpen };
  }

  close({ name }) {
    const start = this.at;
    this.at += 2;
    const found = this.taken(NAME)?.[0];
    this.taken(BLANKS);
    if (!this.begins(">")) throw this.malformed("not well-formed (invalid token)");
    if (found !== name) throw this.malformed("mismatched tag", start + 2);
    this.at += 1;
  }

  /** Read a comment, an instruction or text that is taken as it is. */
  addAside(inside) {
    if (this.skipped()) return;
    const verbatim = this.between("<![CDATA[", "]]>");
    if (verbatim === null) throw this.malformed("not well-formed (invalid token)");
    if (!inside.children.length) inside.text += verbatim;
  }

  addText(inside) {
    const end = this.text.indexOf("<", this.at);
    if (end < 0) throw this.malformed("no element found", this.text.length);
    const written = this.text.slice(this.at, end);
    if (written.includes("]]>")) throw this.malformed("not well-formed (invalid token)");
    const text = this.expanded(written);
    this.at = end;
    if (!inside.children.length) inside.text += text;
  }

  /** Put letters in place of references. */
  expanded(text) {
    if (!text.includes("&")) return text;
    return text.replace(
      /&(?:#(\d+)|#x([\da-f]+)|([^;&\s]+))?(;?)/gi,
      (all, decimal, hex, name, end) => {
        const known = ENTITIES.get(name);
        if (name && end && !known) throw this.malformed("undefined entity");
        const code = decimal ? Number(decimal) : Number.parseInt(hex, 16);
        const letter = known ?? (code <= 0x10ffff ? String.fromCodePoint(code) : "");
        if (!end || !letter || FORBIDDEN.test(letter)) {
          throw this.malformed(`not well-formed (invalid token) in ${all.slice(0, 40)}`);
        }
        return letter;
      },
    );
  }
}
