import type { ServiceSpec } from '../model/application.ts';
import type { DriftValue } from '../model/drift.ts';
import { fileStamps, isWritable, keyOfStamp, readStamps } from '../model/file-stamps.ts';
import type { ObservedContainer } from '../model/observation.ts';
import type { FieldDifference } from './field-difference.ts';

/** The files that a container was given, where they are not those of its service: only stamps are compared, and shown. */
export function compareGivenFiles(
  service: ServiceSpec,
  { labels }: ObservedContainer,
): readonly FieldDifference[] {
  const given = readStamps(labels);
  const wanted = fileStamps(service.container);
  const targets = [...new Set([...Object.keys(wanted), ...Object.keys(given)])].toSorted();
  return targets
    .filter((target) => wanted[target] !== given[target])
    .map((target) => ({
      path: pathOfFile(service, target),
      desired: words(wanted[target]),
      observed: words(given[target]),
    }));
}

/** The files of a container that somebody has altered since. */
export function compareAlteredFiles(
  service: ServiceSpec,
  { labels, altered = {} }: ObservedContainer,
): readonly FieldDifference[] {
  const given = readStamps(labels);
  return Object.keys(altered)
    .toSorted()
    .map((target) => ({
      path: pathOfFile(service, target),
      desired: words(given[target]),
      observed: words(altered[target]),
    }));
}

/** Where the manifest speaks of the file at a target. */
function pathOfFile({ origins }: ServiceSpec, target: string): string {
  const kinds = ['volumes', 'configs', 'secrets'];
  const kind = kinds.find((each) => Object.hasOwn(origins, `${each}.${target}`));
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
