// A shape in a sentence.

/** Numbers as Python writes a tuple: (12, 80, 96). @param {number[]} numbers */
export const tupleText = (numbers) => `(${numbers.join(", ")}${numbers.length === 1 ? "," : ""})`;
