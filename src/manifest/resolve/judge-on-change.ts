import type { ContainerSpec, FileMount, FileSpec } from '../../model/container.ts';
import { deliveredMounts, isBelow, pathIn, secretsFolder } from '../../model/delivered.ts';
import { child, complain, items, silent, type Cursor } from '../cursor.ts';
import { didYouMean } from '../suggest.ts';
import { mountTarget } from './mount.ts';
import { covers, ruleFor, type OnChangeRule } from './on-change.ts';
import { resolveTmpfs } from './tmpfs.ts';

type Delivered = Pick<ContainerSpec, 'files' | 'fileMounts'>;

/**
 * Each rule is of files that are delivered, and that a running container can take in.
 *
 * @param declared targets of all that the service asks for, also of what could not be read
 */
export function judgeOnChange(
  service: Cursor,
  delivered: Delivered,
  rules: readonly OnChangeRule[],
  declared: readonly string[],
): void {
  const mounts = deliveredMounts(delivered);
  const unread = declared.filter((target) => mounts.every((mount) => mount.target !== target));
  for (const rule of rules) {
    const own = mounts.flatMap((mount) =>
      mount.files
        .filter((file) => ruleFor(rules, pathIn(mount, file)) === rule)
        .map((file) => ({ mount, file })),
    );
    judgeAny(rule, mounts, unread);
    judgeWritable(rule, own);
    judgeSignal(rule, own, service);
  }
}

interface Covered {
  readonly mount: FileMount;
  readonly file: FileSpec;
}

function judgeAny(
  rule: OnChangeRule,
  mounts: readonly FileMount[],
  unread: readonly string[],
): void {
  const paths = mounts.flatMap((mount) => mount.files.map((file) => pathIn(mount, file)));
  if (paths.some((path) => covers(rule, path))) return;
  // What could not be read is reported already.
  if (unread.some((target) => covers(rule, target) || isBelow(rule.target, target))) return;
  const { target, place } = rule;
  const known = new Set([...paths, ...mounts.map((mount) => mount.target)]);
  complain(
    place,
    'undefined-file',
    target === '/'
      ? 'the service has no configs, secrets or relative binds that could change'
      : `no config, secret or relative bind of the service is at "${target}"${didYouMean(target, known)}`,
    'Name the path of a file in the container, or of a folder above it',
  );
}

function judgeWritable({ onChange, place }: OnChangeRule, own: readonly Covered[]): void {
  const writable = own.find(({ mount }) => !mount.readOnly);
  if (onChange === null || writable === undefined) return;
  complain(
    place,
    'conflicting-keys',
    `"${writable.mount.target}" cannot change in place: the container may write to it, and that would be lost`,
    'Mount it read-only (:ro), or set recreate for it',
  );
}

/** Who has a file bound by itself sees the old one until it is started anew. */
function judgeSignal(
  { onChange, place }: OnChangeRule,
  own: readonly Covered[],
  service: Cursor,
): void {
  if (onChange?.kind !== 'signal') return;
  const isOpen = hasMountsBelowSecrets(service);
  const hidden = own.find(
    ({ mount }) => mount.kind === 'file' && (isOpen || !isBelow(mount.target, secretsFolder)),
  );
  if (hidden === undefined) return;
  complain(
    place,
    'conflicting-keys',
    `a signal is of no use for "${hidden.mount.target}": a file that is mounted by itself shows a running container what it was`,
    'Mount the folder that it is in (./conf:/etc/app:ro), or set restart for it',
  );
}

/** Then the folder of secrets cannot be mounted as one. */
function hasMountsBelowSecrets(service: Cursor): boolean {
  const mounts = items(child(service, 'volumes')).map(mountTarget);
  const targets = [...mounts, ...Object.keys(resolveTmpfs(silent(service)))];
  return targets.some((target) => target === secretsFolder || isBelow(target ?? '', secretsFolder));
}
