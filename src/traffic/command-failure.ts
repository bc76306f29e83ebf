import type { CommandEnd } from '../fleet/fleet.ts';
import { printable } from '../model/printable.ts';

/** What is told to people of an output. */
const saidChars = 300;

/** Why the command that speaks to a proxy brought no answer. */
export function failureOf(command: readonly string[], { exitCode, output }: CommandEnd): string {
  const said = printable(output.toString().trim().split('\n').at(-1) ?? '', saidChars);
  const told = `"${command.join(' ')}" in its container ended with code ${exitCode}`;
  return said === '' ? told : `${told}: ${said}`;
}
