const pageWidth = 80;

/** Lines of a text that are too long for a page, although they could have been broken. */
export function overlong(text: string): readonly string[] {
  return text
    .split('\n')
    .filter((line) => line.length > pageWidth && line.trim().split(' ').length > 1);
}
