import { EventEmitter } from 'node:events';

import { describe, expect, it } from 'vitest';

import type { Terminal } from '../../../src/cli/screen.ts';
import { Screen } from '../../../src/cli/screen.ts';

const escape = '\u001b';
const sequence = new RegExp(`${escape}\\[(\\?)?([0-9]*)([A-Za-z])|.`, 'gsu');

/** A terminal that understands what a screen sends: the cursor up, clearing below it, and two switches. */
class FakeTerminal extends EventEmitter {
  columns = 20;
  rows = 6;
  isCursorShown = true;
  isWrapping = true;
  #lines: string[] = [''];
  #row = 0;

  write(text: string): boolean {
    for (const [part, mark, number = '', letter] of text.matchAll(sequence)) {
      if (letter === undefined) this.#character(part);
      else if (mark === undefined) this.#move(letter, Number(number || '1'));
      else this.#switch(number, letter === 'h');
    }
    return true;
  }

  /** What is to be seen, from the first line ever written. */
  shown(): readonly string[] {
    return this.#lines.slice(0, this.#row + 1);
  }

  #character(text: string): void {
    if (text === '\r') return;
    if (text === '\n') {
      this.#row += 1;
      this.#lines[this.#row] ??= '';
      return;
    }
    this.#lines[this.#row] += text;
  }

  #move(letter: string, count: number): void {
    if (letter === 'A') this.#row = Math.max(0, this.#row - count);
    if (letter !== 'J') return;
    this.#lines = [...this.#lines.slice(0, this.#row), ''];
  }

  #switch(number: string, isOn: boolean): void {
    if (number === '25') this.isCursorShown = isOn;
    if (number === '7') this.isWrapping = isOn;
  }
}

function open(): { readonly terminal: FakeTerminal; readonly screen: Screen } {
  const terminal = new FakeTerminal();
  return { terminal, screen: new Screen(terminal as unknown as Terminal) };
}

describe('Screen', () => {
  it('draws in place, and never wraps a line', () => {
    const { terminal, screen } = open();

    screen.draw(['one', 'two', 'three']);
    expect(terminal.shown()).toEqual(['one', 'two', 'three', '']);
    screen.draw(['four']);

    expect(terminal.shown()).toEqual(['four', '']);
    expect([terminal.isCursorShown, terminal.isWrapping]).toEqual([false, true]);
    screen[Symbol.dispose]();
  });

  it('prints lines that stay above what is drawn', () => {
    const { terminal, screen } = open();
    screen.draw(['area']);

    screen.print('first');
    screen.print('second');

    expect(terminal.shown()).toEqual(['first', 'second', 'area', '']);
    screen[Symbol.dispose]();
  });

  it('keeps to the size of the terminal, and draws anew when that changes', () => {
    const { terminal, screen } = open();
    const lines = ['1', '2', '3', '4', '5', 'a line of thirty characters and'];

    screen.draw(lines);
    expect(terminal.shown()).toEqual(['1', '2', '3', '4', '… 2 more lines', '']);
    terminal.rows = 20;
    terminal.emit('resize');

    expect(terminal.shown()).toEqual(['1', '2', '3', '4', '5', 'a line of thirty cha', '']);
    screen[Symbol.dispose]();
  });

  it('takes its area away and gives the cursor back', () => {
    const { terminal, screen } = open();
    screen.print('stays');
    screen.draw(['goes']);
    const exits = process.listenerCount('exit');

    screen[Symbol.dispose]();

    expect(terminal.shown()).toEqual(['stays', '']);
    expect([terminal.isCursorShown, terminal.isWrapping]).toEqual([true, true]);
    expect(terminal.listenerCount('resize')).toBe(0);
    expect(process.listenerCount('exit')).toBe(exits - 1);
  });
});
