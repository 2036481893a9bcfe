// "Your progress" on Home, in each place .bigimg-progress, on top of reader_progress.js.
// Text enters the page only as text.
(() => {
  const progress = window.bigimgProgress;
  const FILE = "bigimg-progress.json";
  const MAX_SIZE = 1e7; // bytes; a browser keeps hardly more
  const NEWER =
    "What this browser keeps of a newer version of this book is left as it is; " +
    "your answers here are kept beside it.";
  const UNREADABLE =
    "Some of what this browser kept could not be read: it is set aside as it was, " +
    "and a file that you save holds it.";

  function make(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }

  function button(name, act) {
    const made = make("button", { type: "button" }, name);
    made.addEventListener("click", act);
    return made;
  }

  // The questions and their grader: more than all scripts of the page, so only when needed.
  // By a script, since a page which is opened from a folder may import no module.
  function loadGrading() {
    return new Promise((resolve, reject) => {
      const src = progress.address("_static/reader_progress_grading.js");
      const script = make("script", { src });
      script.addEventListener("load", () => resolve(window.bigimgGrading));
      script.addEventListener("error", reject);
      document.head.append(script);
    });
  }

  // A file may claim anything, so what it says of points is not believed.
  function graded({ grade, banks }, bank, id, { answer, help: { hints, solution } }) {
    const question = banks[bank]?.[id];
    const { points, most } = question ? grade(question, answer) : { points: 0, most: 0 };
    return { answer, help: { hints, solution }, points: solution ? 0 : points, most };
  }

  // Take over what a file holds; what is to be said about it.
  async function takeOver(file) {
    const refused = (why) => `${file.name} ${why} Nothing was changed; choose a ${FILE}.`;
    if (file.size > MAX_SIZE) return refused("is too large to hold progress.");
    const saved = progress.read(await file.text().catch(() => ""));
    if (saved?.newer) return refused("was written by a newer version of this book.");
    if (!saved || saved.foreign) return refused("holds no progress that was saved here.");
    const grading = await (window.bigimgGrading ?? loadGrading().catch(() => null));
    if (!grading) return `The questions that grade ${file.name} do not load. Nothing was changed.`;
    const entries = progress
      .listAll(saved.banks)
      .map(([bank, id, entry]) => [bank, id, graded(grading, bank, id, entry)]);
    const unknown = entries.filter(([bank, id]) => !grading.banks[bank]?.[id]).length;
    return [
      `${progress.merge(entries)} of ${entries.length} answers taken over from ${file.name} and ` +
        "graded; yours stay where they are as good or better.",
      unknown && `This book lacks the questions of ${unknown}, which are kept but not counted.`,
      saved.unsound && `Another ${saved.unsound} could not be read.`,
    ]
      .filter(Boolean)
      .join(" ");
  }

  // A line: one lesson, or all of them.
  function line(label, lessons) {
    const points = make("span", {});
    const item = make("li", {}, label, points, make("i", {}));
    progress.show(() => {
      const sum = progress.tally(lessons);
      points.textContent = sum.text;
      item.style.setProperty("--reached", sum.points / sum.most);
    });
    return item;
  }

  // On paper there is nothing but the summary: see progress_panel.css.
  function print(list) {
    const date = new Date().toLocaleDateString("en-GB", { dateStyle: "long" });
    const book = document.title.split(" — ").pop(); // what follows the page's own title
    const heading = [make("h1", {}, book), make("p", {}, `Progress on ${date}`)];
    const classes = "bigimg-progress bigimg-summary";
    const summary = make("div", { class: classes }, ...heading, list.cloneNode(true));
    document.body.append(summary);
    addEventListener("afterprint", () => summary.remove(), { once: true });
    window.print();
  }

  function fill(place) {
    const note = make("p", {});
    const list = make("ul", {});
    for (const lesson of progress.lessons) {
      const link = make("a", { href: progress.address(lesson.page) }, lesson.title);
      list.append(line(link, [lesson]));
    }
    list.append(line(make("b", {}, "All lessons"), progress.lessons));

    const said = make("p", { role: "status" });
    const say = (text) => (said.textContent = text);

    const save = button("Save to a file", () => {
      const href = URL.createObjectURL(new Blob([progress.written()])); // lives as long as the page
      make("a", { download: FILE, href }).click();
      say(`Saved as ${FILE}, where this browser puts downloads.`);
    });

    const input = make("input", { type: "file", accept: ".json", hidden: "" });
    const open = button("Open a saved file", () => input.click());
    input.addEventListener("change", async () => {
      const [file] = input.files;
      if (!file) return;
      say(await takeOver(file));
      input.value = ""; // so that the same file can be opened again
    });

    const ask = (asking) => {
      again.hidden = asking;
      sure.hidden = keep.hidden = !asking;
      (asking ? keep : again).focus();
      const more = progress.hasAside() ? ", and what could not be read" : "";
      say(asking ? `This deletes all answers from this browser${more}.` : "");
    };
    const again = button("Start over", () => ask(true));
    const keep = button("Keep", () => ask(false));
    const sure = button("Really delete?", () => {
      ask(false);
      progress.clear();
      (back.hidden ? open : back).focus(); // what had the focus is gone
      say("All answers are deleted from this browser.");
    });
    sure.hidden = keep.hidden = true;
    for (const choice of [sure, keep])
      choice.addEventListener("keydown", ({ key }) => key === "Escape" && ask(false));
    const back = button("Bring answers back", () => {
      progress.undo();
      again.focus();
      say("The answers are back.");
    });

    const box = make("input", { type: "checkbox" });
    box.addEventListener("change", () => (progress.solutionsHidden = box.checked));

    const paper = button("Print a summary", () => print(list));
    const some = make("div", {}, save, paper, again, sure, keep);
    const label = make("label", {}, box, " Hide solutions (for class)");
    place.replaceChildren(note, list, make("div", {}, open, input, some, back), said, label);
    progress.show(() => {
      const empty = progress.isEmpty();
      list.hidden = empty;
      some.hidden = empty && !progress.hasAside();
      back.hidden = !progress.canUndo();
      note.textContent = [
        empty && "Nothing answered yet. Your points in each lesson will appear here.",
        progress.trouble(),
        progress.hasNewer() && NEWER,
        progress.hasAside() && UNREADABLE,
      ]
        .filter(Boolean)
        .join(" ");
      box.checked = progress.solutionsHidden;
    });
  }

  document.querySelectorAll(".bigimg-progress").forEach(fill);
})();
