// "Your progress" on Home, in each place .bigimg-progress, on top of reader_progress.js.
// Text enters the page only as text.
(() => {
  const progress = window.bigimgProgress;
  const FILE = "bigimg-progress.json";
  const LARGEST = 1e6; // bytes; all answers of this book are some ten thousand

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
      const href = `data:application/json,${encodeURIComponent(progress.written())}`;
      make("a", { download: FILE, href }).click();
      say(`Saved as ${FILE}, where this browser puts downloads.`);
    });

    const input = make("input", { type: "file", accept: ".json", hidden: "" });
    const open = button("Open a saved file", () => input.click());
    input.addEventListener("change", async () => {
      const [file] = input.files;
      const text = file.size < LARGEST ? await file.text().catch(() => "") : "";
      const { problem, found, taken } = progress.merge(text);
      input.value = ""; // so that the same file can be opened again
      if (problem) say(`${file.name} ${problem} Nothing was changed; choose a ${FILE}.`);
      else
        say(
          `${taken} of ${found} answers taken over from ${file.name}; ` +
            "yours stay where they are as good or better.",
        );
    });

    const ask = (asking) => {
      again.hidden = asking;
      sure.hidden = keep.hidden = !asking;
      (asking ? keep : again).focus();
    };
    const again = button("Start over", () => ask(true));
    const keep = button("Keep", () => ask(false));
    const sure = button("Really delete?", () => {
      ask(false);
      progress.clear();
      open.focus(); // what had the focus is gone
      say("All answers are deleted from this browser.");
    });
    sure.hidden = keep.hidden = true;

    const box = make("input", { type: "checkbox" });
    box.addEventListener("change", () => (progress.solutionsHidden = box.checked));

    const paper = button("Print a summary", () => print(list));
    const some = make("div", {}, save, paper, again, sure, keep);
    const label = make("label", {}, box, " Hide solutions (for class)");
    place.replaceChildren(note, list, make("div", {}, open, input, some), said, label);
    progress.show(() => {
      const empty = progress.isEmpty();
      list.hidden = some.hidden = empty;
      const nothing = "Nothing answered yet. Your points in each lesson will appear here.";
      note.textContent = [empty && nothing, progress.trouble()].filter(Boolean).join(" ");
      box.checked = progress.solutionsHidden;
    });
  }

  document.querySelectorAll(".bigimg-progress").forEach(fill);
})();
