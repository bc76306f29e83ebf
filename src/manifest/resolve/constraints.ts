import type { Constraint } from '../../model/application.ts';
import { child, complain, items, readText, readTextWith, type Cursor } from '../cursor.ts';
import { parseConstraint, parseSpread } from '../scalars/constraint.ts';

/** Placement constraints in the order written; before them those that the platform of the service means. */
export function resolveConstraints(service: Cursor): readonly Constraint[] {
  const written = items(child(service, 'deploy', 'placement', 'constraints')).flatMap((item) => {
    const constraint = readTextWith(item, parseConstraint);
    const text = readText(item) ?? '';
    return constraint === null ? [] : [{ ...constraint, text, origin: item.origin }];
  });
  return [...resolvePlatform(child(service, 'platform')), ...written];
}

/** Names of the kernel for what the engine calls otherwise. */
const aliases: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64' };

/** Only a host of the platform runs its images; the variant of an architecture is left to the engine. */
function resolvePlatform(cursor: Cursor): readonly Constraint[] {
  const platform = readText(cursor) ?? '';
  if (platform === '') return [];
  const [, os, architecture] = /^([a-z]+)\/([a-z0-9_]+)(?:\/[a-z0-9]+)?$/.exec(platform) ?? [];
  if (os !== 'linux' || architecture === undefined) {
    const message = `"${platform}" is not a platform: expected linux/ARCHITECTURE, such as linux/arm64`;
    complain(cursor, 'invalid-value', message);
    return [];
  }
  const common = { operator: '==', text: `platform: ${platform}`, origin: cursor.origin } as const;
  return [
    { ...common, key: 'node.platform.os', value: os },
    { ...common, key: 'node.platform.arch', value: aliases[architecture] ?? architecture },
  ];
}

/** Keys of the labels over whose values slots are spread, the first before the others. */
export function resolveSpread(service: Cursor): readonly string[] {
  const preferences = items(child(service, 'deploy', 'placement', 'preferences'));
  return preferences.flatMap((item) => readTextWith(child(item, 'spread'), parseSpread) ?? []);
}
