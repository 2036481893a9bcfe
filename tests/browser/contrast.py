"""How well text can be told from its ground, computed in the page."""

# The lowest WCAG 2.1 contrast among the texts in an element, and that text.
CONTRAST = """(form) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const rgb = (grounds) => {
    context.clearRect(0, 0, 1, 1);
    for (const color of grounds) { context.fillStyle = color; context.fillRect(0, 0, 1, 1); }
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const luminance = (color) => color
    .map((part) => part / 255)
    .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const found = [];
  for (const element of form.querySelectorAll("*")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!(own || element.matches("input")) || !element.checkVisibility()) continue;
    const grounds = [];
    for (let node = element; node; node = node.parentElement)
      grounds.unshift(getComputedStyle(node).backgroundColor);
    const ground = luminance(rgb(grounds));
    const text = luminance(rgb([...grounds, getComputedStyle(element).color]));
    const ratio = (Math.max(ground, text) + 0.05) / (Math.min(ground, text) + 0.05);
    found.push([ratio, element.textContent]);
  }
  return found.sort(([a], [b]) => a - b)[0];
}"""
