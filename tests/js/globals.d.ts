// What the compiler of TypeScript does not know of the pages: names that our own scripts set on
// window, and what only some browsers have.

interface Window {
  bigimgLessons?: any;
  bigimgProgress?: any;
  bigimgGrading?: any;
}

interface Navigator {
  connection?: { addEventListener?: Function; effectiveType?: string; saveData?: boolean };
}

// Of Sphinx, on the page of the search.
declare const Search: {
  makeSearchSummary(html: string, keywords: Set<string>, anchor: string): HTMLElement | null;
};

// Of a worker, and what its script h5wasm defines.
declare function importScripts(...addresses: string[]): void;
declare var h5wasm: any;
