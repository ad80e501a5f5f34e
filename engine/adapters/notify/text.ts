/**
 * Texts within the limits of services.
 *
 * Owns: cutting without breaking a character. May not: know a service.
 */

/** At most `most` UTF-16 units, which is what services count; never half a character. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const end = most - 1;
  const unit = text.charCodeAt(end - 1);
  return `${text.slice(0, unit >= 0xd800 && unit <= 0xdbff ? end - 1 : end)}…`;
}

/** At most `most` bytes of UTF-8. */
export function cutBytes(text: string, most: number): string {
  let shown = cut(text, most);
  while (Buffer.byteLength(shown) > most)
    shown = cut(shown, Math.min(shown.length - 1, Math.floor(shown.length * 0.9)));
  return shown;
}

export function whole({ title, text }: { readonly title: string; readonly text: string }): string {
  return text === "" ? title : `${title}\n${text}`;
}
