/** A text of somebody else in one line without control characters, cut at so many characters. */
export function printable(text: string, maxCharacters: number): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is taken out
  const words = text.replace(/[\u0000-\u0020\u007f-\u009f]+/g, ' ').trim();
  return words.length > maxCharacters ? `${words.slice(0, maxCharacters)}…` : words;
}
