// Types of voxels as NumPy names them: what a file may call them, and how many bytes they have.

/**
 * @typedef {object} Dtype
 * @property {string} name as NumPy's `dtype.name`
 * @property {number} itemSize bytes of a voxel
 */

// For each kind: the name's beginning, and the sizes in bytes that there are.
/** @type {Map<string, [begin: string, sizes: number[]]>} */
const KINDS = new Map(
  Object.entries({
    i: ["int", [1, 2, 4, 8]],
    u: ["uint", [1, 2, 4, 8]],
    f: ["float", [2, 4, 8, 16]],
    c: ["complex", [8, 16, 32]],
  }),
);
// Kinds of any size: bytes of each unit, which the name counts in bits.
/** @type {Map<string, [begin: string, bytes: number]>} */
const FLEXIBLE = new Map(Object.entries({ S: ["bytes", 1], U: ["str", 4], V: ["void", 1] }));
// Other names, as on a system of 64 bits.
const ALIASES = new Map(
  Object.entries({
    bool: "b1",
    bool_: "b1",
    "?": "b1",
    b: "i1",
    byte: "i1",
    B: "u1",
    ubyte: "u1",
    h: "i2",
    short: "i2",
    H: "u2",
    ushort: "u2",
    i: "i4",
    intc: "i4",
    I: "u4",
    uintc: "u4",
    int: "i8",
    l: "i8",
    long: "i8",
    q: "i8",
    longlong: "i8",
    p: "i8",
    intp: "i8",
    uint: "u8",
    L: "u8",
    ulong: "u8",
    Q: "u8",
    ulonglong: "u8",
    P: "u8",
    uintp: "u8",
    e: "f2",
    half: "f2",
    f: "f4",
    single: "f4",
    float: "f8",
    d: "f8",
    double: "f8",
    g: "f16",
    longdouble: "f16",
    F: "c8",
    csingle: "c8",
    complex: "c16",
    D: "c16",
    cdouble: "c16",
    G: "c32",
    clongdouble: "c32",
    str: "U",
    bytes: "S",
    void: "V",
    object: "O",
  }),
);
for (const [kind, [begin, sizes]] of KINDS) {
  for (const size of sizes) ALIASES.set(`${begin}${8 * size}`, `${kind}${size}`);
}

/**
 * A type, by one of its names; null if NumPy has none of that name.
 *
 * @param {string} text such as "<u2", "uint16" or "M8[ns]"
 * @returns {Dtype | null}
 */
export function dtypeNamed(text) {
  const short = text.replace(/^datetime64/, "M8").replace(/^timedelta64/, "m8");
  const bare = short.replace(/^[<>|=]/, "");
  const code = ALIASES.get(short) ?? (bare.length === 1 ? ALIASES.get(bare) : undefined) ?? bare;
  const [, kind, digits, unit] = /^([a-zA-Z])(\d{0,6})((?:\[\w{1,8}\])?)$/.exec(code) ?? [];
  if (!kind) return null;
  const size = Number(digits);
  if ("Mm".includes(kind) && ["", "8"].includes(digits)) {
    return { name: `${kind === "M" ? "datetime" : "timedelta"}64${unit}`, itemSize: 8 };
  }
  if (unit) return null;
  if (kind === "b" && size === 1) return { name: "bool", itemSize: 1 };
  if (kind === "O" && ["", "8"].includes(digits)) return { name: "object", itemSize: 8 };
  if (FLEXIBLE.has(kind)) {
    const [begin, each] = FLEXIBLE.get(kind);
    const itemSize = size * each;
    return { name: itemSize ? `${begin}${8 * itemSize}` : begin, itemSize };
  }
  const [begin, sizes] = KINDS.get(kind) ?? ["", []];
  return sizes.includes(size) ? { name: `${begin}${8 * size}`, itemSize: size } : null;
}
