import type { ContainerSpec, FileMount, FileSpec, OnChange } from '../../model/container.ts';
import { isBelow, pathIn } from '../../model/delivered.ts';
import { atKey, child, isPresent, members, readText, readWith, type Cursor } from '../cursor.ts';
import { parseSignal } from '../scalars/signal.ts';
import { cleanPath } from '../scalars/volume.ts';

/** What a manifest says of a file in the container, or of all files below a folder. */
export interface OnChangeRule {
  readonly target: string;
  /** Null: another instance takes the place of what has it. */
  readonly onChange: OnChange | null;
  readonly place: Cursor;
}

/** The rules of a service, the most specific first. */
export function readOnChange(service: Cursor): readonly OnChangeRule[] {
  const written = child(service, 'x-fleetwright', 'onChange');
  if (!isPresent(written)) return [];
  if (readText(written) !== null) return [ruleOf('/', written)];
  return members(written)
    .map(([target, rule]) => ruleOf(cleanPath(target), atKey(rule), rule))
    .toSorted((a, b) => b.target.length - a.target.length);
}

function ruleOf(target: string, place: Cursor, value: Cursor = place): OnChangeRule {
  return { target, onChange: readOne(value), place };
}

function readOne(value: Cursor): OnChange | null {
  const word = readText(value);
  if (word === 'recreate') return null;
  if (word === 'restart') return { kind: 'restart' };
  const signal = readWith(child(value, 'signal'), parseSignal) ?? 'SIGHUP';
  return { kind: 'signal', signal };
}

/** The rule that holds for a file in the container. */
export function ruleFor(rules: readonly OnChangeRule[], path: string): OnChangeRule | undefined {
  return rules.find((rule) => covers(rule, path));
}

/** Whether a rule is of a file, or of a folder that it is in. */
export function covers({ target }: OnChangeRule, path: string): boolean {
  return path === target || isBelow(path, target);
}

type Delivered = Pick<ContainerSpec, 'files' | 'fileMounts'>;

/** The files of a service, each with what its rule says. */
export function withOnChange(delivered: Delivered, rules: readonly OnChangeRule[]): Delivered {
  if (rules.length === 0) return delivered;
  const { files, fileMounts } = delivered;
  const told = (file: FileSpec, path: string): FileSpec => {
    const onChange = ruleFor(rules, path)?.onChange ?? null;
    return onChange === null ? file : { ...file, onChange };
  };
  const mounted = fileMounts?.map((mount): FileMount => ({
    ...mount,
    files: mount.files.map((file) => told(file, pathIn(mount, file))),
  }));
  return {
    files: files.map((file) => told(file, file.target)),
    ...(mounted === undefined ? {} : { fileMounts: mounted }),
  };
}
