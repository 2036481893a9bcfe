// The reader's own progress: kept in this browser's local storage, sent nowhere.
// window.bigimgLessons, the lessons and what each question is worth, is a file that
// reader_progress.py writes. Shown here beside the sidebar's links, on Home by progress_panel.js.
(() => {
  const KEY = "bigimg-lessons";
  const FORMAT = "bigimg-progress";
  const VERSION = 1;
  const NEWER = "was written by a newer version of this book and is left as it is.";
  const { lessons, all } = window.bigimgLessons;
  const changes = new EventTarget();
  let banks = {}; // bank → question id → {answer, help, points, most}
  let hidden = false;
  let trouble = ""; // why nothing is kept beyond this page

  const isCount = (value) => Number.isInteger(value) && value >= 0;
  const isEntry = (entry) =>
    Array.isArray(entry?.answer) &&
    entry.answer.every((text) => typeof text === "string") &&
    [entry.points, entry.most, entry.help ? (entry.help.hints ?? 0) : -1].every(isCount);
  const soundOnes = (entries) =>
    Object.fromEntries(Object.entries(entries).filter(([, entry]) => isEntry(entry)));

  // What a text holds: {banks, hidden}, or why it cannot be used, or nothing if it is not ours.
  function parse(text) {
    try {
      const saved = JSON.parse(text);
      if (saved.format !== FORMAT || !isCount(saved.version)) return {};
      if (saved.version > VERSION) return { problem: NEWER };
      const sound = Object.entries(saved.banks).map(([bank, found]) => [bank, soundOnes(found)]);
      return { banks: Object.fromEntries(sound), hidden: saved.hidden === true };
    } catch {
      return {};
    }
  }

  const written = (more) => JSON.stringify({ format: FORMAT, version: VERSION, ...more, banks });

  function load() {
    try {
      const saved = parse(localStorage.getItem(KEY));
      ({ banks = {}, hidden = false } = saved);
      if (saved.problem) trouble = `What this browser keeps ${saved.problem}`;
    } catch {
      trouble = "This browser lets the page keep nothing.";
    }
  }

  function store() {
    if (trouble.endsWith(NEWER)) return;
    try {
      localStorage.setItem(KEY, written({ hidden }));
      trouble = "";
    } catch {
      trouble = "This browser lets the page keep nothing more.";
    }
  }

  // Another tab may have written since, so what is stored is read anew before it is changed.
  function change(apply) {
    const before = written({ hidden });
    if (!trouble) load();
    apply?.();
    if (written({ hidden }) === before) return;
    store();
    changes.dispatchEvent(new Event("change"));
  }

  // What a file holds joins what is here; of two entries the one with more points wins.
  function merge(text) {
    const { banks: given, problem = "holds no progress that was saved here." } = parse(text);
    if (!given) return { problem };
    let [found, taken] = [0, 0];
    change(() => {
      for (const { bank, questions } of lessons)
        for (const id of Object.keys(questions)) {
          const entry = given[bank]?.[id];
          if (!entry) continue;
          found++;
          if (banks[bank]?.[id]?.points >= entry.points) continue;
          taken++;
          banks[bank] = { ...banks[bank], [id]: entry };
        }
    });
    return { found, taken };
  }

  function tally(some) {
    const sum = { points: 0, most: 0, begun: false };
    for (const { bank, questions } of some)
      for (const [id, worth] of Object.entries(questions)) {
        const { points = 0, answer = [] } = banks[bank]?.[id] ?? {};
        sum.points += Math.min(points, worth);
        sum.most += worth;
        sum.begun ||= worth > 0 && answer.some(Boolean); // a prediction scores nothing
      }
    return { ...sum, text: `${sum.points} of ${sum.most} points` };
  }

  load();
  addEventListener("storage", ({ key }) => [KEY, null].includes(key) && change());
  addEventListener("pageshow", ({ persisted }) => persisted && change());

  const progress = {
    get: (bank, id) => structuredClone(banks[bank]?.[id]),
    put: (bank, id, entry) =>
      change(() => {
        const { [id]: before, ...others } = banks[bank] ?? {};
        banks[bank] = entry ? { ...others, [id]: structuredClone(entry) } : others;
      }),
    on(listener) {
      const call = () => listener();
      changes.addEventListener("change", call);
      return () => changes.removeEventListener("change", call);
    },
    get solutionsHidden() {
      return hidden;
    },
    set solutionsHidden(value) {
      change(() => (hidden = Boolean(value)));
    },
    // For the panel on Home.
    lessons,
    tally,
    merge,
    written,
    isEmpty: () => !Object.values(banks).some((entries) => Object.keys(entries).length),
    trouble: () => trouble,
    clear: () => change(() => (banks = {})),
    address: (page) => new URL(document.documentElement.dataset.content_root + page, location),
    // Shows something now and after every change.
    show(update) {
      update();
      return progress.on(update);
    },
  };
  window.bigimgProgress = progress;

  for (const link of document.querySelectorAll("nav.bd-links a")) {
    const leadsTo = (page) => page && progress.address(page).pathname === link.pathname;
    const some = leadsTo(all) ? lessons : lessons.filter(({ page }) => leadsTo(page));
    if (!some.length) continue;
    const badge = document.createElement("span");
    badge.className = "bigimg-badge";
    badge.setAttribute("role", "img");
    link.append(" ", badge);
    progress.show(() => {
      const { points, most, begun, text } = tally(some);
      badge.hidden = !begun;
      badge.textContent = points === most ? "✓" : `${points}/${most}`;
      badge.setAttribute("aria-label", text);
    });
  }
})();
