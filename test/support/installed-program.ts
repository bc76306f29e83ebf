import { findCommand } from '../../src/sandbox/command.ts';
import { installPackages } from '../../src/sandbox/packages.ts';

/** Path of a command of this machine; the Debian package of the same name is installed when it is not there. */
export async function installedProgram(name: string): Promise<string> {
  if (findCommand(name) === null) await installPackages([name], say);
  const path = findCommand(name);
  if (path === null) throw new Error(`there is no "${name}", and it could not be installed`);
  return path;
}

function say(line: string): void {
  process.stderr.write(`tests: ${line}\n`);
}
