// The reader's own progress: kept in this browser's local storage, sent nowhere.
// window.bigimgLessons, the lessons and what each question is worth, is a file that
// reader_progress.py writes. Shown here beside the sidebar's links, on Home by progress_panel.js.
(() => {
  const FORMAT = "bigimg-progress";
  const VERSION = 1;
  const KEY = "bigimg-lessons";
  const BESIDE = `${KEY}-${VERSION}`; // this version's place where a newer one has taken KEY
  const ASIDE = `${KEY}-unreadable`;
  const MAX_ASIDE = 3;
  const MAX_LENGTH = 1e4; // characters of an answer, as JSON; no quiz takes more
  const UNTIL = "so what you answer lasts only until you leave this page.";
  const BLOCKED = `This browser lets the page keep nothing, ${UNTIL}`;
  const FULL = `This browser lets the page keep nothing more, ${UNTIL}`;
  const { lessons, all } = window.bigimgLessons;
  const changes = new EventTarget();
  let banks = {}; // bank → question id → {answer, help, points, most}
  let before = {}; // likewise: what was deleted since the last new answer
  let hidden = false;
  let aside = []; // stored texts that could not be read in full, as they were found
  let key = KEY;
  let trouble = "";
  let unkept = []; // changes that are not in the storage yet

  const isTable = (value) => typeof value === "object" && value && !Array.isArray(value);
  const isName = (name) => /^[\w-]+$/.test(name) && !(name in {}); // "__proto__" is none
  const isTexts = (value) =>
    Array.isArray(value) && value.every((text) => typeof text === "string");
  const isCount = (value) => Number.isInteger(value) && value >= 0;
  const given = (entry) => JSON.stringify(entry?.answer ?? []);
  const isEntry = (entry) =>
    isTexts(entry?.answer) &&
    given(entry).length <= MAX_LENGTH &&
    isTable(entry.help) &&
    [entry.points, entry.most, entry.help.hints ?? 0].every(isCount) &&
    [undefined, "open", "closed"].includes(entry.help.solution);
  const isEmpty = (table) => !Object.values(table).some((entries) => Object.keys(entries).length);

  function sift(table) {
    const found = { sound: {}, unsound: 0, foreign: false };
    for (const [bank, entries] of Object.entries(table))
      for (const [id, entry] of Object.entries(isTable(entries) ? entries : { "": entries }))
        if (isName(bank) && isName(id) && isEntry(entry)) {
          found.sound[bank] ??= {};
          found.sound[bank][id] = entry;
        } else {
          found.unsound++;
          found.foreign ||= ![bank, id].every((name) => !name || isName(name));
        }
    return found;
  }

  /**
   * What a text holds: how many entries are unsound, too; `newer` alone where a later version
   * wrote it; nothing if it is not ours.
   *
   * @returns {any}
   */
  function read(text) {
    let saved;
    try {
      saved = JSON.parse(text);
    } catch {
      return null;
    }
    if (saved?.format !== FORMAT) return null;
    if (isCount(saved.version) && saved.version > VERSION) return { newer: true };
    if (saved.version !== VERSION || !isTable(saved.banks)) return null;
    const [now, then] = [saved.banks, saved.before ?? {}].map(sift);
    return {
      banks: now.sound,
      before: then.sound,
      unsound: now.unsound + then.unsound,
      foreign: now.foreign,
      hidden: saved.hidden === true,
    };
  }

  function listed(text) {
    try {
      const list = JSON.parse(text ?? "[]");
      if (isTexts(list)) return list;
    } catch {}
    return [text];
  }

  const written = (more) => JSON.stringify({ format: FORMAT, version: VERSION, ...more, banks });

  function load() {
    let text;
    let set;
    try {
      [text, set] = [KEY, ASIDE].map((name) => localStorage.getItem(name));
      key = read(text)?.newer ? BESIDE : KEY;
      if (key === BESIDE) text = localStorage.getItem(BESIDE);
    } catch {
      trouble = BLOCKED;
      return false;
    }
    const saved = text ? (read(text) ?? {}) : { unsound: 0 };
    let unsound;
    ({ banks = {}, before = {}, hidden = false, unsound = 1 } = saved);
    aside = [...new Set([...listed(set), ...(unsound ? [text] : [])])].slice(-MAX_ASIDE);
    return true;
  }

  function store() {
    try {
      // First, since what is set aside may be what is overwritten next.
      if (aside.length) localStorage.setItem(ASIDE, JSON.stringify(aside));
      localStorage.setItem(key, written({ hidden, before: isEmpty(before) ? undefined : before }));
      if (!aside.length) localStorage.removeItem(ASIDE);
      trouble = "";
      unkept = [];
    } catch {
      trouble = FULL;
    }
  }

  // Another tab may have written since, so what is stored is read anew before it is changed.
  // What could not be stored before is done once more, on top of it.
  function change(apply) {
    const state = () => JSON.stringify([banks, before, hidden, aside]);
    const [was, untroubled] = [state(), trouble];
    const readable = load();
    const found = state();
    if (apply) unkept.push(apply);
    unkept.forEach((redo) => redo());
    if (readable && state() === found) [unkept, trouble] = [[], ""];
    else if (readable) store();
    if (state() !== was || trouble !== untroubled) changes.dispatchEvent(new Event("change"));
  }

  // What was deleted can be brought back until something new is answered.
  function put(bank, id, entry) {
    const { [id]: old, ...others } = banks[bank] ?? {};
    banks[bank] = entry ? { ...others, [id]: entry } : others;
    if (isEmpty({ bank: banks[bank] })) delete banks[bank];
    if (!entry && old) before[bank] = { ...before[bank], [id]: old };
    if (entry && given(entry) !== given(old)) before = {};
  }

  const listAll = (table) =>
    Object.entries(table).flatMap(([bank, entries]) =>
      Object.entries(entries).map(([id, entry]) => [bank, id, entry]),
    );

  // Graded entries join what is here; of two the one with more points wins. How many are taken?
  function merge(entries) {
    let taken;
    change(() => {
      taken = 0;
      for (const [bank, id, entry] of entries) {
        const own = banks[bank]?.[id];
        if (own?.answer.some(Boolean) && own.points >= entry.points) continue;
        taken++;
        put(bank, id, entry);
      }
    });
    return taken;
  }

  // Only what can be seen here: another tab may just have answered more.
  function clear() {
    const seen = listAll(banks);
    change(() => {
      seen.forEach(([bank, id]) => put(bank, id));
      aside = [];
    });
  }

  function undo() {
    change(() => {
      for (const [bank, entries] of Object.entries(before))
        banks[bank] = { ...banks[bank], ...entries };
      before = {};
    });
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
  addEventListener("storage", ({ key: of }) => [KEY, BESIDE, ASIDE, null].includes(of) && change());
  addEventListener("pageshow", ({ persisted }) => persisted && change());

  const progress = {
    get: (bank, id) => structuredClone(banks[bank]?.[id]),
    put(bank, id, entry) {
      const copy = structuredClone(entry);
      change(() => put(bank, id, copy));
    },
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
    trouble: () => trouble, // why nothing is kept beyond this page
    // For the panel on Home.
    lessons,
    tally,
    read,
    listAll,
    merge,
    clear,
    undo,
    written: () => written({ unreadable: aside.length ? aside : undefined }),
    isEmpty: () => isEmpty(banks),
    canUndo: () => !isEmpty(before),
    hasAside: () => aside.length > 0,
    hasNewer: () => key === BESIDE,
    address: (page) => new URL(document.documentElement.dataset.content_root + page, location.href),
    // Shows something now and after every change.
    show(update) {
      update();
      return progress.on(update);
    },
  };
  window.bigimgProgress = progress;
  // Without them on paper either: see print.css.
  progress.show(() => document.documentElement.toggleAttribute("data-solutions-hidden", hidden));

  /** @type {NodeListOf<HTMLAnchorElement>} */
  const links = document.querySelectorAll("nav.bd-links a");
  for (const link of links) {
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
