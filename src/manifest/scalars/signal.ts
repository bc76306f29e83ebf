import { didYouMean } from '../suggest.ts';
import { malformed, parsed, type Parsed } from './parsed.ts';

const names: ReadonlySet<string> = new Set(
  (
    'HUP INT QUIT ILL TRAP ABRT BUS FPE USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT TSTP TTIN TTOU URG XCPU XFSZ ' +
    'VTALRM PROF WINCH IO PWR SYS'
  ).split(' '),
);

/** A signal that a program can take: `SIGHUP` or `HUP`, also `SIGRTMIN+1`. Gives the name with `SIG`. */
export function parseSignal(value: string | number): Parsed<string> {
  const bare = String(value).toUpperCase().replace(/^SIG/, '');
  if (bare === 'KILL' || bare === 'STOP') {
    return malformed(`no program can take the signal "${value}"`);
  }
  if (names.has(bare) || /^RTM(IN|AX)([+-]\d{1,2})?$/.test(bare)) return parsed(`SIG${bare}`);
  return malformed(`"${value}" is not the name of a signal${didYouMean(bare, names)}`);
}
