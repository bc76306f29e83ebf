import { StalledError } from '../model/errors.ts';
import type { GitProgram, GitService } from './judge-answer.ts';
import { complaintIn, protocolError } from './judge-answer.ts';
import { printable } from '../model/printable.ts';
import type { ProgramEnd } from './remote-program.ts';

const maxWords = 500;

const isMissing =
  /does not appear to be a git repository|not found|no such (file|path|repo)|does not exist|could not be found/i;
const isForbidden =
  /permission|denied|not (be )?(allowed|authori[sz]ed|granted)|forbidden|read.?only|access rights/i;
const noCommand = 127;

/** A program that ended before its answer was whole. */
export interface FailedProgram extends ProgramEnd {
  /** What it had answered until then. */
  readonly answered: Uint8Array;
  readonly service: GitService;
}

/** The error for it, by what it said in its answer or on stderr. */
export function programFailure(
  { code, words, answered, service }: FailedProgram,
  host: string,
  program: GitProgram,
): Error {
  const all = [complaintIn(answered) ?? '', words].filter((each) => each !== '').join('; ');
  const text = printable(all, maxWords);
  const said = text === '' ? '' : `: the server says ${JSON.stringify(text)}`;
  const what = program === 'upload-pack' ? 'read' : 'write to';
  if (code === noCommand) {
    return protocolError(host, `it has no git-${program}${said}. Install Git there`);
  }
  // Some servers hide what one may not read, and answer both with the same words.
  if (service === 'advertisement' && isMissing.test(text)) {
    return new StalledError(
      'RepositoryNotFound',
      `Cannot find the repository on ${host}${said}. Check the path, and that the key may ${what} it`,
    );
  }
  if (isForbidden.test(text)) {
    return new StalledError(
      'AuthenticationFailed',
      `Cannot ${what} the repository on ${host}${said}. Check that the key may ${what} this repository`,
    );
  }
  const status = code === undefined || code === 0 ? '' : `, exit status ${code}`;
  return protocolError(host, `the answer is cut after ${answered.length} bytes${status}${said}`);
}
