/** A text of somebody else in one line without control characters, cut at so many characters. */
export function printable(text: string, maxCharacters: number): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is taken out
  const words = text.replace(/[\u0000-\u0020\u007f-\u009f]+/g, ' ').trim();
  return words.length > maxCharacters ? `${cutAt(words, maxCharacters)}…` : words;
}

/** The beginning of a text, without half of a character at its end: many who get that refuse all of it. */
export function cutAt(text: string, maxCharacters: number): string {
  return text.slice(0, maxCharacters).replace(/[\ud800-\udbff]$/, '');
}
