import type { Fleet } from '../fleet/fleet.ts';
import type { ProxyGroup, TrafficChange } from '../model/traffic.ts';
import { failureOf } from './command-failure.ts';
import { canBeSaid, changeCommands, readCommands } from './haproxy-commands.ts';
import { parseAnswer } from './haproxy-answer.ts';
import type { ProxyAnswer, TrafficRouter } from './traffic-router.ts';

/** HAProxy cuts a longer line off; the answer has to fit no bound. */
const maxLineBytes = 12_000;

/**
 * HAProxy through its runtime API, which is reached by a command in its container: then no port is open to anybody, and who
 * may ask is whoever the engine lets in.
 */
export function haproxyRouter(
  fleet: Pick<Fleet, 'ask'>,
  { command, routes }: Pick<ProxyGroup, 'command' | 'routes'>,
): TrafficRouter {
  return {
    async ask({ host, container }, changes, signal): Promise<ProxyAnswer> {
      const sayable = changes.filter(canBeSaid);
      let said = sayable.length === changes.length ? '' : unsaid;
      let answer: ProxyAnswer = '';
      for (const line of linesOf(sayable, routes)) {
        const end = await fleet.ask(host, container, [...shell, line, ...command], signal);
        if (typeof end === 'string') return end;
        answer = parseAnswer(end.output.toString());
        if (typeof answer === 'string') {
          return end.exitCode === 0 ? answer : failureOf(command, end);
        }
        said = [said, answer.said].filter((each) => each !== '').join('; ');
      }
      return typeof answer === 'string' ? answer : { ...answer, said };
    },
  };
}

const unsaid = 'what has a name that is not one word for it was not said to it';

/** The first word after the script is what it hands over, the others are the command. */
const shell = ['sh', '-c', String.raw`printf '%s\n' "$0" | "$@"`];

/** Each ends with the reading of the state, so that an answer is never older than the changes. */
function linesOf(changes: readonly TrafficChange[], routes: string): readonly string[] {
  const reading = readCommands(routes).join('; ');
  const lines: string[] = [];
  let line: readonly string[] = [];
  for (const change of changes) {
    const commands = changeCommands(change, routes);
    const longer = [...line, ...commands];
    if (longer.join('; ').length > maxLineBytes) {
      lines.push([...line, reading].join('; '));
      line = commands;
    } else {
      line = longer;
    }
  }
  return [...lines, [...line, reading].join('; ')];
}
