// An element of BigDataViewer's XML whose getters throw errors that name the file and the element,
// as `Node` of bigimg_lessons.formats.bdv.xmltree.

import { InspectionError } from "./errors.js";
import { finite } from "./numbers.js";
import { pythonRepr } from "./python_text.js";

/** Maximum id: ids are Java's ints. */
export const MAX_BDV_ID = 2 ** 31 - 1;

export class BdvNode {
  /**
   * @param {import("./xml.js").XmlElement} element
   * @param {string} source the file's name, for messages
   */
  constructor(element, source) {
    this.element = element;
    this.source = source;
  }

  get tag() {
    return this.element.name;
  }

  /** Its text without blanks around it. */
  get ownText() {
    return this.element.text.trim();
  }

  /** The words of its text. */
  get words() {
    return this.ownText.split(/\s+/).filter(Boolean);
  }

  /** An error that says what is wrong with this element. */
  error(problem) {
    return new InspectionError(`${this.source}: <${this.tag}> ${problem}.`);
  }

  /** The first child of that name, or null. */
  find(tag) {
    const found = this.element.children.find((each) => each.name === tag);
    return found ? new BdvNode(found, this.source) : null;
  }

  /** The first child of that name, which has to be there. */
  child(tag) {
    const found = this.find(tag);
    if (!found) throw this.error(`has no <${tag}>, which BigDataViewer needs`);
    return found;
  }

  /** All children, or those of one name. */
  children(tag = null) {
    const found = this.element.children.filter((each) => tag === null || each.name === tag);
    return found.map((each) => new BdvNode(each, this.source));
  }

  /** Text of a child as it is; null if there is no such child. */
  text(tag) {
    return this.find(tag)?.element.text ?? null;
  }

  /** Text of an attribute, which has to be there. */
  attribute(name) {
    const value = this.element.attributes[name];
    if (value === undefined) throw this.error(`has no attribute ${pythonRepr(name)}`);
    return value;
  }

  /** An attribute that holds an id. */
  idAttribute(name) {
    return this.asId(this.attribute(name), `attribute ${pythonRepr(name)}`);
  }

  /** The id that the child <id> holds. */
  id() {
    return this.child("id").integer();
  }

  /** The id, or other whole number from zero, that this element holds. */
  integer() {
    return this.asId(this.ownText, "text");
  }

  /** The whole numbers from zero that this element holds, as many as there are. */
  integers() {
    return this.words.map((word) => this.asId(word, "text"));
  }

  asId(text, what) {
    if (!/^[0-9]{1,10}$/.test(text.trim()) || Number(text) > MAX_BDV_ID) {
      throw this.error(
        `should hold a whole number from 0 to ${MAX_BDV_ID}; its ${what} is ${pythonRepr(text)}`,
      );
    }
    return Number(text);
  }

  /** A whole number that only distinguishes things: it may be negative, or "0.0". */
  label() {
    const match = /^([+-]?[0-9]{1,10})(?:\.0*)?$/.exec(this.ownText);
    if (!match || Math.abs(Number(match[1])) > MAX_BDV_ID) {
      throw this.error(`should hold a whole number; its text is ${pythonRepr(this.ownText)}`);
    }
    return Number(match[1]);
  }

  /** Three whole numbers above zero, which may be written as "48.0". */
  extents() {
    const values = this.words.map((word) => Number(/^([0-9]{1,10})(?:\.0*)?$/.exec(word)?.[1]));
    if (values.length !== 3 || !values.every((value) => value > 0 && value <= MAX_BDV_ID)) {
      throw this.error(
        `should hold three whole numbers above zero; its text is ${pythonRepr(this.ownText)}`,
      );
    }
    return values;
  }

  /** Exactly so many finite numbers. */
  numbers(count) {
    const values = this.words.map(finite);
    if (values.length !== count || values.includes(null)) {
      throw this.error(`should hold ${count} numbers; its text is ${pythonRepr(this.ownText)}`);
    }
    return values;
  }
}
