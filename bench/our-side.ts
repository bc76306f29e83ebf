import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

import type { SideAnswer, SideCommand, SideOptions } from './git-side.ts';

/** Our side: a process that keeps the repository open. */
export class OurSide {
  readonly #child: ChildProcess;

  constructor(options: SideOptions) {
    const file = new URL('git-side.ts', import.meta.url);
    this.#child = fork(file, [JSON.stringify(options)], { execArgv: ['--import', 'tsx'] });
  }

  async ask(command: SideCommand): Promise<SideAnswer> {
    this.#child.send(command);
    const [answer] = (await once(this.#child, 'message')) as [SideAnswer];
    return answer;
  }

  async end(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }
}
