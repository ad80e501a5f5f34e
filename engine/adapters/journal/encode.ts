/**
 * Records to JSON text and back.
 *
 * Owns: how numbers survive that JSON cannot hold. NaN and the infinities are written as the strings `#NaN`,
 * `#Infinity` and `#-Infinity`; text that starts with `#` gets one more `#` in front, and reading takes it off again.
 * -0 is written as 0. May not know files.
 *
 * The usual record holds neither, and goes through plain JSON.stringify: a replacer costs several times as much.
 * JSON writes a non-finite number as `null`, so a text without `null` and without `"#` needs no second look.
 */
export function encode(value: unknown): string {
  const plain = JSON.stringify(value);
  return plain.includes("null") || plain.includes('"#') ? JSON.stringify(value, replacer) : plain;
}

export function decode(source: string): unknown {
  return source.includes('"#') ? JSON.parse(source, reviver) : JSON.parse(source);
}

function replacer(_key: string, value: unknown): unknown {
  if (typeof value === "number") return Number.isFinite(value) ? value : `#${value}`;
  return typeof value === "string" && value.startsWith("#") ? `#${value}` : value;
}

function reviver(_key: string, value: unknown): unknown {
  if (typeof value !== "string" || !value.startsWith("#")) return value;
  if (value === "#NaN") return NaN;
  if (value === "#Infinity") return Infinity;
  if (value === "#-Infinity") return -Infinity;
  return value.slice(1);
}
