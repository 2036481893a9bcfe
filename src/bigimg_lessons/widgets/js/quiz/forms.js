// The kinds of question. Each makes its part of a form:
//   marks          the elements that bear the verdicts, one for each part of the answer
//   names          what the replies call these parts, where there are several
//   fill(index)    what stands in a blank of the text
//   nodes          what stands below the text
//   read()         the answer as it stands there, in the form of the trait `answers`
//   write(given)   shows an answer, or none

import { make } from "../kit/dom.js";
import { makeButton, textNodes } from "./nodes.js";

const LETTERS = [..."abcdefgh"];
const WANTED = { B: "B, KiB, MiB …", s: "ms, s, min …", m: "nm, µm, mm …" };

const describedBy = (uid) => ({ "aria-describedby": `${uid}-text ${uid}-reply` });

function typedForm(names, uid) {
  const inputs = names.map((name) =>
    make("input", {
      type: "text",
      class: "bq-input",
      "aria-label": name,
      autocomplete: "off",
      autocapitalize: "off",
      spellcheck: "false",
      maxlength: "500", // so that what is kept can be told from rubbish: see reader_progress.js
      ...describedBy(uid),
    }),
  );
  return {
    marks: inputs,
    read: () => inputs.map(({ value }) => value),
    write: (given = []) => inputs.forEach((input, index) => (input.value = given[index] ?? "")),
  };
}

function blanksForm({ blanks }, uid, label) {
  const names = blanks.map((_, index) => `Blank ${index + 1}`);
  const form = typedForm(
    names.map((name) => `${label}, ${name} of ${blanks.length}`),
    uid,
  );
  return { ...form, names, fill: (index) => form.marks[index] };
}

function numberForm({ unit }, uid, label) {
  const wanted = WANTED[unit] ?? unit;
  const form = typedForm([`${label}, answer in ${wanted}`], uid);
  return { ...form, nodes: [make("p", {}, form.marks[0], " ", make("small", {}, wanted))] };
}

const withLetter = (text, index) => [
  make("b", { class: "bq-letter" }, LETTERS[index]),
  make("span", {}, ...textNodes(text)),
];

// Radio buttons or checkboxes: labels[i] are the nodes beside a box, values[i] what it means.
function boxGroup(type, legend, labels, uid, values = LETTERS) {
  const name = uid + legend;
  const boxes = labels.map((_, index) => make("input", { type, name, value: values[index] }));
  const frame = make(
    "fieldset",
    { role: type === "radio" ? "radiogroup" : "group", ...describedBy(uid) },
    make("legend", {}, legend),
    ...boxes.map((box, index) => make("label", {}, box, ...labels[index])),
  );
  return {
    frame,
    chosen: () => boxes.filter(({ checked }) => checked).map(({ value }) => value),
    choose: (given) => boxes.forEach((box) => (box.checked = given.includes(box.value))),
  };
}

const optionLabels = (options) => options.map(({ text }, index) => withLetter(text, index));

function trueFalseForm({ reasons }, uid) {
  const groups = [
    boxGroup("radio", "True or false?", [["True"], ["False"]], uid, ["true", "false"]),
    boxGroup("radio", "Because …", optionLabels(reasons), uid),
  ];
  const frames = groups.map(({ frame }) => frame);
  return {
    marks: frames,
    names: ["Truth", "Reason"],
    nodes: frames,
    read: () => groups.map(({ chosen }) => chosen()[0] ?? ""),
    write: (given = []) => groups.forEach(({ choose }, index) => choose([given[index]])),
  };
}

function choiceForm({ options }, uid) {
  const { frame, chosen, choose } = boxGroup("radio", "Choose one", optionLabels(options), uid);
  const read = () => [chosen()[0] ?? ""];
  return { marks: [frame], nodes: [frame], read, write: (given = []) => choose(given) };
}

function choicesForm({ options }, uid) {
  const labels = optionLabels(options);
  const { frame, chosen, choose } = boxGroup("checkbox", "Choose one or more", labels, uid);
  return { marks: [frame], nodes: [frame], read: chosen, write: (given = []) => choose(given) };
}

function orderForm({ items }, uid, label) {
  const name = `${label}, first on top`;
  const list = make("ol", { role: "list", "aria-label": name, ...describedBy(uid) });
  const told = make("p", { class: "bq-quiet", "aria-live": "polite" });

  const rows = items.map((text, index) => {
    const item = withLetter(text, index);
    const title = `“${item[1].textContent.trim()}”`;
    function move(way) {
      const other = way === "up" ? row.previousElementSibling : row.nextElementSibling;
      // In the page it is the neighbour that moves, so that the focus stays with the item.
      if (other) row[way === "up" ? "after" : "before"](other);
      const place = [...list.children].indexOf(row) + 1;
      told.textContent = `${title} is now ${place} of ${items.length}.`;
      list.dispatchEvent(new Event("input", { bubbles: true }));
    }
    const mover = (way, arrow) =>
      makeButton(arrow, { "aria-label": `Move ${title} ${way}` }, () => move(way));
    const row = make("li", {}, ...item, mover("up", "↑"), mover("down", "↓"));
    row.addEventListener("keydown", (event) => {
      const way = { ArrowUp: "up", ArrowDown: "down" }[event.key];
      if (!way) return;
      event.preventDefault();
      move(way);
    });
    return row;
  });
  return {
    marks: [list],
    nodes: [list, told],
    read: () => [...list.children].map((row) => LETTERS[rows.indexOf(row)]),
    write: (given = []) =>
      list.append(...rows, ...given.flatMap((letter) => rows[LETTERS.indexOf(letter)] ?? [])),
  };
}

/** For each kind of question what makes its form: (question, uid, label) => form. */
export const FORMS = {
  blanks: blanksForm,
  number: numberForm,
  predict: numberForm,
  "true-false": trueFalseForm,
  choice: choiceForm,
  choices: choicesForm,
  order: orderForm,
};
