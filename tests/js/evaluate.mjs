// Evaluates functions of front-end modules for tests/node.py: a request a line, an answer a line.
import { createInterface } from "node:readline";

const modules = new Map();

/** Refuse what JSON would turn into null without a word. */
function checked(key, value) {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new TypeError(`${key || "the result"} is ${value}, which JSON cannot carry`);
  }
  return value;
}

async function answer({ name, source, script, argument }) {
  if (source !== null) {
    const url = `data:text/javascript;base64,${Buffer.from(source).toString("base64")}`;
    modules.set(name, await import(url));
  }
  const exported = Object.entries(modules.get(name));
  const names = exported.map(([key]) => key);
  const evaluate = new Function(...names, `"use strict"; return (${script});`);
  const made = evaluate(...exported.map(([, value]) => value));
  const value = typeof made === "function" ? await made(argument) : await made;
  return JSON.stringify({ value: value ?? null }, checked);
}

for await (const line of createInterface({ input: process.stdin })) {
  let text;
  try {
    text = await answer(JSON.parse(line));
  } catch (error) {
    text = JSON.stringify({ error: String(error?.stack ?? error) });
  }
  process.stdout.write(`${text}\n`);
}
