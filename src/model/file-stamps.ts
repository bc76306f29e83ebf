import type { ContainerSpec, FileSpec } from './container.ts';
import { deliveredMounts } from './delivered.ts';
import { digestOf } from './digest.ts';
import { label } from './labels.ts';
import { sealedWith } from './sealed.ts';

/** By target, what tells the content of a file or folder that was delivered from any other. */
export type FileStamps = Readonly<Record<string, string>>;

/** What a container may write to is not compared with what it got. */
const writableMark = '~';

export function fileStamps(spec: ContainerSpec): FileStamps {
  return Object.fromEntries(
    deliveredMounts(spec).map(({ target, kind, readOnly, files }) => {
      const stamp = kind === 'file' ? stampOfOne(files) : contentStamp(files);
      return [target, readOnly ? stamp : `${writableMark}${stamp}`];
    }),
  );
}

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

/** The label that says what a container was given, for it cannot be asked later. */
export function stampLabel(spec: ContainerSpec): Record<string, string> {
  const stamps = fileStamps(spec);
  return Object.keys(stamps).length === 0 ? {} : { [label.files]: JSON.stringify(stamps) };
}

/** Reads the label again; what somebody wrote in its place is no stamp. */
export function readStamps(labels: ContainerSpec['labels']): FileStamps {
  const text = labels[label.files];
  if (text === undefined) return {};
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
