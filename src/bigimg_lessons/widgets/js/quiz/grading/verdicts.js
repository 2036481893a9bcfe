// What is said of a part of an answer.

/** @param {string | (string | undefined)[]} [say] sentences, some of which may be missing */
export const part = (verdict, say = "") => ({
  verdict,
  say: [say].flat().filter(Boolean).join(" "),
});
export const empty = part("empty", "Answer what you think; a guess is fine.");
export const almostIf = (almost, say) => part(almost ? "almost" : "wrong", say);
