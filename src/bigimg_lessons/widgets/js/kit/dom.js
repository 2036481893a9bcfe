// Elements of a page, the state that they show, and the forms that change it.

// Only the focused element's own word counts, so what can be focused says it.
const TAKES_KEYS = /^(a|button|input|select|summary|textarea)$/;

/** Make an element; where it takes keys, JupyterLab does not take them for its shortcuts. */
export function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (TAKES_KEYS.test(tag) || attributes.tabindex) node.dataset.lmSuppressShortcuts = "true";
  node.append(...children);
  return node;
}

/** An id that nothing else on the page has: uniqueId("bz") -> "bz-k3j5x0". */
export const uniqueId = (prefix) => `${prefix}-${Math.random().toString(36).slice(2)}`;

/**
 * What has the focus around a node, in the page or in the shadow root that the node is in.
 * @returns {HTMLElement}
 */
export const activeElement = (node) => node.getRootNode().activeElement;

/** Set traits of an anywidget model, and send them together. */
export function put(model, changes) {
  for (const [name, value] of Object.entries(changes)) model.set(name, value);
  model.save_changes();
}

/**
 * Send a form when Enter is pressed in one of its fields. Not left to the browser: inside a cell,
 * JupyterLab cancels what Enter does there.
 */
export function submitOnEnter(form, fields = "input") {
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || !event.target.matches(fields)) return;
    event.preventDefault();
    form.requestSubmit();
  });
}
