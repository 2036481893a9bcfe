// What a project takes, in words.

import { enoughGiB } from "../costs/blocks.js";
import { formatBytes, formatNumber, formatSeconds, plural } from "../kit/text.js";

const amount = (bytes) => formatBytes(bytes, { decimal: true });

const BINDING = {
  read: "Reading binds",
  compute: "Computing binds",
  write: "Writing binds",
  disk: "The disk or line that both share binds",
};

/** Money: 0.004 -> "less than 0.01 USD". */
export function money(value, currency) {
  if (value > 0 && value < 0.01) return `less than 0.01 ${currency}`;
  const digits = value === 0 || value >= 1000 ? 0 : 2;
  const text = value.toLocaleString("en", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return `${text} ${currency}`;
}

/** Two times in words, once if they are written alike. */
export function between(low, high) {
  const [from, to] = [formatSeconds(low), formatSeconds(high)];
  return from === to ? from : `${from} to ${to}`;
}

/** The sentence that is read aloud. */
export const headline = ({ convert, verify }) =>
  `${between(convert.at_least, convert.at_most)} to convert. ${BINDING[convert.binding]}. Then ` +
  `${between(verify.at_least, verify.at_most)} to verify.`;

/** The rows of times: what is done, requests, bytes, and how long it takes alone. */
export function timeRows({ convert, verify, gets, read, objects, stored, ...found }) {
  const row = (what, requests, bytes, time) => [
    what,
    requests === null ? "–" : formatNumber(requests),
    bytes === null ? "–" : amount(bytes),
    formatSeconds(time),
  ];
  return [
    row("Read the original", gets, read, convert.read),
    row("Decode, average, encode", null, null, convert.compute),
    row("Write the result", objects, stored, convert.write),
    row("Verify: read both, compare", found.verify_gets, found.verify_read, verify.at_most),
  ];
}

const PIECES = { strips: "strip", tiles: "tile", chunks: "chunk" };

// How often each piece of the original is read, and what to do about it.
function readsSentence({ conversion }, { reads, block_shape: block, needed }) {
  const piece = PIECES[conversion.source_kind];
  const blocks = `A worker takes blocks of ${block.slice(2).map(formatNumber).join(" × ")} voxels`;
  if (reads === 1) return `${blocks}: each ${piece} of the original is read once.`;
  const often = formatNumber(Number(reads.toPrecision(3)));
  return (
    `${blocks}: each ${piece} of the original is read ${often} times on average. With ` +
    `${enoughGiB(needed)} of memory it would be read once.`
  );
}

function memorySentence({ workforce }, { held, threads }) {
  const sentence = `Each worker holds up to ${formatBytes(held)}`;
  if (threads === workforce.threads) return `${sentence}, in ${plural(threads, "thread")}.`;
  return (
    `${sentence}: the memory has room for ${formatNumber(threads)} of ` +
    `${formatNumber(workforce.threads)} threads. The others can only help to encode.`
  );
}

/** What else to know, a sentence or two for each. */
export function facts(project, found) {
  const { convert, verify, stored, source_bytes: original } = found;
  return [
    readsSentence(project, found.rechunking),
    memorySentence(project, found.rechunking),
    `The result has ${plural(found.levels, "level")} in ${formatNumber(found.objects)} files or ` +
      `objects, ${amount(stored)}. So much must be free beside the original.`,
    `The original (${amount(original)}) may be deleted when every voxel was compared and a second ` +
      `copy of the result exists on other storage: not before ` +
      `${formatSeconds(convert.at_most + verify.at_most)}, if all goes well.`,
  ];
}

/** The rows of a bill: what is paid, and how much; none if nothing costs anything. */
export function billRows({ prices: { currency } }, { bill }) {
  const rows = [
    ["Once: requests that write", bill.puts],
    ["Once: requests that read", bill.gets],
    ["Once: bytes that leave the network", bill.egress],
    ["Once, together", bill.once],
    ["A month: the result is kept", bill.storing],
    ["A month: people read it", bill.reading],
    ["A month, together", bill.monthly],
    ["A month, until it is deleted: the original", bill.original],
  ];
  if (rows.every(([, value]) => value === 0)) return [];
  return rows.map(([what, value]) => [what, money(Number(value), currency)]);
}

/** Where the prices are from. */
export function pricesSentence({ prices: { name, source, date } }) {
  const when = date ? `, read on ${date}` : "";
  return `Prices: ${name}. ${source}${when}. They change: enter those of your provider, of today.`;
}
