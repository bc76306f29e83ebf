/** Longer texts are cut: they are to be seen, not to be read. */
const longestText = 300;

/** What Markdown, HTML or a code host could take for its own; kept is what stands in most names and paths. */
const meaningful = /[^\p{L}\p{N} .,/=;:+-]/gu;
/** What cannot be seen, or changes how what stands beside it is seen. */
const invisible = /[\p{C}\p{Zl}\p{Zp}]/gu;
/** Texts that Markdown makes a link of by themselves. */
const linkStart = /:(?=\/\/)|\.(?<=www\.)/giu;

/**
 * A text of others as code in Markdown, in a table too, that shows just this text: nothing in it is markup, a link, a mention
 * of somebody or a command. Character references do what backslashes cannot: they hold in tables and in HTML, and code hosts
 * look for mentions only outside of code.
 */
export function inertCode(text: string): string {
  const shown = text.length <= longestText ? text : `${text.slice(0, longestText)}… (cut)`;
  const inert = showInvisible(shown)
    .replaceAll(meaningful, referenceTo)
    .replaceAll(linkStart, referenceTo);
  return `<code>${inert === '' ? ' ' : inert}</code>`;
}

/** What cannot be seen, or turns the direction of what stands beside it, as its code. */
export function showInvisible(text: string): string {
  return text.replaceAll(invisible, escapeOf);
}

function escapeOf(character: string): string {
  if (character === '\n') return String.raw`\n`;
  return String.raw`\u{${codeOf(character)}}`;
}

function codeOf(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16);
}

function referenceTo(character: string): string {
  return `&#${character.codePointAt(0) ?? 0};`;
}
