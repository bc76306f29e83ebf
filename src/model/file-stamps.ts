import type { ContainerSpec, FileSpec } from './container.ts';
import { deliveredMounts, liveFiles } from './delivered.ts';
import { digestOf } from './digest.ts';
import { label } from './labels.ts';
import { sealedWith } from './sealed.ts';

/** By target, what tells the content of a file or folder that was delivered from any other. */
export type FileStamps = Readonly<Record<string, string>>;

/** What a container may write to is not compared with what it got. */
const writableMark = '~';

/** The stamps of what a container has for good: of a folder, those of its files that do not change while it runs. */
export function fileStamps(spec: ContainerSpec): FileStamps {
  return Object.fromEntries(
    deliveredMounts(spec).flatMap(({ target, kind, readOnly, files }) => {
      const lasting = files.filter(({ onChange }) => onChange === undefined);
      if (kind === 'file' && lasting.length === 0) return [];
      const stamp = kind === 'file' ? stampOfOne(lasting) : contentStamp(lasting);
      return [[target, readOnly ? stamp : `${writableMark}${stamp}`]];
    }),
  );
}

/** By their paths, the stamps of the files that a running container takes in when they change. */
export function liveStamps(spec: Pick<ContainerSpec, 'files' | 'fileMounts'>): FileStamps {
  return Object.fromEntries(liveFiles(spec).map(({ target, file }) => [target, stampOf(file)]));
}

/** They are asked for at each decision, and the bytes are many. */
const stamps = new WeakMap<FileSpec, string>();

function stampOf(file: FileSpec): string {
  const known = stamps.get(file);
  if (known !== undefined) return known;
  const stamp = stampOfOne([file]);
  stamps.set(file, stamp);
  return stamp;
}

/** Stands for the stamp of a file that is being written, as long as the container has not been told of it. */
export const pendingStamp = 'pending';

/** The stamp of one file, wherever it stands. One of a secret names the key that it was sealed with. */
export function stampOfOne(files: readonly Pick<FileSpec, 'content' | 'sealed'>[]): string {
  const [file] = files;
  const content = file?.content ?? '';
  const stamp = contentStamp([{ target: '', content }]);
  return file?.sealed === true ? `${sealedWith(content)}/${stamp}` : stamp;
}

/** The stamp of a folder: names and bytes, but neither modes nor owners. */
export function contentStamp(files: readonly Pick<FileSpec, 'target' | 'content'>[]): string {
  return digestOf(files.map(({ target, content }) => [target, content])).slice(0, 16);
}

export function isWritable(stamp: string): boolean {
  return stamp.startsWith(writableMark);
}

/** The name of the key that a stamp of a secret was made with; empty for any other. */
export function keyOfStamp(stamp: string): string {
  return stamp.slice(0, Math.max(0, stamp.indexOf('/')));
}

/** The labels that say what a container was given, for it cannot be asked later, and that more may change. */
export function stampLabels(spec: ContainerSpec): Record<string, string> {
  const stamps = fileStamps(spec);
  return {
    ...(Object.keys(stamps).length === 0 ? {} : { [label.files]: JSON.stringify(stamps) }),
    ...(liveFiles(spec).length === 0 ? {} : { [label.live]: 'true' }),
  };
}

export function hasLiveFiles(labels: ContainerSpec['labels']): boolean {
  return labels[label.live] !== undefined;
}

/** Reads the label again. */
export function readStamps(labels: ContainerSpec['labels']): FileStamps {
  return parseStamps(labels[label.files] ?? '{}');
}

/** What somebody wrote in the place of stamps is none. */
export function parseStamps(text: string): FileStamps {
  try {
    const read: unknown = JSON.parse(text);
    if (typeof read !== 'object' || read === null) return {};
    const stamps = Object.entries(read).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    );
    return Object.fromEntries(stamps);
  } catch {
    return {};
  }
}
