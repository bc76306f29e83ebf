import { child, complain, isPresent, items, readText, type Cursor } from '../cursor.ts';
import { formatPlace } from '../report.ts';
import { fileTarget } from '../resolve/file.ts';
import { mountTarget } from '../resolve/mount.ts';
import { cleanPath } from '../scalars/volume.ts';
import type { Rule } from './rule.ts';

/** Mounts are of a kind that can be made on a plain host, from a source that means something there. */
export const mountsAreSupported: Rule = ({ services }) => {
  for (const service of services.values()) {
    for (const mount of items(child(service, 'volumes'))) judgeMount(mount);
  }
};

/** Nothing is mounted or written over something else. */
export const targetsAreDistinct: Rule = ({ services }) => {
  for (const service of services.values()) {
    const seen = new Map<string, Cursor>();
    const mounts = items(child(service, 'volumes')).map(
      (item) => [mountTarget(item), item] as const,
    );
    const inMemory = tmpfsOf(service).map((item) => [tmpfsTarget(item), item] as const);
    const configs = items(child(service, 'configs')).map(
      (item) => [fileTarget(item, 'configs'), item] as const,
    );
    const secrets = items(child(service, 'secrets')).map(
      (item) => [fileTarget(item, 'secrets'), item] as const,
    );
    for (const [target, place] of [...inMemory, ...mounts, ...configs, ...secrets]) {
      if (target === null) continue;
      const first = seen.get(target);
      if (first === undefined) seen.set(target, place);
      else {
        const message = `"${target}" is already mounted at ${formatPlace(first.origin)}`;
        complain(place, 'duplicate-target', message);
      }
    }
  }
};

/** A text, or a list of them. */
function tmpfsOf(service: Cursor): readonly Cursor[] {
  const tmpfs = child(service, 'tmpfs');
  return tmpfs.node?.kind === 'scalar' ? [tmpfs] : items(tmpfs);
}

/** Options follow after a colon. */
function tmpfsTarget(item: Cursor): string | null {
  const text = readText(item);
  return text === null ? null : cleanPath(text.replace(/:.*$/s, ''));
}

function judgeMount(mount: Cursor): void {
  const type = child(mount, 'type');
  const kind = readText(type);
  const source = child(mount, 'source');
  const target = readText(child(mount, 'target'));
  if (kind === 'cluster' || kind === 'npipe') {
    complain(type, 'unsupported-value', `mounts of type "${kind}" are not supported yet`);
    return;
  }
  if (target === null) complain(mount, 'missing-key', 'a mount must have the key "target"');
  else if (!target.startsWith('/')) {
    complain(mount, 'invalid-value', `the target "${target}" is not an absolute path`);
  }
  if (kind === 'bind') judgeBind(mount, readText(source) ?? '');
  if (kind === 'tmpfs' && readText(source) !== null) {
    complain(source, 'invalid-value', 'a tmpfs has no source');
  }
  if (kind === 'image' && readText(source) === null) {
    complain(mount, 'missing-key', 'an image mount must have the key "source"');
  }
}

function judgeBind(mount: Cursor, source: string): void {
  const place = isPresent(child(mount, 'source')) ? child(mount, 'source') : mount;
  if (source === '') {
    complain(place, 'missing-key', 'a bind mount must have the key "source"');
  } else if (source.startsWith('~')) {
    complain(
      place,
      'unsupported-value',
      `"${source}" is in the home of whoever runs Compose, and an operator has none on the host`,
      'Write an absolute path of the host',
    );
  }
}
