import { count } from './text.ts';

/** A part of a Markdown document that may be cut after any of its lines. */
export interface Block {
  readonly lines: readonly string[];
  /** What ends it, also when it is cut. */
  readonly close: readonly string[];
}

/**
 * As much of the blocks as there is room for, and a line that says what is left out.
 *
 * @param room in characters
 * @param whole where all of it can be seen
 */
export function fitBlocks(blocks: readonly Block[], room: number, whole: string): string {
  const shown: string[] = [];
  let left = room - cutNote(blocks.length, whole).length * 2;
  for (const [index, { lines, close }] of blocks.entries()) {
    const fixed = lengthOf(close);
    const taken = takeLines(lines, left - fixed);
    const isCut = taken.length < lines.length;
    // A heading alone says nothing.
    if (isCut && taken.length < 2) {
      shown.push(cutNote(blocks.length - index, whole));
      break;
    }
    shown.push(...taken);
    if (isCut) shown.push('', `… cut here: ${count(lines.length - taken.length, 'line')} more`);
    shown.push(...close);
    left -= lengthOf(taken) + fixed;
    if (isCut && index + 1 < blocks.length) {
      shown.push(cutNote(blocks.length - index - 1, whole));
    }
    if (isCut) break;
  }
  return shown.join('\n');
}

function takeLines(lines: readonly string[], room: number): readonly string[] {
  let used = 0;
  const end = lines.findIndex((line) => {
    used += line.length + 1;
    return used > room;
  });
  return end === -1 ? lines : lines.slice(0, end);
}

function lengthOf(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + line.length + 1, 0);
}

function cutNote(blocks: number, whole: string): string {
  return `… ${count(blocks, 'part')} more left out, since a comment may only be so long: ${whole} shows everything`;
}
