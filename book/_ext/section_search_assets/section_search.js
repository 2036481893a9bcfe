// Results of the search lead to sections, and show what is said there. Sphinx names pages, with an
// excerpt that may begin in the contents or in the code of a cell.
(() => {
  const MOST = 3; // sections of one page
  const LENGTH = 200; // characters of an excerpt
  const BEFORE = 70; // of them before the word that was found
  const NO_PROSE =
    ".headerlink, script, style, nav, .just-ideas, .cell, .highlight, .toctree-wrapper, .bigimg-solutions, .sig";

  const make = (name, text = "") =>
    Object.assign(document.createElement(name), { textContent: text });
  const clean = (text) => text.replace(/\s+/g, " ").trim();

  /** The text around the first of some words, cut between words. */
  function excerpt(text, words) {
    const lower = text.toLowerCase();
    const found = words.map((word) => lower.indexOf(word)).filter((at) => at >= 0);
    const at = found.length ? Math.max(Math.min(...found) - BEFORE, 0) : 0;
    const start = at && text.indexOf(" ", at) + 1;
    const end = start + LENGTH < text.length ? text.lastIndexOf(" ", start + LENGTH) : text.length;
    return `${start ? "… " : ""}${text.slice(start, end)}${end < text.length ? " …" : ""}`;
  }

  /** What a section says itself, apart from the sections in it, and how well it fits. */
  function described(section, words) {
    const parts = [...section.children];
    const heading = parts.find((part) => /^h\d$/.test(part.localName));
    const prose = parts.filter((part) => part !== heading && part.localName !== "section");
    const text = clean(prose.map((part) => part.textContent).join(" "));
    const title = clean(heading?.textContent ?? "");
    const count = (where) => words.filter((word) => where.toLowerCase().includes(word)).length;
    return { id: section.id, title, text, fits: 3 * count(title) + count(text) };
  }

  function listOf(sections, words) {
    const list = make("ul");
    list.className = "context";
    for (const { id, title, text } of sections) {
      const link = make("a", title);
      link.dataset.section = id;
      const item = make("li");
      item.append(link, make("p", excerpt(text, words)));
      list.append(item);
    }
    // The address of the page is that of the result in which the list is about to be placed.
    queueMicrotask(() => {
      const page = list.closest("li:has(> ul)")?.querySelector("a")?.getAttribute("href");
      for (const link of list.querySelectorAll("a")) link.href = `${page}#${link.dataset.section}`;
    });
    return list;
  }

  Search.makeSearchSummary = (html, keywords, anchor) => {
    const main = new DOMParser().parseFromString(html, "text/html").querySelector("[role=main]");
    if (!main) return make("p");
    for (const part of main.querySelectorAll(NO_PROSE)) part.remove();
    for (const block of main.querySelectorAll("dd, dt, li, p, td, th")) block.append(" ");
    const words = [...keywords].map((word) => word.toLowerCase());
    const named = anchor && main.querySelector(anchor);
    if (named) {
      const isTerm = named.localName === "dt";
      const text = isTerm
        ? clean(named.nextElementSibling?.textContent ?? "")
        : described(named, words).text;
      const summary = make("p", excerpt(text, words));
      summary.className = "context";
      // The result itself is only called "Glossary".
      if (isTerm) summary.prepend(make("strong", clean(named.textContent)), ": ");
      return summary;
    }
    const sections = [...main.querySelectorAll("section[id]")].map((one) => described(one, words));
    const best = sections.filter(({ fits }) => fits).sort((a, b) => b.fits - a.fits);
    // A word may stand in what a cell shows and nowhere else. Sphinx fails where there is nothing.
    return listOf(best.length ? best.slice(0, MOST) : sections.slice(0, 1), words);
  };
})();
