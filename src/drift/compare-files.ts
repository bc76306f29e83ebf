import type { ServiceSpec } from '../model/application.ts';
import type { OnChange } from '../model/container.ts';
import { liveFiles } from '../model/delivered.ts';
import type { DriftValue } from '../model/drift.ts';
import {
  fileStamps,
  isWritable,
  keyOfStamp,
  liveStamps,
  readStamps,
} from '../model/file-stamps.ts';
import type { ObservedContainer } from '../model/observation.ts';
import { originAt } from '../model/origin.ts';
import type { FieldDifference } from './field-difference.ts';

/** The files that a container was given, where they are not those of its service: only stamps are compared, and shown. */
export function compareGivenFiles(
  service: ServiceSpec,
  { labels, told }: ObservedContainer,
): readonly FieldDifference[] {
  const given = { ...readStamps(labels), ...told };
  const wanted = { ...fileStamps(service.container), ...liveStamps(service.container) };
  const targets = [...new Set([...Object.keys(wanted), ...Object.keys(given)])].toSorted();
  return targets
    .filter((target) => wanted[target] !== given[target])
    .map((target) => ({
      path: pathOfFile(service, target),
      desired: words(wanted[target]),
      observed: words(given[target]),
    }));
}

/** The files that a container has for good and that somebody has altered since. */
export function compareAlteredFiles(
  service: ServiceSpec,
  { labels, altered = {}, told = {} }: ObservedContainer,
): readonly FieldDifference[] {
  const given = readStamps(labels);
  return Object.keys(altered)
    .filter((target) => told[target] === undefined)
    .toSorted()
    .map((target) => ({
      path: pathOfFile(service, target),
      desired: words(given[target]),
      observed: words(altered[target]),
    }));
}

/** A file that a running container takes in, and how. */
export interface LiveDifference extends FieldDifference {
  readonly target: string;
  readonly onChange: OnChange;
}

/** The files that a running container takes in, of which it was told something else, or that somebody has altered since. */
export function compareLiveFiles(
  service: ServiceSpec,
  { told, altered = {} }: ObservedContainer,
): readonly LiveDifference[] {
  if (told === undefined) return [];
  const wanted = liveStamps(service.container);
  return liveFiles(service.container).flatMap(({ target, onChange }) => {
    const known = told[target];
    const held = known === wanted[target] ? (altered[target] ?? known) : known;
    if (held === wanted[target]) return [];
    const path = pathOfFile(service, target);
    return [{ path, desired: words(wanted[target]), observed: words(held), target, onChange }];
  });
}

/** The paths of files that a running container takes in and that two versions of a service have with other contents. */
export function liveFilesBetween(from: ServiceSpec, to: ServiceSpec): readonly string[] {
  const before = liveStamps(from.container);
  return Object.entries(liveStamps(to.container))
    .filter(([target, stamp]) => before[target] !== stamp)
    .map(([target]) => pathOfFile(to, target));
}

/** Where the manifest speaks of the file at a target. */
function pathOfFile({ origins }: ServiceSpec, target: string): string {
  const kinds = ['volumes', 'configs', 'secrets'];
  const kind = kinds.find((each) => originAt(origins, `${each}.${target}`) !== undefined);
  return `${kind ?? 'files'}.${target}`;
}

/** The stamp of a secret is one of its seal, and tells the content to nobody without the key. */
function words(stamp: string | undefined): DriftValue {
  if (stamp === undefined) return null;
  if (!/[0-9a-f]{16}$/.test(stamp)) return stamp;
  const content = `content ${stamp.slice(-16, -4)}`;
  const key = keyOfStamp(stamp);
  const sealed = key === '' ? '' : `, sealed with key ${key}`;
  return isWritable(stamp) ? `${content}, writable` : `${content}${sealed}`;
}
