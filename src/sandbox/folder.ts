import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

import { UsageError } from '../model/errors.ts';
import type { SandboxLayout } from './layout.ts';
import { processStart } from './processes.ts';

/** Who is bringing up the fleet in a folder. */
export interface Starter {
  readonly pid: number;
  /** See `processStart`. */
  readonly start: string;
}

/** A tool that outlived whoever started it may still be writing. */
const patience = { maxRetries: 10, retryDelay: 50 } as const;

/**
 * Takes a folder for a sandbox, making it if need be. Only one caller can have it: the folder `engines` is the claim.
 *
 * @throws UsageError when the folder cannot serve
 */
export function claimFolder(layout: SandboxLayout): void {
  const { dir, engines } = layout;
  const refuse = (reason: string): never => {
    throw new UsageError(`Cannot bring up a fleet in "${dir}": ${reason}`);
  };
  // The engines' file system glues paths together with these, and their hosts have a /run of their own.
  if (/[:,]/.test(dir))
    refuse('the path of the folder must not contain ":" or ","; choose another');
  if (/^\/run(\/|$)/.test(dir)) refuse('hosts cannot see folders below /run; choose another');
  if (existsSync(engines)) {
    refuse('a fleet is there already, or what is left of one; take it down first');
  }
  for (const file of [layout.fleetFile, layout.credentials]) {
    if (existsSync(file))
      refuse(`"${file}" exists and would be overwritten; choose another folder`);
  }
  const created = mkdirSync(dir, { recursive: true });
  mkdirSync(engines, { mode: 0o700 });
  if (created !== undefined) writeFileSync(createdMark(layout), created);
  const starter: Starter = { pid: process.pid, start: processStart(process.pid) ?? '' };
  writeFileSync(starterFile(layout), JSON.stringify(starter));
}

/** Says that the fleet is up and nobody is bringing it up any more. */
export function endClaim(layout: SandboxLayout): void {
  rmSync(starterFile(layout), { force: true });
}

/** Who is bringing up the fleet at this moment; null when nobody is, or not any more. */
export function readStarter(layout: SandboxLayout): Starter | null {
  try {
    const starter = JSON.parse(readFileSync(starterFile(layout), 'utf8')) as Starter;
    return processStart(starter.pid) === starter.start ? starter : null;
  } catch {
    return null;
  }
}

/** Writes a file that others read: it is there as a whole, or not at all. */
export function publishFile(layout: SandboxLayout, path: string, content: string): void {
  const staging = join(layout.engines, 'staging');
  writeFileSync(staging, content);
  renameSync(staging, path);
}

/** Removes a `fleet.yaml` that a sandbox wrote, and leaves one that somebody else did. */
export function removeFleetFile(layout: SandboxLayout): void {
  const text = existsSync(layout.fleetFile) ? readFileSync(layout.fleetFile, 'utf8') : '';
  if (text.startsWith(`name: ${layout.fleetName}\n`)) rmSync(layout.fleetFile);
}

/** Removes the engines' folder, and then the folders that `claimFolder` made, as far as nothing else is in them. */
export function releaseFolder(layout: SandboxLayout): void {
  const mark = createdMark(layout);
  const created = existsSync(mark) ? readFileSync(mark, 'utf8') : null;
  // The mark goes last: if this is cut short, the next try still knows what to do.
  for (const name of existsSync(layout.engines) ? readdirSync(layout.engines) : []) {
    const path = join(layout.engines, name);
    if (path !== mark) rmSync(path, { recursive: true, force: true, ...patience });
  }
  rmSync(layout.engines, { recursive: true, force: true, ...patience });
  if (created === null || !layout.dir.startsWith(created)) return;
  for (let folder = layout.dir; folder.length >= created.length; folder = dirname(folder)) {
    if (readdirSync(folder).length > 0) return;
    rmdirSync(folder);
  }
}

function createdMark(layout: SandboxLayout): string {
  return join(layout.engines, 'created');
}

function starterFile(layout: SandboxLayout): string {
  return join(layout.engines, 'starter.json');
}
