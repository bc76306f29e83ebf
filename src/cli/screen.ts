import { fitLines, visibleLength } from '../report/fit-lines.ts';

/** The part of a terminal's stream that is needed here. */
export type Terminal = Pick<NodeJS.WriteStream, 'write' | 'columns' | 'rows' | 'on' | 'off'>;

const hideCursor = '\u001b[?25l';
const showCursor = '\u001b[?25h';
/** What is too wide for a row is cut off instead of going on in the next one. */
const noWrap = '\u001b[?7l';
const wrap = '\u001b[?7h';
const clearBelow = '\u001b[J';

/**
 * An area at the bottom of a terminal that is drawn again and again in place, under lines that stay. Disposing of it takes
 * the area away and gives the cursor back; so does the end of the process, however it comes.
 */
export class Screen implements Disposable {
  readonly #terminal: Terminal;
  #lines: readonly string[] = [];
  #drawn: readonly string[] = [];

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    terminal.write(hideCursor);
    terminal.on('resize', this.#redraw);
    process.once('exit', this.#restore);
  }

  columns(): number {
    return this.#terminal.columns || 80;
  }

  /** Writes text above the area, where it stays. */
  print(text: string): void {
    this.#terminal.write(`${this.#eraser()}${text}\n`);
    this.#drawn = [];
    this.draw(this.#lines);
  }

  /** Replaces what the area shows, cut to the size of the terminal. */
  draw(lines: readonly string[]): void {
    this.#lines = lines;
    const size = { columns: this.columns(), rows: (this.#terminal.rows || 24) - 1 };
    const fitted = fitLines(lines, size);
    const text = fitted.map((line) => `${line}\n`).join('');
    this.#terminal.write(`${this.#eraser()}${noWrap}${text}${wrap}`);
    this.#drawn = fitted;
  }

  /** Goes to the beginning of the area and clears it. A terminal that became narrower has broken its lines. */
  #eraser(): string {
    const columns = this.columns();
    const rows = this.#drawn.map((line) => Math.max(1, Math.ceil(visibleLength(line) / columns)));
    const up = rows.reduce((sum, each) => sum + each, 0);
    return up === 0 ? '' : `\u001b[${up}A\r${clearBelow}`;
  }

  readonly #redraw = (): void => this.draw(this.#lines);

  readonly #restore = (): void => {
    this.#terminal.write(`${wrap}${showCursor}`);
  };

  [Symbol.dispose](): void {
    this.#terminal.off('resize', this.#redraw);
    process.off('exit', this.#restore);
    this.#terminal.write(this.#eraser());
    this.#drawn = [];
    this.#restore();
  }
}
