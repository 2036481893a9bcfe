// Headers of marked tables become buttons: the first click sorts upwards, the second downwards, and
// the third one brings back the order of the file. Rows that are alike stay in that order.

/** The order of two texts of cells: numbers, then words, and last what is missing. */
const bigimgCellOrder = (() => {
  const FACTORS = {
    bytes: 1,
    byte: 1,
    B: 1,
    "%": 1,
    "×": 1,
    kB: 1e3,
    MB: 1e6,
    GB: 1e9,
    TB: 1e12,
    PB: 1e15,
    KiB: 2 ** 10,
    MiB: 2 ** 20,
    GiB: 2 ** 30,
    TiB: 2 ** 40,
    PiB: 2 ** 50,
    ns: 1e-9,
    µs: 1e-6,
    μs: 1e-6,
    ms: 1e-3,
    s: 1,
    min: 60,
    h: 3600,
  };
  const NUMBER =
    /^[~≈<>≤≥]?\s*([+−-]?)(\d{1,3}(?:[,\s]\d{3})+|\d+)((?:\.\d+)?(?:e[+-]\d+)?)\s*([a-zA-Zµμ%×]*)(?=$|[\s,;/(])/;
  const MISSING = /^[—–?-]?$/;
  const words = new Intl.Collator("en", { numeric: true });

  /** What is compared: the kind of a text (0 number, 1 words, 2 missing), its number, its words. */
  function key(text) {
    const clean = text.trim();
    if (MISSING.test(clean)) return { kind: 2, number: 0, clean: "" };
    const found = NUMBER.exec(clean);
    if (!found) return { kind: 1, number: 0, clean };
    const [whole, sign, digits, decimals, unit] = found;
    const size = Number(digits.replace(/[,\s]/g, "") + decimals) * (FACTORS[unit] ?? 1);
    return {
      kind: 0,
      number: sign && sign !== "+" ? -size : size,
      clean: clean.slice(whole.length),
    };
  }

  /** Compare as Array.sort wants it; `way` is 1 for upwards and −1 for downwards. */
  return (one, other, way) => {
    const [a, b] = [key(one), key(other)];
    if (a.kind !== b.kind) return a.kind - b.kind;
    return way * (a.number - b.number || words.compare(a.clean, b.clean));
  };
})();

(() => {
  const WAYS = { ascending: 1, descending: -1 };
  const NEXT = { ascending: "descending", descending: null };

  /** A table that has one row of headers, and as many cells in each row. */
  function isPlain(table) {
    const headers = table.tHead?.rows[0]?.cells.length;
    const rows = [...table.rows];
    const whole = (cell) => cell.colSpan === 1 && cell.rowSpan === 1;
    return (
      table.tHead?.rows.length === 1 &&
      table.tBodies.length === 1 &&
      rows.every((row) => row.cells.length === headers && [...row.cells].every(whole))
    );
  }

  function makeSortable(table) {
    const body = table.tBodies[0];
    const original = [...body.rows];
    const headers = [...table.tHead.rows[0].cells];
    headers.forEach((header, column) => {
      if (!header.textContent.trim()) return;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort-button";
      button.append(...header.childNodes);
      header.append(button);
      button.addEventListener("click", () => {
        const now = header.getAttribute("aria-sort");
        const next = now ? NEXT[now] : "ascending";
        for (const one of headers) one.removeAttribute("aria-sort");
        if (next) header.setAttribute("aria-sort", next);
        const text = (row) => row.cells[column].textContent;
        const order = (a, b) => bigimgCellOrder(text(a), text(b), WAYS[next]);
        body.append(...(next ? [...original].sort(order) : original));
      });
    });
    table.classList.add("sortable-table");
  }

  for (const table of document.querySelectorAll(":is(.sortable, .tag_sortable) table")) {
    if (isPlain(table)) makeSortable(table);
  }
})();
